import type { Tokenizer } from "../../text/tokenizer.ts";
import { type Bin, type LengthSummary, summarize, Tally, type Unit, usualHistogram } from "./lengths.ts";
import { measure, type UsualSide } from "./survey.ts";

/** Names what of a line a tokenizer does not know. */
export type UnknownWords = (tokenizer: Tokenizer, line: string) => readonly string[];

/** A word that a tokenizer does not know, and how many sides have it. */
interface UnknownWord {
  readonly word: string;
  readonly lines: number;
}

/** What a tokenizer does not know of a side. */
export interface UnknownReport {
  /** Tokens that become `<unk>`. */
  readonly tokens: number;
  /** Their share of all tokens, from 0 to 1. */
  readonly rate: number;
  /** The most frequent ones first. */
  readonly words: readonly UnknownWord[];
}

/** One side of a corpus in numbers. */
export interface SideReport extends Omit<UsualSide, "unit"> {
  /** What lengths are in. */
  readonly unit: Unit;
  /** The sum of all lengths. */
  readonly total: number;
  readonly lengths: LengthSummary;
  readonly histogram: readonly Bin[];
  /** Different words or characters, counted up to 1,000; with a tokenizer the size of its vocabulary. */
  readonly vocabulary: number;
  /** Null without a tokenizer. */
  readonly unknown: UnknownReport | null;
}

/** Different words or characters that are counted. */
const MOST_DIFFERENT = 1000;
/** Unknown words that are reported. */
const MOST_UNKNOWN = 10;
/** Unknown words that are remembered; beyond twice as many the rarest are forgotten. */
const MOST_REMEMBERED = 50_000;

/** Counts lengths and unknown words of one side. */
export class SideStatistics {
  readonly #usual: UsualSide;
  readonly #tokenizer: Tokenizer | undefined;
  readonly #unknownWords: UnknownWords | undefined;
  readonly #lengths = new Tally();
  readonly #different = new Set<string>();
  #words = new Map<string, number>();
  #unknown = 0;

  constructor(usual: UsualSide, tokenizer: Tokenizer | undefined, unknownWords: UnknownWords | undefined) {
    this.#usual = usual;
    this.#tokenizer = tokenizer;
    this.#unknownWords = unknownWords;
  }

  /**
   * @param text a side that is not blank
   * @returns its tokens; 0 without a tokenizer
   */
  add(text: string): number {
    if (this.#tokenizer === undefined) {
      this.#lengths.add(measure(text, this.#usual.unit));
      if (this.#different.size < MOST_DIFFERENT) this.#countDifferent(text);
      return 0;
    }
    const ids = this.#tokenizer.encode(text);
    this.#lengths.add(ids.length);
    const unknown = this.#tokenizer.vocabulary.countUnknown(ids);
    if (unknown === 0) return ids.length;
    this.#unknown += unknown;
    for (const word of this.#unknownWords?.(this.#tokenizer, text) ?? []) {
      this.#words.set(word, (this.#words.get(word) ?? 0) + 1);
    }
    if (this.#words.size > 2 * MOST_REMEMBERED) this.#words = new Map(this.#frequent(MOST_REMEMBERED));
    return ids.length;
  }

  #countDifferent(text: string): void {
    const parts = text.trim().split(/\s+/);
    for (const part of this.#usual.unit === "words" ? parts : parts.join("")) {
      this.#different.add(part);
      if (this.#different.size === MOST_DIFFERENT) return;
    }
  }

  /** What is different, counted up to 1,000; nothing with a tokenizer. */
  get different(): ReadonlySet<string> {
    return this.#different;
  }

  get report(): SideReport {
    const { script, scripts, unit } = this.#usual;
    const { sum } = this.#lengths;
    return {
      script,
      scripts,
      unit: this.#tokenizer === undefined ? unit : "tokens",
      total: sum,
      lengths: summarize(this.#lengths),
      histogram: usualHistogram(this.#lengths),
      vocabulary: this.#tokenizer?.vocabulary.size ?? this.#different.size,
      unknown: this.#tokenizer === undefined ? null : this.#unknownReport(sum),
    };
  }

  #unknownReport(tokens: number): UnknownReport {
    const words = this.#frequent(MOST_UNKNOWN).map(([word, lines]) => ({ word, lines }));
    return { tokens: this.#unknown, rate: tokens === 0 ? 0 : this.#unknown / tokens, words };
  }

  #frequent(most: number): [word: string, lines: number][] {
    return [...this.#words].sort(([, a], [, b]) => b - a).slice(0, most);
  }
}
