import { XformerError } from "../errors.ts";

/** A sentence and its translation, or whatever the task turns the one into. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

/** How large the parts of a corpus are, and the seed they are made from. */
export interface SplitSizes {
  readonly seed: number;
  readonly train: number;
  readonly valid: number;
  readonly test: number;
  /** The shortest and the longest sequences, for tasks that have lengths; their usual ones if absent. */
  readonly lengths?: readonly [shortest: number, longest: number] | undefined;
}

/** A corpus that can be made at any size from a seed. */
export interface Task {
  readonly name: string;
  /** What it is, in half a line. */
  readonly description: string;
  /** The file extension, and the language, of the source side. */
  readonly sourceLang: string;
  /** The file extension, and the language, of the target side. */
  readonly targetLang: string;
  /** What it is made of unless something else is said; 10,000, 500 and 500 pairs from seed 1 if absent. */
  readonly sizes?: SplitSizes;
  /** The flags of `xformer train` that its recipe in `examples` stands for, where the usual settings are not right. */
  readonly flags?: string;
  /**
   * Makes pairs of which no two share a source or a target, so that any cut through them is clean.
   *
   * @throws XformerError (USAGE) if the task does not have that many
   */
  generate(
    options: { readonly seed: number; readonly count: number } & Pick<SplitSizes, "lengths">,
  ): readonly Pair[];
  /** Whether its sequences can be made of other lengths. */
  readonly hasLengths?: boolean;
  /**
   * Tells which of these pairs a model trained on the others has a chance at; all of them if absent.
   *
   * @param pairs the whole corpus
   */
  readonly fitToHoldOut?: (pairs: readonly Pair[]) => (pair: Pair) => boolean;
}

/** So many draws in a row without anything new, and the task counts as exhausted. */
const PATIENCE = 2000;

/**
 * Takes the first `count` pairs of an endless stream that share neither source nor target with an earlier one.
 *
 * @param taskName for the error message
 * @throws XformerError (USAGE) if the stream has nothing new for a long time
 */
export function takeDistinct(pairs: Iterable<Pair>, count: number, taskName: string): readonly Pair[] {
  const taken: Pair[] = [];
  if (count <= 0) return taken;
  const sources = new Set<string>();
  const targets = new Set<string>();
  let misses = 0;
  for (const { source, target } of pairs) {
    if (sources.has(source) || targets.has(target)) {
      if (++misses < PATIENCE) continue;
      throw new XformerError(
        "USAGE",
        `task ${taskName} cannot make ${count} distinct pairs, only about ${taken.length}`,
        { hint: "Ask for fewer pairs." },
      );
    }
    misses = 0;
    sources.add(source);
    targets.add(target);
    taken.push({ source, target });
    if (taken.length === count) break;
  }
  return taken;
}
