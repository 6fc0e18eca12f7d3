import type { Vocabulary } from "./vocabulary.ts";

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
    readonly type: "WordLevel" | "WordPiece" | "BPE" | "Unigram";
    /** Tokens and their ids; of a `Unigram` model tokens and their scores, in the order of the ids. */
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [token: string, score: number])[];
    readonly unk_token?: string | null;
    readonly merges?: readonly (readonly [left: string, right: string])[];
    readonly [setting: string]: unknown;
  };
}

/** The normaliser of a word or character tokenizer, as far as all have it in common. */
export function textNormalizers(lowercase: boolean): object[] {
  return lowercase ? [{ type: "Lowercase" }, { type: "NFC" }] : [{ type: "NFC" }];
}

/** What all tokenizers have in common, their special tokens among it. */
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
  } as const;
}
