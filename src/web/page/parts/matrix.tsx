import { useEffect, useRef, useState } from "preact/hooks";
import type { Matrix } from "../../../model/trace.ts";
import { colourOf } from "../colours.ts";
import { shortNumber } from "../numbers.ts";
import { texts } from "../texts/texts.ts";
import { theme } from "../theme.ts";
import { Scroll } from "./scroll.tsx";

interface MatrixProps {
  readonly matrix: Matrix;
  /** What it is, for those who cannot see it. */
  readonly label: string;
  readonly rowLabels?: readonly string[] | undefined;
  readonly columnLabels?: readonly string[] | undefined;
  /** The number that has the strongest colour; by default the largest there is. */
  readonly most?: number;
  /** The least height and width of a cell, in pixels. */
  readonly cell?: readonly [width: number, height: number];
  /** The row and column that light up elsewhere. */
  readonly marked?: { readonly row?: number | undefined; readonly column?: number | undefined } | undefined;
  readonly onPoint?: (cell: { readonly row: number; readonly column: number } | undefined) => void;
}

/** A matrix as colours. Every number can be looked at: with the pointer, or with the arrow keys. */
export function MatrixView({
  matrix,
  label,
  rowLabels,
  columnLabels,
  most,
  cell: [cellWidth, cellHeight] = [14, 14],
  marked,
  onPoint,
}: MatrixProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState<{ readonly row: number; readonly column: number }>();
  const { rows, columns, values } = matrix;
  const width = Math.max(1, Math.round(cellWidth)) * columns;
  const height = Math.max(1, Math.round(cellHeight)) * rows;
  const shade = theme.value;
  useEffect(() => {
    draw(canvas.current!, matrix, most, shade);
  }, [matrix, most, shade]);
  const point = (cell: typeof at): void => {
    setAt(cell);
    onPoint?.(cell);
  };
  const cellUnder = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return column >= 0 && column < columns && row >= 0 && row < rows ? { row, column } : undefined;
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
    const { row, column } = at ?? { row: 0, column: 0 };
    const clamp = (value: number, size: number): number => Math.min(size - 1, Math.max(0, value));
    point(
      at === undefined
        ? { row, column }
        : { row: clamp(row + step[0], rows), column: clamp(column + step[1], columns) },
    );
  };
  const name = (labels: readonly string[] | undefined, i: number): string => labels?.[i] ?? String(i);
  const shown = at !== undefined && at.row < rows && at.column < columns ? at : undefined;
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
          <ol class="rows" style={{ height: `${height}px` }} aria-hidden="true">
            {rowLabels.map((text, i) => (
              <li key={i} class={marked?.row === i || shown?.row === i ? "lit" : ""}>
                {text}
              </li>
            ))}
          </ol>
        )}
        <div>
          <canvas
            ref={canvas}
            width={columns}
            height={rows}
            style={{ width: `${width}px`, height: `${height}px` }}
            tabIndex={0}
            role="img"
            aria-label={`${label}, ${rows} × ${columns}. ${texts.value.matrix.help}`}
            onPointerMove={(event) => point(cellUnder(event))}
            onPointerLeave={() => point(undefined)}
            onKeyDown={move}
            onBlur={() => point(undefined)}
          />
          {columnLabels && (
            <ol class="columns" style={{ width: `${width}px` }} aria-hidden="true">
              {columnLabels.map((text, i) => (
                <li key={i} class={marked?.column === i || shown?.column === i ? "lit" : ""}>
                  {text}
                </li>
              ))}
            </ol>
          )}
        </div>
      </div>
      <output aria-live="polite">
        {shown === undefined
          ? "\u00a0"
          : `${name(rowLabels, shown.row)}, ${name(columnLabels, shown.column)}: ${shortNumber(values[shown.row * columns + shown.column]!)}`}
      </output>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{texts.value.matrix.numbers}</summary>
        {isOpen && <Numbers matrix={matrix} rowLabels={rowLabels} columnLabels={columnLabels} />}
      </details>
    </figure>
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
}: Pick<MatrixProps, "matrix" | "rowLabels" | "columnLabels">) {
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
