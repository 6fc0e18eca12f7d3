import { signal } from "@preact/signals";
import { render } from "preact";
import type { ReportSettings } from "../html.ts";
import { carried, loadModel, startEngine, startPage } from "./carried.ts";
import { ReportPage } from "./report.tsx";
import { createState, type State } from "./state.ts";

startPage(async (root) => {
  const { report, explorer } = JSON.parse(carried("settings")) as ReportSettings;
  const inside = signal<State | undefined>(undefined);
  root.replaceChildren();
  render(<ReportPage report={report} explorer={explorer === null ? undefined : inside} />, root);
  if (explorer === null) return;
  // What there is to read is there at once; the model comes when it is loaded.
  const client = await startEngine();
  const facts = await loadModel(client, explorer);
  inside.value = createState(client, facts, explorer.sentence);
});
