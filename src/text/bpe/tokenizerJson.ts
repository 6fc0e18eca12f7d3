import { damaged, flag, list, record, show, text, tokensById, unsupported } from "../jsonFields.ts";
import { type TokenizerJSON, tokenizerFrame } from "../tokenizerJson.ts";
import { SPECIAL_TOKENS, Vocabulary } from "../vocabulary.ts";
import type { BpeModelSettings } from "./model.ts";
import type { BpeParts } from "./tokenizer.ts";

/** What the unknown token, BEGIN and END are called in vocabularies made elsewhere, the usual name first. */
const NAMES: readonly (readonly string[])[] = [
  ["<unk>", "[UNK]", "<|unk|>"],
  ["<s>", "[BOS]", "<bos>", "<|startoftext|>", "<|begin_of_text|>", "[CLS]"],
  ["</s>", "[EOS]", "<eos>", "<|endoftext|>", "<|end_of_text|>", "[SEP]"],
];

/** The tokenizer as Hugging Face's `tokenizer.json`, in which all tokens are in the model's vocabulary. */
export function bpeTokenizerJSON(parts: BpeParts): TokenizerJSON {
  const { vocabulary, model } = parts;
  const frame = tokenizerFrame(vocabulary);
  return {
    ...frame,
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    post_processor: parts.postProcessor,
    decoder: parts.decoder,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: model.hasUnknown ? vocabulary.token(vocabulary.unkId) : null,
      continuing_subword_prefix: model.continuingSubwordPrefix || null,
      end_of_word_suffix: model.endOfWordSuffix || null,
      fuse_unk: model.fuseUnknown,
      byte_fallback: model.byteFallback,
      ignore_merges: model.ignoreMerges,
      vocab: frame.model.vocab,
      merges: model.merges,
    },
  };
}

/**
 * Reads a `tokenizer.json` with a BPE model, ours or made by Hugging Face's `tokenizers`. BEGIN, END and the
 * unknown token are those of the file by their usual names; one it does not have is appended. Special tokens are
 * never looked for in text. Truncation, padding and the model's own dropout are settings of another program's
 * runs and left aside.
 *
 * @throws XformerError CHECKPOINT naming what is wrong or not supported; the parts' own settings are checked by
 *   those who make them
 */
export function parseBpeJSON(root: Readonly<Record<string, unknown>>, file?: string): BpeParts {
  const model = record(root.model, "model", file);
  const unknown = optionalText(model.unk_token, "model.unk_token", file);
  const vocabulary = parseVocabulary(model.vocab, root.added_tokens, unknown, file);
  return {
    vocabulary,
    model: parseModel(model, unknown !== "", file),
    normalizer: optionalRecord(root.normalizer, "normalizer", file),
    preTokenizer: optionalRecord(root.pre_tokenizer, "pre_tokenizer", file),
    decoder: optionalRecord(root.decoder, "decoder", file),
    postProcessor: optionalRecord(root.post_processor, "post_processor", file),
  };
}

function parseModel(
  model: Readonly<Record<string, unknown>>,
  hasUnknown: boolean,
  file: string | undefined,
): BpeModelSettings {
  const prefix = model.continuing_subword_prefix;
  const suffix = model.end_of_word_suffix;
  return {
    merges: list(model.merges, "model.merges", file).map((merge) => parseMerge(merge, file)),
    hasUnknown,
    fuseUnknown: flag(model.fuse_unk, "model.fuse_unk", file, false),
    byteFallback: flag(model.byte_fallback, "model.byte_fallback", file, false),
    ignoreMerges: flag(model.ignore_merges, "model.ignore_merges", file, false),
    continuingSubwordPrefix: optionalText(prefix, "model.continuing_subword_prefix", file),
    endOfWordSuffix: optionalText(suffix, "model.end_of_word_suffix", file),
  };
}

/** Merges are pairs, or in older files two tokens with a space between them. */
function parseMerge(merge: unknown, file: string | undefined): [left: string, right: string] {
  const [left, right, ...more] = Array.isArray(merge)
    ? merge
    : typeof merge === "string"
      ? merge.split(" ")
      : [];
  if (typeof left === "string" && typeof right === "string" && more.length === 0) return [left, right];
  return damaged(`model.merges has ${show(merge)}, expected two tokens`, file);
}

function parseVocabulary(
  vocab: unknown,
  added: unknown,
  unknown: string,
  file: string | undefined,
): Vocabulary {
  const ids = new Map(Object.entries(record(vocab, "model.vocab", file)));
  const special: string[] = [];
  for (const json of list(added ?? [], "added_tokens", file)) {
    const token = record(json, "an entry of added_tokens", file);
    const content = text(token.content, "content of an entry of added_tokens", file);
    if (!flag(token.special, "special of an entry of added_tokens", file, false)) {
      unsupported(`the added token ${show(content)}, which is no special token,`, "special tokens", file);
    }
    ids.set(content, token.id);
    special.push(content);
  }
  const tokens = tokensById(ids, file);
  const named = findSpecial(tokens, unknown);
  const [unkId, bosId, eosId] = named.map((token) => tokens.indexOf(token)) as [number, number, number];
  return new Vocabulary(tokens, {
    unkId,
    bosId,
    eosId,
    others: special.map((token) => tokens.indexOf(token)),
  });
}

/** The unknown token, BEGIN and END of the vocabulary; those it does not have are appended to it. */
function findSpecial(tokens: string[], unknown: string): string[] {
  const present = new Set(tokens);
  const [unknownNames, ...others] = NAMES;
  const found: string[] = [];
  for (const names of [[unknown, ...unknownNames!], ...others]) {
    // <|endoftext|> may serve as the unknown token too; but no text may become END.
    const isOther = (name: string): boolean => others.some((each) => each !== names && each.includes(name));
    found.push(names.find((name) => name !== "" && present.has(name) && !isOther(name)) ?? "");
  }
  return found.map((name, index) => {
    if (name !== "") return name;
    const token = SPECIAL_TOKENS[index]!;
    tokens.push(token);
    return token;
  });
}

function optionalText(value: unknown, name: string, file: string | undefined): string {
  return value === null || value === undefined ? "" : text(value, name, file);
}

function optionalRecord(value: unknown, name: string, file: string | undefined): object | null {
  return value === null || value === undefined ? null : record(value, name, file);
}
