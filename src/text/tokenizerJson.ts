import { XformerError } from "../errors.ts";
import type { Normalization } from "./normalize.ts";
import { SPECIAL_TOKENS, Vocabulary } from "./vocabulary.ts";
import type { WordSettings } from "./wordTokenizer.ts";

/**
 * A tokenizer in the shape of Hugging Face's `tokenizer.json`, version 1.0. Python's `tokenizers` loads it
 * and gives the same ids where its own parts can say what ours do: characters, and words of languages
 * with spaces, where the text is spaced as expected. What they cannot say is in `pre_tokenizer.xformer`,
 * because that library refuses unknown keys at the top.
 */
export interface TokenizerJSON {
  readonly version: "1.0";
  readonly added_tokens: readonly object[];
  readonly normalizer: object;
  readonly pre_tokenizer: object;
  readonly post_processor: null;
  readonly decoder: object | null;
  readonly model: {
    readonly type: "WordLevel";
    readonly vocab: Readonly<Record<string, number>>;
    readonly unk_token: string;
  };
}

/** What {@link parseTokenizerJSON} found. */
export interface ParsedTokenizer {
  readonly kind: "word" | "char";
  readonly vocabulary: Vocabulary;
  /** Characters have no use for the spacing. */
  readonly settings: WordSettings;
}

/** Words with inner apostrophes and decimal points, or one sign: near UAX 29 for languages with spaces. */
const WORD_PATTERN = "[\\p{L}\\p{M}\\p{N}_]+(?:['’.:,][\\p{L}\\p{M}\\p{N}_]+)*|[^\\s]";

/** The word tokenizer as `tokenizer.json`. */
export function wordTokenizerJSON(vocabulary: Vocabulary, settings: WordSettings): TokenizerJSON {
  const { language, lowercase, spacing } = settings;
  return {
    ...shared(vocabulary),
    normalizer: { type: "Sequence", normalizers: textNormalizers(lowercase) },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "WhitespaceSplit" },
        { type: "Split", pattern: { Regex: WORD_PATTERN }, behavior: "Isolated", invert: false },
      ],
      xformer: { kind: "word", language, lowercase, spacing },
    },
    // WordPiece joins words with spaces and takes those before punctuation out again; none only joins.
    decoder: spacing === "natural" ? { type: "WordPiece", prefix: "##", cleanup: true } : null,
  };
}

/** The character tokenizer as `tokenizer.json`. */
export function charTokenizerJSON(vocabulary: Vocabulary, normalization: Normalization): TokenizerJSON {
  const { language, lowercase } = normalization;
  return {
    ...shared(vocabulary),
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...textNormalizers(lowercase),
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Strip", strip_left: true, strip_right: true },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Split", pattern: { Regex: "." }, behavior: "Isolated", invert: false }],
      xformer: { kind: "char", language, lowercase },
    },
    decoder: {
      type: "Sequence",
      decoders: [{ type: "Replace", pattern: { String: "▁" }, content: " " }, { type: "Fuse" }],
    },
  };
}

function textNormalizers(lowercase: boolean): object[] {
  return lowercase ? [{ type: "Lowercase" }, { type: "NFC" }] : [{ type: "NFC" }];
}

function shared(vocabulary: Vocabulary) {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    post_processor: null,
    model: {
      type: "WordLevel",
      // Not an object literal filled key by key: a token may well be called "__proto__".
      vocab: Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id])),
      unk_token: SPECIAL_TOKENS[0],
    },
  } as const;
}

/**
 * Checks every field that is read.
 *
 * @throws XformerError CHECKPOINT naming the field that is wrong
 */
export function parseTokenizerJSON(json: unknown, file?: string): ParsedTokenizer {
  const root = record(json, "tokenizer.json", file);
  if (root.version !== "1.0") fail(`version is ${show(root.version)}, expected "1.0"`, file);
  const model = record(root.model, "model", file);
  if (model.type !== "WordLevel") fail(`model.type is ${show(model.type)}, expected "WordLevel"`, file);
  const preTokenizer = record(root.pre_tokenizer, "pre_tokenizer", file);
  const settings = record(preTokenizer.xformer, "pre_tokenizer.xformer", file);
  const { kind, language, lowercase, spacing = "natural" } = settings;
  if (kind !== "word" && kind !== "char") fail(`kind is ${show(kind)}, expected "word" or "char"`, file);
  if (language !== undefined && typeof language !== "string") {
    fail(`language is ${show(language)}, expected a string`, file);
  }
  if (typeof lowercase !== "boolean") fail(`lowercase is ${show(lowercase)}, expected true or false`, file);
  if (spacing !== "natural" && spacing !== "spaced") {
    fail(`spacing is ${show(spacing)}, expected "natural" or "spaced"`, file);
  }
  return { kind, vocabulary: parseVocabulary(model.vocab, file), settings: { language, lowercase, spacing } };
}

function parseVocabulary(json: unknown, file: string | undefined): Vocabulary {
  const entries = Object.entries(record(json, "model.vocab", file));
  const tokens = new Array<string | undefined>(entries.length);
  for (const [token, id] of entries) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= entries.length) {
      fail(`model.vocab gives ${show(token)} the id ${show(id)}, expected 0 to ${entries.length - 1}`, file);
    }
    const other = tokens[id];
    if (other !== undefined)
      fail(`model.vocab gives ${show(other)} and ${show(token)} the same id ${id}`, file);
    tokens[id] = token;
  }
  for (const [id, special] of SPECIAL_TOKENS.entries()) {
    if (tokens[id] !== special)
      fail(`model.vocab has ${show(tokens[id])} at id ${id}, expected "${special}"`, file);
  }
  // Every id from 0 is taken exactly once, so no entry is missing.
  return new Vocabulary((tokens as string[]).slice(SPECIAL_TOKENS.length));
}

function record(value: unknown, name: string, file: string | undefined): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail(`${name} is ${show(value)}, expected an object`, file);
  }
  return value as Record<string, unknown>;
}

/** The value as JSON, cut to a length that fits an error line. */
function show(value: unknown): string {
  const json = JSON.stringify(value);
  if (json === undefined) return "missing";
  return json.length > 40 ? `${json.slice(0, 40)}...` : json;
}

function fail(problem: string, file: string | undefined): never {
  throw new XformerError("CHECKPOINT", `not a tokenizer of xformer: ${problem}`, {
    file,
    hint: "Use the file as it was written, or train again.",
  });
}
