import { render } from "preact";
import type { Settings } from "../html.ts";
import { App } from "./app.tsx";
import { Client } from "./client.ts";
import { Playground } from "./playground.tsx";
import { createState } from "./state.ts";

/** What the page carries, by the ids of its elements: bytes in base64, and text. */
function carried(id: string): string {
  return document.getElementById(id)!.textContent!;
}

function bytesOf(id: string): ArrayBuffer {
  const binary = atob(carried(id));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

async function start(root: HTMLElement): Promise<void> {
  const client = new Client(carried("engine"));
  const [relaxed, strict] = [bytesOf("relaxed"), bytesOf("strict")];
  await client.ask("kernels", { relaxed, strict }, [relaxed, strict]);
  const settings = JSON.parse(carried("settings")) as Settings;
  if (settings.page === "playground") {
    root.replaceChildren();
    render(<Playground client={client} />, root);
    return;
  }
  const model = bytesOf("model");
  const facts = await client.ask("load", { model }, [model]);
  root.replaceChildren();
  render(<App state={createState(client, facts, settings.sentence)} />, root);
}

const root = document.getElementById("page")!;
start(root).catch((error: unknown) => {
  const paragraph = document.createElement("p");
  paragraph.role = "alert";
  paragraph.textContent = error instanceof Error ? error.message : String(error);
  root.replaceChildren(paragraph);
});
