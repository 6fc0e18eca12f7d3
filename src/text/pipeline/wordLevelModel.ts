import type { TokenizerJSON } from "../tokenizerJson.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { TokenModel } from "./model.ts";

/** Every word is a token: Hugging Face's `WordLevel`. */
export class WordLevelModel implements TokenModel {
  readonly kind = "word";
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  encode(word: string): number[] {
    return [this.#vocabulary.id(word)];
  }

  toJSON(): TokenizerJSON["model"] {
    const { unkId } = this.#vocabulary;
    return {
      type: "WordLevel",
      vocab: this.#vocabulary.idsByToken(),
      unk_token: this.#vocabulary.token(unkId),
    };
  }
}
