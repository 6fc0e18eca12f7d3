import type { ChalkInstance } from "chalk";
import type { HeatMap } from "../../report/document.ts";
import { colourOf, inkOn } from "../../report/palette.ts";
import { displayWidth, padEnd, padStart } from "./layout.ts";
import { printable } from "./terminal.ts";

/** From nothing to everything, in equal steps. */
const SHADES = [" ", "░", "▒", "▓", "█"];
/** The narrowest column of shades: one that can be seen. */
const NARROWEST_SHADE = 2;
/** The narrowest column of colours: all percentages fit. */
const NARROWEST_COLOUR = 3;
/** What chalk calls 256 colours: with the sixteen of older terminals shades say more. */
const MANY_COLOURS = 2;
/** The palette's colours at equal distances in such a terminal, whose nearest ones would be grey here and there. */
const ANSI = [54, 55, 61, 25, 31, 37, 36, 35, 77, 149, 227];

/** How a value is shown in so many columns. */
type Cell = (value: number, width: number) => string;

/**
 * Draws a matrix as lines of no more than `width` columns: where it is too wide, the columns that are left follow below.
 *
 * @param colours with enough of them values are colours with percentages in them, otherwise shades of grey
 */
export function heatMap(
  { rows, columns, values, stride }: HeatMap,
  width: number,
  colours?: ChalkInstance,
): string[] {
  const painter = colours !== undefined && colours.level >= MANY_COLOURS ? colours : undefined;
  const cell = painter === undefined ? shade : percentageOn(painter);
  const narrowest = painter === undefined ? NARROWEST_SHADE : NARROWEST_COLOUR;
  const names = rows.map(printable);
  const heads = columns.map(printable);
  const margin = Math.max(0, ...names.map(displayWidth)) + 1;
  const widths = heads.map((head) => Math.max(narrowest, displayWidth(head)) + 1);
  const lines: string[] = [];
  for (let first = 0; first < heads.length; ) {
    let end = first + 1;
    let used = margin + widths[first]!;
    while (end < heads.length && used + widths[end]! <= width) used += widths[end++]!;
    const block = Array.from({ length: end - first }, (_, i) => first + i);
    if (first > 0) lines.push("");
    lines.push(" ".repeat(margin) + block.map((j) => padEnd(heads[j]!, widths[j]!)).join(""));
    for (const [i, name] of names.entries()) {
      const cells = block.map((j) => cell(values[i * stride + j]!, widths[j]!));
      lines.push(padEnd(name, margin) + cells.join(""));
    }
    first = end;
  }
  return lines.map((line) => line.trimEnd());
}

/** What the colours or shades of a heat map mean. */
export function legend(colours: ChalkInstance): string {
  if (colours.level >= MANY_COLOURS) {
    const steps = [0, 0.25, 0.5, 0.75, 1].map((value) => percentageOn(colours)(value, 5)).join("");
    return `${steps} percent of the row`;
  }
  const steps = SHADES.slice(1).map((symbol, i) => `${symbol} ${(100 * (i + 1)) / SHADES.length}`);
  return `percent of the row, from ${steps.join("  ")}`;
}

const shade: Cell = (value, width) => {
  const step = Math.min(SHADES.length - 1, Math.floor(value * SHADES.length));
  return `${(SHADES[step] ?? " ").repeat(width - 1)} `;
};

/** Colours with numbers in them; what cannot be is left out. */
function percentageOn(colours: ChalkInstance): Cell {
  return (value, width) => {
    if (Number.isNaN(value)) return " ".repeat(width);
    const ground = colourOf(value);
    const painted =
      colours.level === MANY_COLOURS
        ? colours.bgAnsi256(ANSI[Math.round(value * (ANSI.length - 1))]!)
        : colours.bgRgb(...ground);
    const text = `${padStart(String(Math.round(100 * value)), width - 1)} `;
    return painted.rgb(...inkOn(ground))(text);
  };
}
