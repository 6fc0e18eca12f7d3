import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { encodeParts } from "../io/safetensorsFormat.ts";
import { Transformer } from "../model/transformer.ts";
import { type Checkpoint, metadataOf } from "../training/checkpointFormat.ts";
import { pageHtml, type Settings } from "../web/html.ts";

/** Tokens of a sentence that is made up because nobody gave one. */
const MADE_UP_TOKENS = 5;

/**
 * The explorer with a model inside, as one HTML file.
 *
 * @param sentence what it begins with; by default some of the source's most frequent tokens
 */
export function explorerPage(checkpoint: Checkpoint, sentence = madeUp(checkpoint)): string {
  const title = `xformer · ${checkpoint.sourceLanguage} → ${checkpoint.targetLanguage}`;
  const model = Buffer.concat(weightsOf(checkpoint)).toString("base64");
  return builtPage(title, { page: "explorer", sentence }, model);
}

/** The page that trains, as one HTML file. */
export function playgroundPage(): string {
  return builtPage("xformer playground", { page: "playground" });
}

function builtPage(title: string, settings: Settings, model = ""): string {
  const built = (name: string): Buffer => readFileSync(new URL(`../${name}`, import.meta.url));
  const parts = {
    title,
    page: built("web/page.js").toString(),
    engine: built("web/engine.js").toString(),
    style: built("web/style.css").toString(),
    relaxed: built("kernels/relaxed.unshared.wasm").toString("base64"),
    strict: built("kernels/strict.unshared.wasm").toString("base64"),
    model,
    settings,
  };
  return pageHtml(parts, (text) => createHash("sha256").update(text).digest("base64"));
}

/** The checkpoint without what only training needs. */
function weightsOf(checkpoint: Checkpoint): Uint8Array[] {
  const { list } = new Transformer(checkpoint.model).parameters;
  const tensors = list.map(({ name }) => ({ name, ...checkpoint.tensors.get(name)! }));
  return encodeParts(tensors, metadataOf(checkpoint), crc32);
}

function madeUp({ sourceTokenizer }: Checkpoint): string {
  const { vocabulary } = sourceTokenizer;
  const ids = vocabulary.tokens.flatMap((_, id) => (vocabulary.isSpecial(id) ? [] : [id]));
  return sourceTokenizer.decode(ids.slice(0, MADE_UP_TOKENS));
}
