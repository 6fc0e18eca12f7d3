import stringWidth from "string-width";
import type { Part } from "../../report/document.ts";

/** What people take for one character, be it many code points (UAX 29). */
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The columns of a terminal that a text takes: two for a wide character of East Asia (UAX 11) or an emoji, none for
 * what is drawn over the character before it, for what is not drawn and for the sequences that colour text.
 */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/** A text with spaces behind it, up to a width in columns. */
export function padEnd(text: string, width: number): string {
  return text + padding(text, width);
}

/** A text with spaces before it, up to a width in columns. */
export function padStart(text: string, width: number): string {
  return padding(text, width) + text;
}

function padding(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** The beginning of a text that fits into some columns, with an ellipsis where it goes on. */
export function clip(text: string, columns: number): string {
  let used = 0;
  let fits = ""; // what fits with the ellipsis behind it
  for (const { segment } of GRAPHEMES.segment(text)) {
    used += displayWidth(segment);
    if (used > columns) return `${fits}…`;
    if (used < columns) fits += segment;
  }
  return text;
}

/** A text in lines of at most `width` columns, broken between words; a word longer than that has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && displayWidth(line) + 1 + displayWidth(word) <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/**
 * As many parts as there is room for, in their order, two spaces apart.
 *
 * @param width in columns
 */
export function fitParts(parts: readonly Part[], width: number): string {
  const line = parts
    .map(([text]) => text)
    .filter((text) => text !== "")
    .join("  ");
  if (displayWidth(line) <= width || parts.length <= 1) return line;
  const least = Math.min(...parts.map(([, rank]) => rank));
  return fitParts(
    parts.filter(([, rank]) => rank !== least),
    width,
  );
}

/**
 * Rows in columns that line up, two spaces apart and two from the margin.
 *
 * @param right the columns that are flush right; the others are flush left
 * @returns one line a row, each with its newline
 */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => displayWidth(row[column] ?? ""))),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        (right.includes(column) ? padStart : padEnd)(cell, widths[column]!),
      );
      return `  ${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}
