/** A part of a line, and how much it matters; those that matter least go first where there is no room. */
export type Part = readonly [text: string, rank: number];

/**
 * As many parts as there is room for, in their order, two spaces apart.
 *
 * @param width in columns; every character is taken to be one wide
 */
export function fitParts(parts: readonly Part[], width: number): string {
  const line = parts
    .map(([text]) => text)
    .filter((text) => text !== "")
    .join("  ");
  if (line.length <= width || parts.length <= 1) return line;
  const least = Math.min(...parts.map(([, rank]) => rank));
  return fitParts(
    parts.filter(([, rank]) => rank !== least),
    width,
  );
}
