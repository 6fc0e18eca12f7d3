import type { Pairs } from "../data/corpus.ts";
import type { Rule } from "../valueType.ts";

/** Validation sentences whose translations are shown unless another number is asked for. */
export const USUAL_SAMPLES = 3;

/** How many there may be; with more the lines of a log are nothing but translations. */
export const SAMPLES: Rule = { type: { kind: "number", whole: true, from: 0, to: 100 } };

/** A sentence with what a model makes of it. */
export interface Sample {
  readonly source: string;
  readonly reference: string;
  readonly translation: string;
}

/**
 * So many sentences spread over all of them, always the same ones, or all where there are fewer.
 *
 * @param translations one for each pair
 */
export function samplesOf(
  { source, target }: Pairs,
  translations: readonly { readonly text: string }[],
  most: number,
): Sample[] {
  const wanted = Math.min(most, source.length);
  return Array.from({ length: wanted }, (_, i) => {
    const index = Math.floor(((i + 0.5) * source.length) / wanted);
    return {
      source: source[index]!,
      reference: target[index]!,
      translation: translations[index]!.text,
    };
  });
}
