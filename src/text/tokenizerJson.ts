import { damaged, record, show, tokensById } from "./jsonFields.ts";
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
  readonly normalizer: object | null;
  readonly pre_tokenizer: object | null;
  readonly post_processor: object | null;
  readonly decoder: object | null;
  readonly model: {
    readonly type: "WordLevel" | "BPE";
    readonly vocab: Readonly<Record<string, number>>;
    readonly unk_token: string | null;
    readonly merges?: readonly (readonly [left: string, right: string])[];
    readonly [setting: string]: unknown;
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
    ...tokenizerFrame(vocabulary),
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
    ...tokenizerFrame(vocabulary),
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

/** What all tokenizers have in common, with a model that looks words up. */
export function tokenizerFrame(vocabulary: Vocabulary) {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...vocabulary.tokens.entries()]
      .filter(([id]) => vocabulary.isSpecial(id))
      .map(([id, content]) => ({
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
      unk_token: vocabulary.token(vocabulary.unkId),
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
