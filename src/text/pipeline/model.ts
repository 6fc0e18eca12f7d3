import type { Tokenizer } from "../tokenizer.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";

/** Cuts the words that a pipeline gives it into tokens of a vocabulary. */
export interface TokenModel {
  readonly kind: Tokenizer["kind"];
  /** The ids of a word that is not empty. */
  encode(word: string): readonly number[];
  /**
   * The ids of a word when merges are left out at random; only where there are merges.
   *
   * @param drops asked at every step, of every merge that is possible there
   */
  encodeWithDropout?(word: string, drops: () => boolean): readonly number[];
  /** A token as people read it, where that is not how the vocabulary has it. */
  readable?(token: string): string;
  /** What `tokenizer.json` has under `model`. */
  toJSON(): TokenizerJSON["model"];
}
