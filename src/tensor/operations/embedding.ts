import type { Pointer } from "../../kernels/kernels.ts";
import { dropout, embeddingBackward, embeddingForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Parameter, Ragged, Tensor } from "../tensor.ts";

/** The positions an embedding adds: a fixed table of sinusoids, or a learned one. */
export type PositionTable =
  | { readonly learned: false; readonly pointer: Pointer }
  | { readonly learned: true; readonly table: Parameter };

/**
 * dropout(table[id] sqrt(D) + positions[position]) for every token (Vaswani et al. 2017, sections 3.4, 3.5
 * and 5.4).
 *
 * @param table [V, D]
 * @returns [T, D]
 */
export function embedding(
  run: Computation,
  sentences: Ragged,
  table: Parameter,
  positionTable: PositionTable,
): Tensor {
  const mask = run.dropoutMask("residual", sentences);
  const { tokens, ids, positions } = sentences;
  const scale = Math.sqrt(table.columns);
  const y = run.tensor(tokens, table.columns);
  return run.record("embedding", y, {
    forward: () => {
      const { pointer } = positionTable.learned ? positionTable.table : positionTable;
      embeddingForward(run, { y, table, positionTable: pointer, ids, positions, scale });
      dropout(run, y, mask);
    },
    backward: (dy) => {
      dropout(run, { ...y, pointer: dy }, mask);
      if (run.learns(table))
        embeddingBackward(run, { dTable: run.gradientOf(table), dy, ids, tokens, scale });
      if (!positionTable.learned || !run.learns(positionTable.table)) return;
      const dTable = run.gradientOf(positionTable.table);
      embeddingBackward(run, { dTable, dy, ids: positions, tokens, scale: 1 });
    },
  });
}
