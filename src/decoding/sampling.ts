import { createRandom, type Random } from "../random.ts";
import type { Hypothesis } from "./hypothesis.ts";
import type { Sampling } from "./options.ts";
import type { NextTokens, Search, SearchSettings } from "./search.ts";
import { possibleTokens, topTokens } from "./topTokens.ts";

/** What sampling needs to know. */
export interface SampleSettings extends SearchSettings, Sampling {
  /** The number of the line in its text, from 1. */
  readonly line: number;
  /** How many samples are drawn. */
  readonly samples: number;
}

/**
 * Ancestral sampling: every token is drawn by its probability. Each sample has random numbers of its own, by
 * seed, line and its number among the line's samples: it depends on no other line and no other sample.
 */
export class SampleSearch implements Search {
  readonly #settings: SampleSettings;
  readonly #streams: readonly Random[];
  /** By sample; undefined until the first token is drawn, when all of them are the start. */
  #samples: Hypothesis[] | undefined;
  readonly #start: Hypothesis;

  constructor(start: Hypothesis, settings: SampleSettings) {
    this.#settings = settings;
    this.#start = start;
    const { seed, line, samples } = settings;
    this.#streams = Array.from({ length: samples }, (_, n) => createRandom(seed, line, n));
  }

  get open(): readonly Hypothesis[] {
    return (this.#samples ?? [this.#start]).filter((sample) => this.#isOpen(sample));
  }

  get found(): readonly Hypothesis[] {
    return this.#samples ?? [this.#start];
  }

  advance(next: readonly NextTokens[]): void {
    const { eosId } = this.#settings;
    const draw = (from: Hypothesis, { logits, logSumExp }: NextTokens, n: number): Hypothesis => {
      const id = drawToken(logits, this.#settings, this.#streams[n]!);
      return from.extend(id, logits[id]! - logSumExp, eosId);
    };
    if (this.#samples === undefined) {
      this.#samples = this.#streams.map((_, n) => draw(this.#start, next[0]!, n));
      return;
    }
    let row = 0;
    this.#samples = this.#samples.map((sample, n) =>
      this.#isOpen(sample) ? draw(sample, next[row++]!, n) : sample,
    );
  }

  #isOpen({ ended, length }: Hypothesis): boolean {
    return !ended && length < this.#settings.limit;
  }
}

/**
 * Draws a token by softmax(logits / temperature), from the `topK` most probable tokens, and of those from the
 * fewest that have the probability `topP` together (nucleus sampling, Holtzman et al. 2020, section 3.1).
 */
export function drawToken(
  logits: Float32Array,
  { temperature, topK, topP }: Sampling,
  random: Random,
): number {
  const ids =
    topK === undefined && topP === 1 ? possibleTokens(logits) : topTokens(logits, topK ?? logits.length);
  const most = ids.reduce((largest, id) => Math.max(largest, logits[id]!), Number.NEGATIVE_INFINITY);
  const weights = ids.map((id) => Math.exp((logits[id]! - most) / temperature));
  const count = topP === 1 ? ids.length : nucleus(weights, topP);
  const total = weights.slice(0, count).reduce((sum, weight) => sum + weight, 0);
  let left = random.next() * total;
  for (let i = 0; i < count; i++) {
    left -= weights[i]!;
    if (left < 0) return ids[i]!;
  }
  return ids[count - 1]!; // rounding may leave a little
}

/** How many of the falling weights it takes to have the share `topP` of their sum. */
function nucleus(weights: readonly number[], topP: number): number {
  const wanted = topP * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    if (sum >= wanted) return i + 1;
  }
  return weights.length;
}
