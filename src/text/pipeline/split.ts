import type { Pattern } from "./linearPattern.ts";

/** What becomes of the matches when text is split by a pattern; the names are Hugging Face's. */
export type SplitBehavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

export const SPLIT_BEHAVIORS: readonly SplitBehavior[] = [
  "Removed",
  "Isolated",
  "MergedWithPrevious",
  "MergedWithNext",
  "Contiguous",
];

interface Segment {
  text: string;
  readonly isMatch: boolean;
}

/**
 * Splits text by a pattern.
 *
 * @param isInverted whether what is between the matches is split by instead
 * @returns the pieces, none of them empty
 */
export function split(
  text: string,
  pattern: Pattern,
  behavior: SplitBehavior,
  isInverted: boolean = false,
): string[] {
  return joined(segments(text, pattern, isInverted), behavior).filter((piece) => piece !== "");
}

function segments(text: string, pattern: Pattern, isInverted: boolean): Segment[] {
  const found: Segment[] = [];
  let end = 0;
  for (const [from, to] of pattern.matches(text)) {
    if (from > end) found.push({ text: text.slice(end, from), isMatch: isInverted });
    if (to > from) found.push({ text: text.slice(from, to), isMatch: !isInverted });
    end = to;
  }
  if (end < text.length) found.push({ text: text.slice(end), isMatch: isInverted });
  return found;
}

function joined(found: readonly Segment[], behavior: SplitBehavior): string[] {
  switch (behavior) {
    case "Removed":
      return found.filter(({ isMatch }) => !isMatch).map(({ text }) => text);
    case "Isolated":
      return found.map(({ text }) => text);
    case "Contiguous":
      return merged(found, (before, segment) => before.isMatch === segment.isMatch);
    case "MergedWithPrevious":
      return merged(found, (before, segment) => segment.isMatch && !before.isMatch);
    case "MergedWithNext":
      return merged(found, (before, segment) => before.isMatch && !segment.isMatch);
  }
}

/** Joins a segment to the one before it where `belongs` says so. */
function merged(
  found: readonly Segment[],
  belongs: (before: Segment, segment: Segment) => boolean,
): string[] {
  const pieces: string[] = [];
  for (const [index, segment] of found.entries()) {
    const before = found[index - 1];
    if (before !== undefined && belongs(before, segment)) pieces.push(pieces.pop() + segment.text);
    else pieces.push(segment.text);
  }
  return pieces;
}
