import { widened } from "../half.ts";
import type { ModelFacts } from "../protocol.ts";
import { Client } from "./client.ts";

/** What the page carries, by the ids of its elements: bytes in base64, and text. */
export function carried(id: string): string {
  return document.getElementById(id)!.textContent!;
}

function bytesOf(id: string): Uint8Array<ArrayBuffer> {
  const binary = atob(carried(id));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** The engine that the page carries, with its kernels. */
export async function startEngine(): Promise<Client> {
  const client = new Client(carried("engine"));
  const [{ buffer: relaxed }, { buffer: strict }] = [bytesOf("relaxed"), bytesOf("strict")];
  const threads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  await client.ask("kernels", { relaxed, strict, threads }, [relaxed, strict]);
  return client;
}

/** Gives the engine the model that the page carries. */
export function loadModel(client: Client, { half }: { readonly half: boolean }): Promise<ModelFacts> {
  const bytes = bytesOf("model");
  const { buffer: model } = half ? widened(bytes) : bytes;
  return client.ask("load", { model }, [model]);
}

/** Starts the page; what goes wrong is shown instead of it. */
export function startPage(start: (root: HTMLElement) => Promise<void>): void {
  const root = document.getElementById("page")!;
  start(root).catch((error: unknown) => {
    const paragraph = document.createElement("p");
    paragraph.role = "alert";
    paragraph.textContent = error instanceof Error ? error.message : String(error);
    root.replaceChildren(paragraph);
  });
}
