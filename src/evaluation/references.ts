import { type ErrorPlace, XformerError } from "../errors.ts";

/**
 * Reference streams as in sacreBLEU: `references[stream][segment]`, each stream as long as the hypotheses; null
 * where a segment has fewer references than others.
 */
export type References = readonly (readonly (string | null)[])[];

/**
 * Checks that there is something to score, that every reference stream is as long as the hypotheses and that
 * every segment has a reference.
 *
 * @throws {XformerError} `DATA`, with both counts if they differ
 */
export function checkReferences(hypotheses: readonly string[], references: References): void {
  for (const [index, stream] of references.entries()) {
    if (stream.length === hypotheses.length) continue;
    const what = references.length === 1 ? "references" : `references of stream ${index + 1}`;
    throw unequal(`hypotheses and ${what}`, hypotheses.length, stream.length, {
      hint: "Give one reference for each hypothesis, in the same order.",
    });
  }
  if (references.length === 0) throw new XformerError("DATA", "no references to score against");
  if (hypotheses.length === 0) throw new XformerError("DATA", "no hypotheses to score");
  const bare = hypotheses.findIndex((_, segment) => references.every((stream) => stream[segment] === null));
  if (bare !== -1) throw new XformerError("DATA", `segment ${bare + 1} has no reference`);
}

/** The references of one segment. */
export function referencesOf(references: References, segment: number): string[] {
  return references.flatMap((stream) => stream[segment] ?? []);
}

/**
 * Takes lines of accepted references apart, `a | b` into a and b.
 *
 * @param separator what stands between two references, for example " | "
 * @returns as many streams as the line with most references needs
 */
export function splitAccepted(lines: readonly string[], separator: string): References {
  const accepted = lines.map((line) => line.split(separator).map((reference) => reference.trim()));
  const streams = accepted.reduce((most, references) => Math.max(most, references.length), 0);
  return Array.from({ length: streams }, (_, stream) =>
    accepted.map((references) => references[stream] ?? null),
  );
}

/** How many references a segment has, as signatures say it: "var" when segments differ. */
export function referenceCount(references: References, segments: number): number | "var" {
  const counts = new Set<number>();
  for (let segment = 0; segment < segments; segment++) counts.add(referencesOf(references, segment).length);
  const [count] = counts;
  return counts.size === 1 && count !== undefined ? count : "var";
}

/** The error of two things that should be as many. */
export function unequal(what: string, first: number, second: number, place?: ErrorPlace): XformerError {
  return new XformerError("DATA", `${what} differ in number: ${first} and ${second}`, place);
}
