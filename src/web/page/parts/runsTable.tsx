import type { Column, RunsTable } from "../../../report/runs.ts";
import { texts } from "../texts/texts.ts";
import { Scroll } from "./scroll.tsx";

/** Runs in numbers: a row each, and in each column the best number stands out. */
export function RunsTableView({ table, label }: { readonly table: RunsTable; readonly label: string }) {
  const t = texts.value.report;
  const { columns, rows } = table;
  const best = columns.map((column, i) =>
    bestOf(
      column,
      rows.map(({ cells }) => cells[i]),
    ),
  );
  return (
    <Scroll label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.run}</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {t.columns[name] ?? name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, cells }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {cells.map((cell, i) => (
                <td
                  key={columns[i]!.name}
                  class={
                    rows.length > 1 && cell !== null && cell === best[i] ? "number best-value" : "number"
                  }
                >
                  {typeof cell === "number" ? decimals(cell, columns[i]!.digits) : (cell ?? "–")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** A number with so many decimals, and its thousands. */
export function decimals(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function bestOf({ better }: Column, cells: readonly unknown[]): number | undefined {
  const numbers = cells.filter((cell) => typeof cell === "number");
  if (better === undefined || numbers.length === 0) return undefined;
  return better === "lower" ? Math.min(...numbers) : Math.max(...numbers);
}
