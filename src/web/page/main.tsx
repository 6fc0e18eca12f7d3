import { render } from "preact";
import type { Settings } from "../html.ts";
import { App } from "./app.tsx";
import { carried, loadModel, startEngine, startPage } from "./carried.ts";
import { Playground } from "./playground.tsx";
import { createState } from "./state.ts";

startPage(async (root) => {
  const client = await startEngine();
  const settings = JSON.parse(carried("settings")) as Exclude<Settings, { readonly page: "report" }>;
  if (settings.page === "playground") {
    root.replaceChildren();
    render(<Playground client={client} />, root);
    return;
  }
  const facts = await loadModel(client, settings);
  root.replaceChildren();
  render(<App state={createState(client, facts, settings.sentence)} />, root);
});
