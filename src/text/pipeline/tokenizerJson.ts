import { BpeModel } from "../bpe/model.ts";
import { damaged, flag, list, record, show, text, tokensById, unsupported } from "../jsonFields.ts";
import { type TokenizerJSON, tokenizerFrame } from "../tokenizerJson.ts";
import { SPECIAL_TOKENS, Vocabulary } from "../vocabulary.ts";
import type { AddedToken } from "./addedTokens.ts";
import type { TokenModel } from "./model.ts";
import { SPECIAL_NAMES } from "./specialNames.ts";
import { UnigramModel } from "./unigramModel.ts";
import { WordLevelModel } from "./wordLevelModel.ts";
import { WordPieceModel } from "./wordPieceModel.ts";

/** Everything a pipeline is made of; the parts other than the model as `tokenizer.json` has them. */
export interface PipelineParts<M extends TokenModel = TokenModel> {
  readonly vocabulary: Vocabulary;
  /** Those that are looked for in text; special tokens are not. */
  readonly addedTokens: readonly AddedToken[];
  readonly model: M;
  readonly normalizer: object | null;
  readonly preTokenizer: object | null;
  readonly decoder: object | null;
  /** Of no use here, as BEGIN and END are the model's to add; kept for those who read the file elsewhere. */
  readonly postProcessor: object | null;
}

/** The fields of a part of `tokenizer.json`. */
type Fields = Readonly<Record<string, unknown>>;

/** The tokenizer as Hugging Face's `tokenizer.json`. */
export function pipelineJSON(parts: PipelineParts): TokenizerJSON {
  const frame = tokenizerFrame(parts.vocabulary);
  return {
    ...frame,
    added_tokens: [...frame.added_tokens, ...parts.addedTokens.map(addedTokenJSON)].sort(
      (a, b) => a.id - b.id,
    ),
    post_processor: parts.postProcessor,
    model: parts.model.toJSON(),
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    decoder: parts.decoder,
  };
}

/**
 * Reads a `tokenizer.json`, ours or made by Hugging Face's `tokenizers`. BEGIN, END and the unknown token are those of
 * the file by their usual names; one it does not have is appended. Special tokens are never looked for in text.
 * Truncation, padding and the model's own dropout are settings of another program's runs and left aside.
 *
 * @throws XformerError CHECKPOINT naming what is wrong or not supported; the parts' own settings are checked by
 *   those who make them
 */
export function parsePipelineJSON(root: Readonly<Record<string, unknown>>, file?: string): PipelineParts {
  const model = record(root.model, "model", file);
  const added = list(root.added_tokens ?? [], "added_tokens", file).map((token) =>
    parseAddedToken(token, file),
  );
  const tokens = parseTokens(model, file);
  const vocabulary = vocabularyOf(tokens, added, file);
  return {
    vocabulary,
    // One that has become BEGIN, END or the unknown token is not looked for in text either.
    addedTokens: added.filter(({ id, isSpecial }) => !isSpecial && !vocabulary.isSpecial(id)),
    model: parseModel(model, tokens, vocabulary, file),
    normalizer: optionalRecord(root.normalizer, "normalizer", file),
    preTokenizer: optionalRecord(root.pre_tokenizer, "pre_tokenizer", file),
    decoder: optionalRecord(root.decoder, "decoder", file),
    postProcessor: optionalRecord(root.post_processor, "post_processor", file),
  };
}

function parseModel(
  model: Fields,
  { scores }: ModelTokens,
  vocabulary: Vocabulary,
  file: string | undefined,
): TokenModel {
  switch (model.type) {
    case "BPE":
      return parseBpe(model, vocabulary, file);
    case "Unigram": {
      const byteFallback = flag(model.byte_fallback, "model.byte_fallback", file, false);
      const settings = { scores, byteFallback, isSentencePiece: isOfSentencePiece(model, file) };
      return new UnigramModel(vocabulary, settings, file);
    }
    case "WordPiece":
      return parseWordPiece(model, vocabulary, file);
    case "WordLevel":
      return new WordLevelModel(vocabulary);
    default:
      return unsupported(`model.type ${show(model.type)}`, "BPE, Unigram, WordPiece and WordLevel", file);
  }
}

function parseBpe(model: Fields, vocabulary: Vocabulary, file: string | undefined): BpeModel {
  const prefix = model.continuing_subword_prefix;
  const suffix = model.end_of_word_suffix;
  const settings = {
    merges: list(model.merges, "model.merges", file).map((merge) => parseMerge(merge, file)),
    hasUnknown: optionalText(model.unk_token, "model.unk_token", file) !== "",
    fuseUnknown: flag(model.fuse_unk, "model.fuse_unk", file, false),
    byteFallback: flag(model.byte_fallback, "model.byte_fallback", file, false),
    ignoreMerges: flag(model.ignore_merges, "model.ignore_merges", file, false),
    continuingSubwordPrefix: optionalText(prefix, "model.continuing_subword_prefix", file),
    endOfWordSuffix: optionalText(suffix, "model.end_of_word_suffix", file),
    isSentencePiece: isOfSentencePiece(model, file),
  };
  return new BpeModel(vocabulary, settings, file);
}

function parseWordPiece(model: Fields, vocabulary: Vocabulary, file: string | undefined): WordPieceModel {
  const { continuing_subword_prefix: prefix, max_input_chars_per_word: longest } = model;
  if (typeof longest !== "number") {
    damaged(`model.max_input_chars_per_word is ${show(longest)}, expected a whole number`, file);
  }
  const continuingSubwordPrefix = text(prefix, "model.continuing_subword_prefix", file);
  return new WordPieceModel(vocabulary, { continuingSubwordPrefix, longestWord: longest }, file);
}

/** Whether a model says that it was one of SentencePiece's: see `sentencePiece/tokenizerJson.ts`. */
function isOfSentencePiece({ xformer }: Fields, file: string | undefined): boolean {
  if (xformer === undefined) return false;
  const { kind } = record(xformer, "model.xformer", file);
  if (kind !== "sentencepiece")
    damaged(`model.xformer.kind is ${show(kind)}, expected "sentencepiece"`, file);
  return true;
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

/** What a model says of its tokens. */
interface ModelTokens {
  readonly ids: Map<string, unknown>;
  /** The logarithms of their probabilities, for a unigram model. */
  readonly scores: readonly number[];
  /** Which of them is the unknown token; empty when there is none. */
  readonly unknown: string;
}

function parseTokens(model: Fields, file: string | undefined): ModelTokens {
  if (model.type === "Unigram") return parseScoredTokens(model, file);
  const unknown = optionalText(model.unk_token, "model.unk_token", file);
  return { ids: new Map(Object.entries(record(model.vocab, "model.vocab", file))), scores: [], unknown };
}

function parseScoredTokens(model: Fields, file: string | undefined): ModelTokens {
  const ids = new Map<string, number>();
  const scores = list(model.vocab, "model.vocab", file).map((entry, id) => {
    const [token, score] = Array.isArray(entry) ? entry : [];
    if (typeof token !== "string" || typeof score !== "number") {
      return damaged(`model.vocab has ${show(entry)}, expected a token and its score`, file);
    }
    if (ids.has(token)) damaged(`model.vocab has ${show(token)} twice`, file);
    ids.set(token, id);
    return score;
  });
  const { unk_id: id = null } = model;
  const unknown = id === null ? "" : typeof id === "number" ? [...ids.keys()][id] : undefined;
  if (unknown === undefined) damaged(`model.unk_id is ${show(id)}, expected an id of model.vocab`, file);
  return { ids, scores, unknown };
}

function vocabularyOf(
  { ids, unknown }: ModelTokens,
  added: readonly ParsedAddedToken[],
  file: string | undefined,
): Vocabulary {
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
  const [unknownNames, ...others] = SPECIAL_NAMES;
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
