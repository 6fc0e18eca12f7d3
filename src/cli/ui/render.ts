import type { WriteStream } from "node:tty";
import type { ChalkInstance } from "chalk";
import type { Block, Histogram, Span, Tone } from "../../report/document.ts";
import { count } from "../../report/format.ts";
import { asInvoked } from "../invocation.ts";
import { clip, displayWidth, padEnd, padStart, table, wrap } from "./layout.ts";
import { coloursFor, printable } from "./terminal.ts";

/** Where a report is shown. */
export interface Canvas {
  /** In columns. */
  readonly width: number;
  readonly colours: ChalkInstance;
  /** The character that bars are made of. */
  readonly bar: string;
}

/** The columns of a reader that does not say how many it has. */
const USUAL_WIDTH = 80;

/** Where a report that goes to a stream is shown. */
export function canvasFor(stream: WriteStream): Canvas {
  const { columns = USUAL_WIDTH, isTTY = false } = stream;
  return { width: columns, colours: coloursFor(stream), bar: isTTY ? "█" : "#" };
}

/** Columns of the longest bar. */
const LONGEST_BAR = 18;
/** Where less of a quoted text would be seen beside what is said of it, in columns, it has a line of its own. */
const LEAST_QUOTE = 30;

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

function renderBlock(block: Block, { width, colours, bar }: Canvas): string {
  const paint = (span: Span): string =>
    typeof span === "string" ? printable(span) : colours[PAINTS[span.tone]](printable(span.text));
  switch (block.kind) {
    case "heading":
      return `${colours.bold(printable(block.text))}\n`;
    case "line":
      return `${block.spans.map(paint).join("")}\n`;
    case "command":
      return `  ${printable(asInvoked(block.text))}\n`;
    case "facts":
      return facts(block.rows, width, colours, paint);
    case "table":
      return table(
        block.rows.map((row) => row.map(paint)),
        block.right,
      );
    case "histograms":
      return histograms(block.sides, width, bar);
    case "quote":
      return quote(printable(block.place), printable(block.remark), printable(block.text), width, colours);
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
