import { XformerError } from "../errors.ts";
import type { Pointer } from "../kernels/kernels.ts";
import type { Heap } from "../tensor/heap.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { MOST_HYPOTHESES } from "./options.ts";
import { PhraseProgress } from "./phraseProgress.ts";
import { type Phrases, phrasesOf } from "./phrases.ts";
import { type WordEdges, wordEdges } from "./wordEdges.ts";

/** The constraints of a line, as phrases. */
export interface LinePhrases extends Phrases {
  readonly texts: readonly string[];
  /** By text, the number of its phrase in the list; undefined for one that no target can contain. */
  readonly of: readonly (number | undefined)[];
}

/** Lexical constraints, between what people write and what searches read: words of the target's tokenizer. */
export class Lexicon {
  readonly #tokenizer: Tokenizer;
  readonly #heap: Heap;
  /** Made when they are first needed. */
  #edges: { readonly pointer: Pointer; readonly values: WordEdges } | undefined;

  constructor(tokenizer: Tokenizer, heap: Heap) {
    this.#tokenizer = tokenizer;
    this.#heap = heap;
  }

  /**
   * The constraints of each line; empty ones are none.
   *
   * @param given for every line the same, or an entry a line
   * @throws XformerError USAGE for more or fewer entries than lines
   */
  static perLine(
    lines: number,
    given: readonly string[] | readonly (readonly string[])[] = [],
  ): (readonly string[])[] {
    const isShared = given.every((entry) => typeof entry === "string");
    if (!isShared && given.length !== lines) {
      throw new XformerError("USAGE", `there are constraints of ${given.length} lines for ${lines} lines`, {
        hint: "Give each line a list of its constraints, or all of them one list.",
      });
    }
    const written = (texts: readonly string[]): string[] => texts.filter((text) => text.trim() !== "");
    if (!isShared) return (given as readonly (readonly string[])[]).map(written);
    return new Array<readonly string[]>(lines).fill(written(given as readonly string[]));
  }

  /**
   * The constraints of a line as phrases; undefined where it has none.
   *
   * @param limit the most tokens of the translation, END included
   */
  phrasesOf(texts: readonly string[], ordered: boolean, limit: number): LinePhrases | undefined {
    if (texts.length === 0) return undefined;
    const most = Math.min(limit, MOST_HYPOTHESES) - 1;
    return { texts, ...phrasesOf(texts, this.#tokenizer, { ordered, most }) };
  }

  /** The constraints that a target does not meet. */
  unmet(phrases: LinePhrases, ids: readonly number[]): string[] {
    const begin = PhraseProgress.begin(phrases, this.#wordEdges.values);
    const left = ids.reduce((progress, id) => progress.next(id), begin).times;
    return phrases.texts.filter((_, i) => {
      const phrase = phrases.of[i];
      return phrase === undefined || left[phrase]!-- <= 0;
    });
  }

  /** The {@link WordEdges} of the target's tokens, where all threads see them. */
  get edges(): Pointer {
    return this.#wordEdges.pointer;
  }

  get #wordEdges(): { readonly pointer: Pointer; readonly values: WordEdges } {
    if (this.#edges === undefined) {
      const values = wordEdges(this.#tokenizer);
      const pointer = this.#heap.reserve(values.length);
      this.#heap.bytes(pointer, values.length).set(values);
      this.#edges = { pointer, values };
    }
    return this.#edges;
  }
}
