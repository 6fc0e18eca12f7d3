import { type Bin, type LengthSummary, summarize, Tally, usualHistogram } from "../data/check/lengths.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** A token and how often it was seen. */
interface FrequentToken {
  readonly text: string;
  readonly count: number;
}

/** One side of what a run was trained on, in the tokens of its model. */
export interface SideFacts {
  readonly tokenizer: string;
  readonly lowercase: boolean;
  /** Entries of the vocabulary, and those of them that were seen fewer than {@link RARE} times. */
  readonly vocabulary: number;
  readonly rare: number;
  readonly tokens: number;
  /** Tokens that are not in the vocabulary. */
  readonly unknown: number;
  readonly lengths: LengthSummary;
  readonly histogram: readonly Bin[];
  /** The most frequent tokens. */
  readonly frequent: readonly FrequentToken[];
}

/** What a run was trained on. */
export interface CorpusFacts {
  readonly corpora: readonly { readonly path: string; readonly tag: string | null; readonly pairs: number }[];
  readonly pairs: number;
  /** The first pairs, whose tokens were counted: all, or as many as {@link MOST_COUNTED}. */
  readonly counted: number;
  readonly source: SideFacts;
  readonly target: SideFacts;
}

/** Pairs whose tokens are counted: enough to know a corpus by, few enough to wait for. */
export const MOST_COUNTED = 20_000;

/** What is seen fewer times than this is hardly learned. */
export const RARE = 5;

/** Tokens that are named. */
const NAMED = 20;

/** Counts the tokens of one side. */
export class SideCounter {
  readonly #tokenizer: Tokenizer;
  readonly #times: Uint32Array; // [V]
  readonly #lengths = new Tally();
  #unknown = 0;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    this.#times = new Uint32Array(tokenizer.vocabulary.size);
  }

  add(line: string): void {
    const ids = this.#tokenizer.encode(line);
    this.#lengths.add(ids.length);
    this.#unknown += this.#tokenizer.vocabulary.countUnknown(ids);
    for (const id of ids) this.#times[id]!++;
  }

  get facts(): SideFacts {
    const { kind, lowercase, vocabulary } = this.#tokenizer;
    const tokens = vocabulary.tokens
      .map((token, id) => ({ id, text: this.#tokenizer.readable?.(token) ?? token, count: this.#times[id]! }))
      .filter(({ id }) => !vocabulary.isSpecial(id));
    return {
      tokenizer: kind,
      lowercase,
      vocabulary: vocabulary.size,
      rare: tokens.filter(({ count }) => count < RARE).length,
      tokens: this.#lengths.sum,
      unknown: this.#unknown,
      lengths: summarize(this.#lengths),
      histogram: usualHistogram(this.#lengths),
      frequent: tokens
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count || a.id - b.id)
        .slice(0, NAMED)
        .map(({ text, count }) => ({ text, count })),
    };
  }
}
