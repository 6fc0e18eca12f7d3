/** A cell, with the text as it is without colours when those make it longer than it looks. */
export type Cell = string | { readonly text: string; readonly shown: string };

/**
 * Rows in columns that line up, two spaces apart and two from the margin.
 *
 * @param right the columns that are flush right; the others are flush left
 * @returns one line a row, each with its newline
 */
export function table(rows: readonly (readonly Cell[])[], right: readonly number[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => textOf(row[column] ?? "").length)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const padding = " ".repeat(widths[column]! - textOf(cell).length);
        const shown = typeof cell === "string" ? cell : cell.shown;
        return right.includes(column) ? padding + shown : shown + padding;
      });
      return `  ${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}
