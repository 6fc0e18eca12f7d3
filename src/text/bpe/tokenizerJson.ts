import { damaged, flag, list, record, show, text, tokensById } from "../jsonFields.ts";
import { type TokenizerJSON, tokenizerFrame } from "../tokenizerJson.ts";
import { SPECIAL_TOKENS, Vocabulary } from "../vocabulary.ts";
import type { AddedToken } from "./addedTokens.ts";
import type { BpeModelSettings } from "./model.ts";

/** Everything a BPE tokenizer is made of; the parts other than the model as `tokenizer.json` has them. */
export interface BpeParts {
  readonly vocabulary: Vocabulary;
  /** Those that are looked for in text; special tokens are not. */
  readonly addedTokens: readonly AddedToken[];
  readonly model: BpeModelSettings;
  readonly normalizer: object | null;
  readonly preTokenizer: object | null;
  readonly decoder: object | null;
  /** Of no use here, as BEGIN and END are the model's to add; kept for those who read the file elsewhere. */
  readonly postProcessor: object | null;
}

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
    added_tokens: [...frame.added_tokens, ...parts.addedTokens.map(addedTokenJSON)].sort(
      (a, b) => a.id - b.id,
    ),
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
  const added = list(root.added_tokens ?? [], "added_tokens", file).map((token) =>
    parseAddedToken(token, file),
  );
  const vocabulary = parseVocabulary(model.vocab, added, unknown, file);
  return {
    vocabulary,
    // One that has become BEGIN, END or the unknown token is not looked for in text either.
    addedTokens: added.filter(({ id, isSpecial }) => !isSpecial && !vocabulary.isSpecial(id)),
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
  added: readonly ParsedAddedToken[],
  unknown: string,
  file: string | undefined,
): Vocabulary {
  const ids = new Map(Object.entries(record(vocab, "model.vocab", file)));
  for (const { content, id } of added) ids.set(content, id);
  const tokens = tokensById(ids, file);
  const [unkId, bosId, eosId] = findSpecial(tokens, unknown).map((token) => tokens.indexOf(token));
  const others = added.filter(({ isSpecial }) => isSpecial).map(({ id }) => id);
  return new Vocabulary(tokens, { unkId: unkId!, bosId: bosId!, eosId: eosId!, others });
}

interface ParsedAddedToken extends AddedToken {
  readonly isSpecial: boolean;
}

function parseAddedToken(json: unknown, file: string | undefined): ParsedAddedToken {
  const token = record(json, "an entry of added_tokens", file);
  const content = text(token.content, "content of an entry of added_tokens", file);
  if (typeof token.id !== "number") {
    damaged(`the added token ${show(content)} has the id ${show(token.id)}, expected a whole number`, file);
  }
  const isSet = (name: string, usual: boolean): boolean =>
    flag(token[name], `${name} of the added token ${show(content)}`, file, usual);
  const isSpecial = isSet("special", false);
  return {
    content,
    id: token.id,
    isSpecial,
    normalized: isSet("normalized", !isSpecial),
    singleWord: isSet("single_word", false),
    lstrip: isSet("lstrip", false),
    rstrip: isSet("rstrip", false),
  };
}

function addedTokenJSON({ id, content, singleWord, lstrip, rstrip, normalized }: AddedToken) {
  return { id, content, single_word: singleWord, lstrip, rstrip, normalized, special: false };
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
