import { XformerError } from "../errors.ts";
import { BpeLearner } from "./bpe/learner.ts";
import { CharLearner, CharTokenizer } from "./charTokenizer.ts";
import { damaged, record, show, tokensById } from "./jsonFields.ts";
import { PipelineTokenizer } from "./pipeline/tokenizer.ts";
import { parsePipelineJSON } from "./pipeline/tokenizerJson.ts";
import { sentencePieceJSON } from "./sentencePiece/tokenizerJson.ts";
import { parseTags, TaggedLearner, TaggedTokenizer } from "./taggedTokenizer.ts";
import { checkTags } from "./tags.ts";
import type { Tokenizer, TokenizerKind, TokenizerLearner, TokenizerOptions } from "./tokenizer.ts";
import { SPECIAL_TOKENS, Vocabulary } from "./vocabulary.ts";
import { WordLearner, type WordSettings, WordTokenizer } from "./wordTokenizer.ts";

/** Every {@link TokenizerKind}. */
const TOKENIZER_KINDS: readonly TokenizerKind[] = ["word", "char", "bpe"];

/** @throws XformerError CONFIG when an option is out of range */
export function createTokenizerLearner(options: TokenizerOptions): TokenizerLearner {
  const { tags = [] } = options;
  checkTags(tags);
  const learner = createLearner(options);
  return tags.length === 0 ? learner : new TaggedLearner(learner, tags);
}

function createLearner(options: TokenizerOptions): TokenizerLearner {
  const normalization = { language: options.language, lowercase: options.lowercase ?? false };
  switch (options.kind) {
    case "word":
      return new WordLearner(normalization, options);
    case "char":
      return new CharLearner(normalization, options);
    case "bpe":
      return new BpeLearner(normalization, options);
    default:
      throw new XformerError("CONFIG", `there is no tokenizer "${String(options.kind)}"`, {
        hint: `Choose one of ${TOKENIZER_KINDS.join(", ")}.`,
      });
  }
}

/**
 * Learns a tokenizer from text.
 *
 * @param lines the text, read once
 * @throws XformerError CONFIG when an option is out of range or leaves the vocabulary empty
 *
 * @example
 * const tokenizer = learnTokenizer(["我很好。", "你好吗？"], { kind: "word", language: "zh" });
 * tokenizer.decode(tokenizer.encode("我很好。")); // 我很好。
 */
export function learnTokenizer(lines: Iterable<string>, options: TokenizerOptions): Tokenizer {
  const learner = createTokenizerLearner(options);
  for (const line of lines) learner.add(line);
  return learner.finish();
}

/**
 * Reads back what {@link Tokenizer.toJSON} gave, or a `tokenizer.json` that Hugging Face's `tokenizers` wrote.
 *
 * @param json the parsed JSON
 * @param file where it came from, for the error message
 * @throws XformerError CHECKPOINT when it is no such tokenizer, is damaged or has a part that is not supported
 */
export function tokenizerFromJSON(json: unknown, file?: string): Tokenizer {
  const root = record(json, "tokenizer.json", file);
  for (const part of ["normalizer", "pre_tokenizer", "decoder", "post_processor"]) {
    if (isDeeper(root[part], DEEPEST)) damaged(`${part} is nested more than ${DEEPEST} deep`, file);
  }
  if (!isOurs(root)) return new PipelineTokenizer(parsePipelineJSON(root, file), file);
  const { kind, vocabulary, settings } = parseTokenizerJSON(root, file);
  const plain =
    kind === "word" ? new WordTokenizer(vocabulary, settings) : new CharTokenizer(vocabulary, settings);
  const tags = parseTags(root.added_tokens, vocabulary, file);
  return tags.length === 0 ? plain : new TaggedTokenizer(plain, tags);
}

/**
 * Reads a SentencePiece model: the bytes of a `.model` or `.spm` file. {@link Tokenizer.toJSON} then gives it as
 * `tokenizer.json`, with the same ids.
 *
 * @param file where it came from, for the error message
 * @throws XformerError CHECKPOINT when it is no such model or has a part that is not supported
 */
export function tokenizerFromSentencePiece(bytes: Uint8Array, file?: string): Tokenizer {
  return tokenizerFromJSON(sentencePieceJSON(bytes, file), file);
}

/** Whether it is one of our words or characters, whose rules no `tokenizer.json` of others can say. */
function isOurs({ pre_tokenizer: part }: Readonly<Record<string, unknown>>): boolean {
  return typeof part === "object" && part !== null && "xformer" in part;
}

/** Levels of objects and lists in a part of a tokenizer. */
const DEEPEST = 64;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

/** What a `tokenizer.json` of words or characters says. */
interface ParsedTokenizer {
  readonly kind: "word" | "char";
  readonly vocabulary: Vocabulary;
  /** Characters have no use for the spacing. */
  readonly settings: WordSettings;
}

/**
 * Checks every field that is read.
 *
 * @throws XformerError CHECKPOINT naming the field that is wrong
 */
function parseTokenizerJSON(json: unknown, file?: string): ParsedTokenizer {
  const root = record(json, "tokenizer.json", file);
  if (root.version !== "1.0") damaged(`version is ${show(root.version)}, expected "1.0"`, file);
  const model = record(root.model, "model", file);
  if (model.type !== "WordLevel") damaged(`model.type is ${show(model.type)}, expected "WordLevel"`, file);
  const preTokenizer = record(root.pre_tokenizer, "pre_tokenizer", file);
  const settings = record(preTokenizer.xformer, "pre_tokenizer.xformer", file);
  const { kind, language, lowercase, spacing = "natural" } = settings;
  if (kind !== "word" && kind !== "char") damaged(`kind is ${show(kind)}, expected "word" or "char"`, file);
  if (language !== undefined && typeof language !== "string") {
    damaged(`language is ${show(language)}, expected a string`, file);
  }
  if (typeof lowercase !== "boolean")
    damaged(`lowercase is ${show(lowercase)}, expected true or false`, file);
  if (spacing !== "natural" && spacing !== "spaced") {
    damaged(`spacing is ${show(spacing)}, expected "natural" or "spaced"`, file);
  }
  return { kind, vocabulary: parseVocabulary(model.vocab, file), settings: { language, lowercase, spacing } };
}

function parseVocabulary(json: unknown, file: string | undefined): Vocabulary {
  const tokens = tokensById(new Map(Object.entries(record(json, "model.vocab", file))), file);
  for (const [id, special] of SPECIAL_TOKENS.entries()) {
    if (tokens[id] !== special)
      damaged(`model.vocab has ${show(tokens[id])} at id ${id}, expected "${special}"`, file);
  }
  return Vocabulary.of(tokens.slice(SPECIAL_TOKENS.length));
}
