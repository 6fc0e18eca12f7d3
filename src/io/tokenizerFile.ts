import { readFileSync } from "node:fs";
import { fileSystemError, XformerError } from "../errors.ts";
import { refuseOtherTokens } from "../text/pipeline/postProcessor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { tokenizerFromJSON, tokenizerFromSentencePiece } from "../text/tokenizerKinds.ts";

/** What a SentencePiece model begins with, and no JSON: its first field, which is a message, and the length of that. */
const FIRST_PIECE = 0x0a;

/**
 * Reads a `tokenizer.json`, ours or one that Hugging Face's `tokenizers` wrote, or a SentencePiece model.
 *
 * @throws XformerError IO when the file cannot be read, CHECKPOINT when it holds no such tokenizer, or one that adds more
 *   to a text than BEGIN and END
 */
export function readTokenizer(file: string): Tokenizer {
  const bytes = read(file);
  if (bytes[0] === FIRST_PIECE && !/^\s*[{[]/.test(bytes.toString("utf8", 0, 64))) {
    return tokenizerFromSentencePiece(bytes, file);
  }
  const json = parse(bytes, file);
  refuseOtherTokens((json as { post_processor?: unknown } | null)?.post_processor, file);
  return tokenizerFromJSON(json, file);
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw fileSystemError(cause, file);
  }
}

function parse(bytes: Buffer, file: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw fileSystemError(cause, file);
    const hint = "Name a tokenizer.json, as `xformer tokenizer learn` writes it, or a SentencePiece model.";
    throw new XformerError("CHECKPOINT", "this is neither JSON nor a SentencePiece model", {
      file,
      hint,
      cause,
    });
  }
}
