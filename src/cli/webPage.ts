import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { encodeParts } from "../io/safetensorsFormat.ts";
import { floatsIn } from "../model/parameters.ts";
import { Transformer } from "../model/transformer.ts";
import type { RunReport } from "../report/runReport.ts";
import { type Checkpoint, metadataOf } from "../training/checkpointFormat.ts";
import { halfBytes } from "../web/half.ts";
import { pageHtml, type Settings } from "../web/html.ts";

/** Tokens of a sentence that is made up because nobody gave one. */
const MADE_UP_TOKENS = 5;

/** What a page holds of a model. */
export interface ModelInPage {
  readonly checkpoint: Checkpoint;
  /** Whether its weights, which are then half floats in value, are half floats in the page too. */
  readonly half: boolean;
}

/**
 * The explorer with a model inside, as one HTML file.
 *
 * @param sentence what it begins with; by default some of the source's most frequent tokens
 */
export function explorerPage(model: ModelInPage, sentence = madeUpSentence(model.checkpoint)): string {
  const { sourceLanguage, targetLanguage } = model.checkpoint;
  const title = `xformer · ${sourceLanguage} → ${targetLanguage}`;
  return builtPage(title, "page", { page: "explorer", sentence, half: model.half }, model);
}

/** The page that trains, as one HTML file. */
export function playgroundPage(): string {
  return builtPage("xformer playground", "page", { page: "playground" });
}

/**
 * The report of one run or of several, as one HTML file.
 *
 * @param inside the model to look into, and the sentence to begin with; without one there is no explorer
 */
export function reportPage(
  report: RunReport,
  inside: (ModelInPage & { readonly sentence: string }) | null,
): string {
  const explorer = inside && { sentence: inside.sentence, half: inside.half };
  return builtPage(report.title, "report", { page: "report", report, explorer }, inside);
}

/** The characters that a model takes in a page. */
export function sizeInPage({ model }: Pick<Checkpoint, "model">): number {
  const floats = new Transformer(model).parameters.list.reduce((sum, { shape }) => sum + floatsIn(shape), 0);
  return Math.ceil((floats * Float32Array.BYTES_PER_ELEMENT) / 3) * 4;
}

/** The sentence that a report's explorer begins with: one that the report is about, or else one that is made up. */
export function sentenceOf({ run }: RunReport, checkpoint: Checkpoint): string {
  return run?.samples[0]?.source ?? run?.heldOut?.best[0]?.source ?? madeUpSentence(checkpoint);
}

/** A sentence of the source's most frequent tokens. */
export function madeUpSentence({ sourceTokenizer }: Checkpoint): string {
  const { vocabulary } = sourceTokenizer;
  const ids = vocabulary.tokens.flatMap((_, id) => (vocabulary.isSpecial(id) ? [] : [id]));
  return sourceTokenizer.decode(ids.slice(0, MADE_UP_TOKENS));
}

/** @param model what the engine is to compute with; null for a page that needs none */
function builtPage(
  title: string,
  program: "page" | "report",
  settings: Settings,
  model: ModelInPage | null | undefined = undefined,
): string {
  const built = (name: string): Buffer => readFileSync(new URL(`../${name}`, import.meta.url));
  const computing =
    model === null
      ? { engine: "", relaxed: "", strict: "" }
      : {
          engine: built("web/engine.js").toString(),
          relaxed: built("kernels/relaxed.unshared.wasm").toString("base64"),
          strict: built("kernels/strict.unshared.wasm").toString("base64"),
        };
  const parts = {
    title,
    page: built(`web/${program}.js`).toString(),
    style: built("web/style.css").toString(),
    ...computing,
    model: model ? Buffer.concat(weightsOf(model)).toString("base64") : "",
    settings,
  };
  return pageHtml(parts, (text) => createHash("sha256").update(text).digest("base64"));
}

/** The checkpoint without what only training needs. */
function weightsOf({ checkpoint, half }: ModelInPage): Uint8Array[] {
  const { list } = new Transformer(checkpoint.model).parameters;
  const tensors = list.map(({ name }) => ({ name, ...checkpoint.tensors.get(name)! }));
  const parts = encodeParts(tensors, metadataOf(checkpoint), crc32);
  return half ? [...parts.slice(0, -tensors.length), ...tensors.map(({ data }) => halfBytes(data))] : parts;
}
