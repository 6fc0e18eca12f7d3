import type { WriteStream } from "node:tty";
import type { ChalkInstance } from "chalk";
import type { Block, Histogram, Span, Tone } from "../../report/document.ts";
import { count } from "../../report/format.ts";
import { asInvoked } from "../invocation.ts";
import { heatMap, legend } from "./heatMap.ts";
import { clip, displayWidth, padEnd, padStart, table, wrap } from "./layout.ts";
import { coloursFor, printable } from "./terminal.ts";

/** Where a report is shown. */
export interface Canvas {
  /** In columns. */
  readonly width: number;
  /** Whether tables and lines that are too wide are broken: those that a program may read are not. */
  readonly breaks: boolean;
  readonly colours: ChalkInstance;
  /** The character that bars are made of. */
  readonly bar: string;
}

/** The columns of a reader that does not say how many it has. */
const USUAL_WIDTH = 100;

/** Where a report that goes to a stream is shown. */
export function canvasFor(stream: WriteStream): Canvas {
  const { columns = USUAL_WIDTH, isTTY = false } = stream;
  return { width: columns, breaks: isTTY, colours: coloursFor(stream), bar: isTTY ? "█" : "#" };
}

/** Columns of the longest bar. */
const LONGEST_BAR = 18;
/** Where less of a quoted text would be seen beside what is said of it, in columns, it has a line of its own. */
const LEAST_QUOTE = 30;

/** Of two texts side by side, the most that the first gets of the line. */
const LEFT_SHARE = 0.45;

const PAINTS = {
  strong: "bold",
  dim: "dim",
  good: "green",
  warning: "yellow",
  bad: "red",
} as const satisfies Record<Tone, keyof ChalkInstance>;

/** A report as lines for a terminal, each with its newline. */
export function render(blocks: readonly Block[], canvas: Canvas): string {
  return blocks.map((block) => renderBlock(block, canvas)).join("");
}

function renderBlock(block: Block, { width, breaks, colours, bar }: Canvas): string {
  const end = breaks ? width : Number.POSITIVE_INFINITY;
  const paint = (span: Span): string =>
    typeof span === "string" ? printable(span) : colours[PAINTS[span.tone]](printable(span.text));
  switch (block.kind) {
    case "heading":
      return `${colours.bold(printable(block.text))}\n`;
    case "line":
      return `${wrap(block.spans.map(paint).join(""), end).join("\n")}\n`;
    case "command":
      return `  ${printable(asInvoked(block.text))}\n`;
    case "facts":
      return facts(block.rows, width, colours, paint);
    case "table":
      return fitTable(
        block.rows.map((row) => row.map(paint)),
        block.right,
        end,
      );
    case "histograms":
      return histograms(block.sides, width, bar);
    case "heatMap":
      return `${[...heatMap(block.map, end, colours), "", legend(colours)].join("\n")}\n`;
    case "quote":
      return quote(printable(block.place), printable(block.remark), printable(block.text), width, colours);
    case "pairs":
      return pairs(block.rows, end, colours, paint);
    case "gap":
      return "\n";
  }
}

function facts(
  rows: readonly (readonly [label: string, text: Span])[],
  width: number,
  colours: ChalkInstance,
  paint: (span: Span) => string,
): string {
  const labelWidth = Math.max(...rows.map(([label]) => displayWidth(label)));
  return table(
    rows.flatMap(([label, span]) => {
      const text = typeof span === "string" ? span : span.text;
      const lines = wrap(printable(text), width - labelWidth - 4);
      return lines.map((line, i) => [
        i === 0 ? colours.dim(label) : "",
        paint(typeof span === "string" ? line : { ...span, text: line }),
      ]);
    }),
  );
}

/**
 * A table that takes no more columns of the terminal than there are, where words allow it: one of numbers goes on below
 * with its first column once more; of another what stands last goes on in lines of its own.
 */
function fitTable(rows: readonly (readonly string[])[], right: readonly number[], width: number): string {
  const whole = table(rows, right);
  const lines = whole.split("\n");
  if (lines.every((line) => displayWidth(line) <= width)) return whole;
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => displayWidth(row[column] ?? ""))),
  );
  if (right.length === 0 || widths[0]! > width / 2) {
    return rows
      .map((row, i) =>
        displayWidth(lines[i]!) <= width
          ? `${lines[i]}\n`
          : foldRow(row, widths, width, right.length === 0 ? row.length - 1 : 1),
      )
      .join("");
  }
  let fit = 1;
  for (let used = widths[0]! + 2; fit < columns && used + widths[fit]! + 2 <= width; fit++)
    used += widths[fit]! + 2;
  const [left, others] = [range(0, fit), [0, ...range(Math.max(1, fit), columns)]];
  const part = (kept: readonly number[]): string =>
    fitTable(
      rows.map((row) => kept.map((column) => row[column] ?? "")),
      kept.flatMap((column, i) => (right.includes(column) ? [i] : [])),
      width,
    );
  return fit === 1 ? whole : `${part(left)}\n${part(others)}`;
}

/**
 * A row whose last cells have lines of their own: beside the others where there is room, and otherwise below them.
 *
 * @param first the first of these cells
 */
function foldRow(row: readonly string[], widths: readonly number[], width: number, first: number): string {
  const others = row.slice(0, first).map((cell, column) => padEnd(cell, widths[column]!));
  const head = `  ${others.join("  ")}`;
  const text = row.slice(first).join("  ");
  const room = width - displayWidth(head) - 2;
  const longest = Math.max(...text.split(" ").map(displayWidth));
  if (room < Math.max(LEAST_QUOTE, longest))
    return [head.trimEnd(), ...wrap(text, width - 4).map((line) => `    ${line}`)]
      .map((line) => `${line}\n`)
      .join("");
  const margin = " ".repeat(displayWidth(head));
  return wrap(text, room)
    .map((line, i) => `${i === 0 ? head : margin}  ${line}\n`)
    .join("");
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i);
}

/** Texts in two columns, of which the first has no more than {@link LEFT_SHARE} of the line. */
function pairs(
  rows: Extract<Block, { kind: "pairs" }>["rows"],
  width: number,
  colours: ChalkInstance,
  paint: (span: Span) => string,
): string {
  const [margin, arrow] = ["    ", "  →  "];
  const room = width - margin.length - arrow.length;
  const lefts = rows.map(({ left }) => clip(printable(left), Math.floor(room * LEFT_SHARE)));
  const leftWidth = Math.max(...lefts.map(displayWidth));
  return rows
    .map(({ right }, i) => {
      const text = clip(printable(typeof right === "string" ? right : right.text), room - leftWidth);
      const left = colours.dim(`${margin}${padEnd(lefts[i]!, leftWidth)}${arrow}`);
      return `${left}${paint(typeof right === "string" ? text : { ...right, text })}\n`;
    })
    .join("");
}

/** Bars, those of one side beside those of the other where there is room. */
function histograms(sides: readonly Histogram[], width: number, bar: string): string {
  const blocks = sides.map(({ title, bars }) => [title, ...barsOf(bars, bar)]);
  const widths = blocks.map((lines) => Math.max(...lines.map(displayWidth)));
  const isBeside = widths.reduce((sum, columns) => sum + columns + 4, 0) <= width;
  if (!isBeside) return blocks.map((lines) => lines.map((line) => `  ${line}\n`).join("")).join("\n");
  const rows = Math.max(...blocks.map((lines) => lines.length));
  return Array.from({ length: rows }, (_, row) => {
    const cells = blocks.map((lines, i) => padEnd(lines[row] ?? "", widths[i]!));
    return `  ${cells.join("    ").trimEnd()}\n`;
  }).join("");
}

function barsOf(bars: Histogram["bars"], bar: string): string[] {
  const most = Math.max(1, ...bars.map(({ count: times }) => times));
  const labelWidth = Math.max(...bars.map(({ label }) => displayWidth(label)), 0);
  return bars.map(({ label, count: times }) => {
    // Whatever is there at all is to be seen.
    const length = times === 0 ? 0 : Math.max(1, Math.round((LONGEST_BAR * times) / most));
    const number = times === 0 ? "" : count(times);
    return `${padStart(label, labelWidth)}  ${[bar.repeat(length), number].filter(Boolean).join(" ")}`.trimEnd();
  });
}

function quote(place: string, remark: string, text: string, width: number, colours: ChalkInstance): string {
  const head = `  ${place}  ${colours.dim(remark)}`;
  if (text === "") return `${head}\n`;
  const room = width - displayWidth(head) - 2;
  return room >= LEAST_QUOTE ? `${head}  ${clip(text, room)}\n` : `${head}\n    ${clip(text, width - 4)}\n`;
}
