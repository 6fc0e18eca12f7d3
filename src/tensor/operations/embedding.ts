import type { Pointer } from "../../kernels/kernels.ts";
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
  ragged: Ragged,
  table: Parameter,
  positions: PositionTable,
): Tensor {
  const { kernels, tape } = run;
  const dropThreshold = run.dropThresholds.residual;
  run.begin("embedding");
  const { tokens, ids, rowKeys } = ragged;
  const dModel = table.columns;
  const scale = Math.sqrt(dModel);
  const site = run.dropoutSites();
  const y = run.tensor(tokens, dModel);
  const positionTable = positions.learned ? positions.table.pointer : positions.pointer;
  kernels.embeddingForward(
    y.pointer,
    table.pointer,
    positionTable,
    ids,
    ragged.positions,
    tokens,
    dModel,
    scale,
  );
  kernels.dropout(y.pointer, tokens, dModel, rowKeys, site, dropThreshold);
  tape?.record("embedding", y, (dy) => {
    kernels.dropout(dy, tokens, dModel, rowKeys, site, dropThreshold);
    kernels.embeddingBackward(run.gradientOf(table), dy, ids, tokens, dModel, scale);
    if (positions.learned) {
      kernels.embeddingBackward(run.gradientOf(positions.table), dy, ragged.positions, tokens, dModel, 1);
    }
  });
  return y;
}
