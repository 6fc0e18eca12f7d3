import { matrix, type Reference, vector } from "./memory.ts";

/** Columns of B that lie together in a panel. */
const PANEL = 8;

/** The floats that {@link packB} writes for B[k, n]: whole panels. */
function panelFloats(n: number, k: number): number {
  return Math.ceil(n / PANEL) * PANEL * k;
}

/** The floats that {@link packB} writes for B[k, n]. */
export const packedSize: Reference<"packedSize"> = () => panelFloats;

/** None: the matrices are read where they lie. */
export const gemmWorkspace: Reference<"gemmWorkspace"> = () => () => 0;

/** Where B[p, j] lies among the panels of a B that was packed with `k` rows. */
function inPanels(p: number, j: number, k: number): number {
  return (Math.floor(j / PANEL) * k + p) * PANEL + (j % PANEL);
}

/**
 * Copies B[k, n] into panels of eight columns: a panel is k rows of eight floats, panel follows panel, and the
 * columns past n are zero. B is given with `ldb` floats from row to row, or transposed, as [n, k].
 */
export const packB: Reference<"packB"> = (memory) => (packed, b, ldb, transposed, n, k) => {
  const panels = vector(memory, packed, panelFloats(n, k));
  const B = transposed ? matrix(memory, b, n, k, ldb) : matrix(memory, b, k, n, ldb);
  panels.fill(0);
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < n; j++) panels[inPanels(p, j, k)] = transposed ? B[j]![p]! : B[p]![j]!;
  }
};

/**
 * C[m, n] = A[m, k] B[k, n], plus C when `accumulate`, plus bias[n] unless that is 0, through ReLU when `relu`.
 * A is given with `lda` floats from row to row, or transposed, as [k, m]; B as {@link packB} left it, packed
 * with `packedK` rows, of which the first k are used. No workspace is needed.
 */
export const gemm: Reference<"gemm"> =
  (memory) => (c, ldc, a, lda, aTransposed, packed, packedK, m, n, k, accumulate, bias, relu) => {
    const C = matrix(memory, c, m, n, ldc);
    const A = aTransposed ? matrix(memory, a, k, m, lda) : matrix(memory, a, m, k, lda);
    const panels = vector(memory, packed, panelFloats(n, packedK));
    const biases = bias === 0 ? undefined : vector(memory, bias, n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = accumulate ? C[i]![j]! : 0;
        for (let p = 0; p < k; p++) {
          sum += (aTransposed ? A[p]![i]! : A[i]![p]!) * panels[inPanels(p, j, packedK)]!;
        }
        if (biases !== undefined) sum += biases[j]!;
        C[i]![j] = relu && sum < 0 ? 0 : sum; // a NaN is not below 0: it stays, and is noticed
      }
    }
  };
