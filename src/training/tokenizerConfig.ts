import type { TokenizerKind } from "../text/tokenizer.ts";

/** How text becomes tokens; the same for both sides. */
export interface TokenizerConfig {
  /** What the tokens are: words and signs, characters, or the pieces of byte-pair encoding. */
  readonly kind: TokenizerKind;
  /** A `tokenizer.json` for both sides, which then says all but `bpeDropout`; null to learn from the corpus. */
  readonly file: string | null;
  /** Whether everything is lowercased before it is cut. */
  readonly lowercase: boolean;
  /** Tokens seen fewer times become `<unk>`; with bpe, pairs seen fewer times are not merged. Null for 2 with bpe, else 1. */
  readonly minFrequency: number | null;
  /** The most entries of a vocabulary, special tokens included; null for 8000 with bpe, else for no limit. */
  readonly vocabularySize: number | null;
  /** Whether both sides have one vocabulary; null for yes with bpe or when all embeddings are tied, else no. */
  readonly joint: boolean | null;
  /** The share of merges that is left out at random in training (Provilkov et al. 2020); 0 for none. */
  readonly bpeDropout: number;
}

/** What {@link TokenizerConfig} is when nothing else is said. */
export const DEFAULT_TOKENIZER: TokenizerConfig = {
  kind: "word",
  file: null,
  lowercase: false,
  minFrequency: null,
  vocabularySize: null,
  joint: null,
  bpeDropout: 0,
};
