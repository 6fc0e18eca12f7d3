import { readFileSync } from "node:fs";
import { fileSystemError, XformerError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { tokenizerFromJSON } from "../text/tokenizerKinds.ts";

/**
 * Reads a `tokenizer.json`, ours or one with a BPE model that Hugging Face's `tokenizers` wrote.
 *
 * @throws XformerError IO when the file cannot be read, CHECKPOINT when it holds no such tokenizer
 */
export function readTokenizer(file: string): Tokenizer {
  return tokenizerFromJSON(parse(file), file);
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw fileSystemError(cause, file);
    const hint = "Name a tokenizer.json, as `xformer tokenizer learn` writes it.";
    throw new XformerError("CHECKPOINT", "this is not JSON", { file, hint, cause });
  }
}
