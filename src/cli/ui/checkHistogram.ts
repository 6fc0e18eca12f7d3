import type { Bin } from "../../data/check/lengths.ts";
import type { SideReport } from "../../data/check/sideStatistics.ts";
import { count } from "./format.ts";

/** Columns of the longest bar. */
const LONGEST_BAR = 18;

/**
 * The lengths of both sides as bars, one beside the other where there is room.
 *
 * @param width columns there are
 * @param bar the character that bars are made of
 */
export function histograms(
  sides: readonly (readonly [title: string, side: SideReport])[],
  width: number,
  bar: string,
): string {
  const blocks = sides.map(([title, side]) => [`${title}, ${side.unit}`, ...barsOf(side.histogram, bar)]);
  const widths = blocks.map((lines) => Math.max(...lines.map((line) => line.length)));
  const isBeside = widths.reduce((sum, columns) => sum + columns + 4, 0) <= width;
  if (!isBeside) return blocks.map((lines) => lines.map((line) => `  ${line}\n`).join("")).join("\n");
  const rows = Math.max(...blocks.map((lines) => lines.length));
  return Array.from({ length: rows }, (_, row) => {
    const cells = blocks.map((lines, i) => (lines[row] ?? "").padEnd(widths[i]!));
    return `  ${cells.join("    ").trimEnd()}\n`;
  }).join("");
}

function barsOf(all: readonly Bin[], bar: string): string[] {
  const bins = all.slice(0, all.findLastIndex((bin) => bin.count > 0) + 1);
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const labels = bins.map(({ from, to }) => (from === to ? count(from) : `${count(from)}-${count(to)}`));
  const labelWidth = Math.max(...labels.map((label) => label.length), 0);
  return bins.map((bin, i) => {
    // Whatever is there at all is to be seen.
    const length = bin.count === 0 ? 0 : Math.max(1, Math.round((LONGEST_BAR * bin.count) / most));
    const number = bin.count === 0 ? "" : count(bin.count);
    return `${labels[i]!.padStart(labelWidth)}  ${[bar.repeat(length), number].filter(Boolean).join(" ")}`.trimEnd();
  });
}
