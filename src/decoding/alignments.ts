import type { Tokenizer } from "../text/tokenizer.ts";
import type { AttentionWeights } from "./crossAttention.ts";
import type { AlignmentUnit } from "./options.ts";

/** A place in the source and the place in the target that belongs to it, both from 0. */
export type Link = readonly [source: number, target: number];

/**
 * Links each target token with the source token it attends to most, the first of equals; END takes no part.
 *
 * @param weights of a source with at least one token
 */
export function hardAlignment({ rows, columns, values }: AttentionWeights): Link[] {
  return Array.from({ length: rows - 1 }, (_, target) => {
    const row = values.subarray(target * columns, (target + 1) * columns - 1);
    const source = row.reduce((best, weight, i) => (weight > row[best]! ? i : best), 0);
    return [source, target];
  });
}

/** What goes with what in a piece of text, and how many units it has on each side. */
export interface Alignment {
  readonly links: readonly Link[];
  readonly sourceUnits: number;
  readonly targetUnits: number;
}

/**
 * The hard alignment of a pair between the units that its tokens are parts of, each link once, by target and then
 * by source.
 *
 * @param source, target the unit of each token
 */
export function align(
  weights: AttentionWeights,
  source: readonly number[],
  target: readonly number[],
): Alignment {
  const byUnits = new Map<string, Link>();
  for (const [from, to] of hardAlignment(weights)) {
    const link: Link = [source[from]!, target[to]!];
    byUnits.set(link.join("-"), link);
  }
  return {
    links: [...byUnits.values()].sort((a, b) => a[1] - b[1] || a[0] - b[0]),
    sourceUnits: (source.at(-1) ?? -1) + 1,
    targetUnits: (target.at(-1) ?? -1) + 1,
  };
}

/** The links of pieces of text that follow each other. */
export function joinAlignments(alignments: readonly Alignment[]): Link[] {
  let [sourceBefore, targetBefore] = [0, 0];
  return alignments.flatMap(({ links, sourceUnits, targetUnits }) => {
    const moved = links.map(([source, target]): Link => [source + sourceBefore, target + targetBefore]);
    sourceBefore += sourceUnits;
    targetBefore += targetUnits;
    return moved;
  });
}

/**
 * Which unit of its text each token is a part of: itself, or the word between two spaces. Text written without
 * spaces is one word.
 */
export function unitsOfTokens(ids: Iterable<number>, tokenizer: Tokenizer, unit: AlignmentUnit): number[] {
  const all = [...ids];
  if (unit === "tokens") return [...all.keys()];
  // What a token adds to the text before it says to which word it belongs, whatever kind of token it is.
  return all.map((_, i) => {
    const text = tokenizer.decode(all.slice(0, i + 1)).trim();
    return Math.max(0, text.split(/\s+/u).length - 1);
  });
}

/** Links as Pharaoh and its successors write them (Koehn et al. 2003): `0-0 1-2`. */
export function pharaoh(links: readonly Link[]): string {
  return links.map((link) => link.join("-")).join(" ");
}
