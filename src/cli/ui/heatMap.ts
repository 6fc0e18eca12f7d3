import { displayWidth, padEnd } from "./layout.ts";
import { printable } from "./terminal.ts";

/** From nothing to everything, in equal steps. */
const SHADES = [" ", "░", "▒", "▓", "█"];
/** The narrowest column: a shade that can be seen. */
const NARROWEST = 2;

/** Numbers from 0 to 1 with names for their rows and columns. */
export interface HeatMap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [rows, columns], row by row; there may be more columns in `stride` than are named. */
  readonly values: ArrayLike<number>;
  readonly stride: number;
}

/**
 * Draws a matrix with shades of grey, as lines of no more than `width` columns: where it is too wide, the columns
 * that are left follow below.
 */
export function heatMap({ rows, columns, values, stride }: HeatMap, width: number): string[] {
  const names = rows.map(printable);
  const heads = columns.map(printable);
  const margin = Math.max(0, ...names.map(displayWidth)) + 1;
  const widths = heads.map((head) => Math.max(NARROWEST, displayWidth(head)) + 1);
  const lines: string[] = [];
  for (let first = 0; first < heads.length; ) {
    let end = first + 1;
    let used = margin + widths[first]!;
    while (end < heads.length && used + widths[end]! <= width) used += widths[end++]!;
    const block = Array.from({ length: end - first }, (_, i) => first + i);
    if (first > 0) lines.push("");
    lines.push(" ".repeat(margin) + block.map((j) => padEnd(heads[j]!, widths[j]!)).join(""));
    for (const [i, name] of names.entries()) {
      const cells = block.map((j) => `${shade(values[i * stride + j]!).repeat(widths[j]! - 1)} `);
      lines.push(padEnd(name, margin) + cells.join(""));
    }
    first = end;
  }
  return lines.map((line) => line.trimEnd());
}

function shade(value: number): string {
  return SHADES[Math.min(SHADES.length - 1, Math.floor(value * SHADES.length))]!;
}
