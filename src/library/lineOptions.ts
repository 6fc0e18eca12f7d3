import type { DecodingOptions } from "../decoding/options.ts";
import { XformerError } from "../errors.ts";

/** A list has an entry a line; but constraints that are texts are those of every line. */
function isPerLine(name: string, value: unknown): value is readonly unknown[] {
  if (!Array.isArray(value)) return false;
  return name !== "constraints" || value.some((entry) => typeof entry !== "string");
}

/**
 * The options for some of the lines: an option that is a list has an entry a line.
 *
 * @param first the first of the lines, from 0
 */
export function linesFrom(options: DecodingOptions, first: number, count: number): DecodingOptions {
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    isPerLine(name, value) ? value.slice(first, first + count) : value,
  ]);
  return { ...Object.fromEntries(entries), firstLine: (options.firstLine ?? 1) + first };
}

/**
 * Refuses options that say more lines than there were.
 *
 * @throws XformerError USAGE
 */
export function refuseFurtherLines(options: DecodingOptions, lines: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (!isPerLine(name, value) || value.length === lines) continue;
    throw new XformerError("USAGE", `${name} has ${value.length} entries for ${lines} lines`, {
      hint: "Give each line its entry.",
    });
  }
}
