import type { AttentionWeights } from "./crossAttention.ts";

/** The tokens of a source, with what they stand for. */
export interface SourceWords {
  readonly ids: Int32Array;
  /** The text of each token, as it stands in the line. */
  readonly texts: readonly string[];
  readonly unkId: number;
}

/**
 * What unknown tokens of a target stand for: each the unknown word of the source that it attends to most, one after the
 * other and none twice while there are others; where the source has none, the word it attends to most.
 *
 * @param weights of a source with at least one token
 * @returns a word for each unknown token of the target, in their order
 */
export function copiedWords(
  target: readonly number[],
  unkId: number,
  { columns, values }: AttentionWeights,
  source: SourceWords,
): string[] {
  const places = [...source.ids.keys()];
  const unknown = places.filter((place) => source.ids[place] === source.unkId);
  let left = [...unknown];
  return target.flatMap((id, row) => {
    if (id !== unkId) return [];
    if (left.length === 0) left = unknown.length > 0 ? [...unknown] : places;
    const weightOf = (place: number): number => values[row * columns + place]!;
    const found = left.reduce((best, place) => (weightOf(place) > weightOf(best) ? place : best));
    left = left.filter((place) => place !== found);
    return [source.texts[found]!];
  });
}
