import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Matrix } from "../../../model/trace.ts";
import { colourOf } from "../colours.ts";
import { shortNumber } from "../numbers.ts";
import type { Place, TokenRow } from "../state.ts";
import { texts } from "../texts/texts.ts";
import { theme } from "../theme.ts";
import { isLit, placeIn } from "./lighting.ts";
import { Scroll } from "./scroll.tsx";

/** What stands along a side of a matrix: names, which may be those of tokens that are shown elsewhere too. */
type Labels = Pick<TokenRow, "labels"> & Partial<TokenRow>;

interface MatrixProps {
  readonly matrix: Matrix;
  /** What it is, for those who cannot see it. */
  readonly label: string;
  readonly rows?: Labels | undefined;
  readonly columns?: Labels | undefined;
  /** The number that has the strongest colour; by default the largest there is. */
  readonly most?: number;
  /** The least height and width of a cell, in pixels. */
  readonly cell?: readonly [width: number, height: number];
  /** The row of what was chosen. */
  readonly chosen?: number | undefined;
  /** The tokens that are lit, which this matrix shows and changes. */
  readonly lit?: Signal<readonly Place[]> | undefined;
}

/** A place in a matrix; a label along a side has only one of the two. */
interface Cell {
  readonly row?: number;
  readonly column?: number;
}

/** Which of the labels are tokens that are lit. */
function litAmong(row: Labels | undefined, lit: Signal<readonly Place[]> | undefined): ReadonlySet<number> {
  const { labels = [], side, first = 0 } = row ?? {};
  if (side === undefined || lit === undefined) return new Set();
  return new Set(labels.flatMap((_, i) => (isLit(lit, placeIn({ side, first }, i)) ? [i] : [])));
}

/** A matrix as colours. Every number can be looked at: with the pointer, or with the arrow keys. */
export function MatrixView({
  matrix,
  label,
  rows: rowLabels,
  columns: columnLabels,
  most,
  cell: [cellWidth, cellHeight] = [14, 14],
  chosen,
  lit,
}: MatrixProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState<Cell>({});
  const { rows, columns, values } = matrix;
  const [width, height] = [Math.max(1, Math.round(cellWidth)), Math.max(1, Math.round(cellHeight))];
  const shade = theme.value;
  useEffect(() => {
    draw(canvas.current!, matrix, most, shade);
  }, [matrix, most, shade]);
  const point = (cell: Cell): void => {
    if (cell.row === at.row && cell.column === at.column) return;
    setAt(cell);
    if (lit === undefined) return;
    const placeOf = (row: Labels | undefined, i: number | undefined): readonly Place[] =>
      i === undefined || row?.side === undefined
        ? []
        : [placeIn({ side: row.side, first: row.first ?? 0 }, i)];
    lit.value = [...placeOf(rowLabels, cell.row), ...placeOf(columnLabels, cell.column)];
  };
  const cellUnder = (event: PointerEvent): Cell => {
    const box = canvas.current!.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return column >= 0 && column < columns && row >= 0 && row < rows ? { row, column } : {};
  };
  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, readonly [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const { row, column } = at;
    const clamp = (value: number, size: number): number => Math.min(size - 1, Math.max(0, value));
    point(
      row === undefined || column === undefined
        ? { row: 0, column: 0 }
        : { row: clamp(row + step[0], rows), column: clamp(column + step[1], columns) },
    );
  };
  const name = (row: Labels | undefined, i: number): string => row?.labels[i] ?? String(i);
  const { row = rows, column = columns } = at;
  const litRows = new Set([...litAmong(rowLabels, lit), ...(chosen === undefined ? [] : [chosen])]);
  const litColumns = litAmong(columnLabels, lit);
  return (
    <figure class="matrix">
      <figcaption>
        {label}{" "}
        <span class="shape">
          [{rows}, {columns}]
        </span>
      </figcaption>
      <div class="matrix-grid">
        {rowLabels && (
          <LabelList
            along="rows"
            labels={rowLabels.labels}
            pixels={height * rows}
            lit={litRows}
            pointed={at.row}
            onPoint={(i) => point(i === undefined ? {} : { row: i })}
          />
        )}
        <div>
          <div class="cells">
            <canvas
              ref={canvas}
              width={columns}
              height={rows}
              style={{ width: `${width * columns}px`, height: `${height * rows}px` }}
              tabIndex={0}
              role="img"
              aria-label={`${label}, ${rows} × ${columns}. ${texts.value.matrix.help}`}
              onPointerMove={(event) => point(cellUnder(event))}
              onPointerLeave={() => point({})}
              onKeyDown={move}
              onBlur={() => point({})}
            />
            {[...litRows].map((i) => (
              <i
                key={`row ${i}`}
                style={{ top: `${height * i}px`, height: `${height}px`, width: `${width * columns}px` }}
              />
            ))}
            {[...litColumns].map((j) => (
              <i
                key={`column ${j}`}
                style={{ left: `${width * j}px`, width: `${width}px`, height: `${height * rows}px` }}
              />
            ))}
          </div>
          {columnLabels && (
            <LabelList
              along="columns"
              labels={columnLabels.labels}
              pixels={width * columns}
              lit={litColumns}
              pointed={at.column}
              onPoint={(j) => point(j === undefined ? {} : { column: j })}
            />
          )}
        </div>
      </div>
      <output aria-live="polite">
        {row < rows && column < columns
          ? `${name(rowLabels, row)}, ${name(columnLabels, column)}: ${shortNumber(values[row * columns + column]!)}`
          : "\u00a0"}
      </output>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{texts.value.matrix.numbers}</summary>
        {isOpen && (
          <Numbers matrix={matrix} rowLabels={rowLabels?.labels} columnLabels={columnLabels?.labels} />
        )}
      </details>
    </figure>
  );
}

interface LabelListProps {
  readonly along: "rows" | "columns";
  readonly labels: readonly string[];
  /** The length of the side. */
  readonly pixels: number;
  readonly lit: ReadonlySet<number>;
  readonly pointed: number | undefined;
  readonly onPoint: (i: number | undefined) => void;
}

/** What stands along a side of a matrix; those who cannot see it hear the names with the numbers. */
function LabelList({ along, labels, pixels, lit, pointed, onPoint }: LabelListProps) {
  return (
    <ol class={along} style={{ [along === "rows" ? "height" : "width"]: `${pixels}px` }} aria-hidden="true">
      {labels.map((text, i) => (
        <li
          key={i}
          class={lit.has(i) || pointed === i ? "lit" : ""}
          onPointerEnter={() => onPoint(i)}
          onPointerLeave={() => onPoint(undefined)}
        >
          {text}
        </li>
      ))}
    </ol>
  );
}

/** A small picture of a matrix, for what says in words what it is. */
export function Thumbnail({ matrix, most }: { readonly matrix: Matrix; readonly most: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shade = theme.value;
  useEffect(() => {
    draw(canvas.current!, matrix, most, shade);
  }, [matrix, most, shade]);
  return <canvas ref={canvas} class="thumbnail" width={matrix.columns} height={matrix.rows} />;
}

/** The numbers themselves. */
function Numbers({
  matrix,
  rowLabels,
  columnLabels,
}: {
  readonly matrix: Matrix;
  readonly rowLabels: readonly string[] | undefined;
  readonly columnLabels: readonly string[] | undefined;
}) {
  const { rows, columns, values } = matrix;
  return (
    <Scroll label={texts.value.matrix.numbers}>
      <table class="numbers">
        <thead>
          <tr>
            <td />
            {Array.from({ length: columns }, (_, j) => (
              <th key={j} scope="col">
                {columnLabels?.[j] ?? j}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: rows }, (_, i) => (
            <tr key={i}>
              <th scope="row">{rowLabels?.[i] ?? i}</th>
              {Array.from(values.subarray(i * columns, (i + 1) * columns), (value, j) => (
                <td key={j} title={String(value)}>
                  {shortNumber(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** A pixel a number: the browser makes them as large as they are wanted. */
function draw(
  canvas: HTMLCanvasElement,
  { rows, columns, values }: Matrix,
  most: number | undefined,
  shade: "light" | "dark",
): void {
  const context = canvas.getContext("2d")!;
  const largest = most ?? values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  context.clearRect(0, 0, columns, rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      context.fillStyle = colourOf(values[row * columns + column]! / (largest || 1), shade);
      context.fillRect(column, row, 1, 1);
    }
}
