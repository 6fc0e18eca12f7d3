import { render } from "preact";
import { App } from "./app.tsx";
import { Client } from "./client.ts";
import { createState } from "./state.ts";

/** What the page carries, by the ids of its elements: bytes in base64, and text. */
function carried(id: string): string {
  return document.getElementById(id)!.textContent!;
}

function bytesOf(id: string): ArrayBuffer {
  const binary = atob(carried(id));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

const root = document.getElementById("page")!;
try {
  const client = new Client(carried("engine"));
  const [model, relaxed, strict] = await Promise.all([
    bytesOf("model"),
    bytesOf("relaxed"),
    bytesOf("strict"),
  ]);
  const facts = await client.ask("load", { model, relaxed, strict }, [model, relaxed, strict]);
  const { sentence } = JSON.parse(carried("settings")) as { readonly sentence: string };
  root.replaceChildren();
  render(<App state={createState(client, facts, sentence)} />, root);
} catch (error) {
  const paragraph = document.createElement("p");
  paragraph.role = "alert";
  paragraph.textContent = error instanceof Error ? error.message : String(error);
  root.replaceChildren(paragraph);
}
