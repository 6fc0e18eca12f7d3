import { dropout } from "./dropout.ts";
import { matrix, type Reference, vector } from "./memory.ts";

/** sum = x + dropout(sublayer), all [rows, columns]; `sublayer` holds dropout(sublayer) afterwards. */
export const residualForward: Reference<"residualForward"> =
  (memory) => (sum, x, sublayer, rows, columns, rowKeys, site, threshold) => {
    dropout(memory)(sublayer, rows, columns, rowKeys, site, threshold);
    const n = rows * columns;
    const S = vector(memory, sum, n);
    const X = vector(memory, x, n);
    const dropped = vector(memory, sublayer, n);
    for (let i = 0; i < n; i++) S[i] = X[i]! + dropped[i]!;
  };

/**
 * y = gamma n + beta with n = (x - mean) / sqrt(variance + epsilon), row by row (Ba et al. 2016). y and x are
 * [rows, columns], gamma and beta [columns]; mean and variance are those of the row, the variance divided by
 * the number of columns. `statistics` [rows, 2] takes mean and 1 / sqrt(variance + epsilon).
 */
export const layerNormForward: Reference<"layerNormForward"> =
  (memory) => (y, statistics, x, gamma, beta, rows, columns, epsilon) => {
    const Y = matrix(memory, y, rows, columns);
    const X = matrix(memory, x, rows, columns);
    const kept = matrix(memory, statistics, rows, 2);
    const gammas = vector(memory, gamma, columns);
    const betas = vector(memory, beta, columns);
    for (let i = 0; i < rows; i++) {
      const mean = meanOf(columns, (j) => X[i]![j]!);
      const variance = meanOf(columns, (j) => (X[i]![j]! - mean) ** 2);
      const inverse = 1 / Math.sqrt(variance + epsilon);
      for (let j = 0; j < columns; j++) Y[i]![j] = gammas[j]! * (X[i]![j]! - mean) * inverse + betas[j]!;
      kept[i]!.set([mean, inverse]);
    }
  };

/**
 * The gradients of {@link layerNormForward}: with n as above and g = dy gamma,
 * dx = (g - mean(g) - n mean(g n)) / sqrt(variance + epsilon), the means over the row; dGamma += the sum of dy n
 * and dBeta += the sum of dy, over the rows. dx is added to when `accumulate`, and may be dy.
 */
export const layerNormBackward: Reference<"layerNormBackward"> =
  (memory) => (dx, dGamma, dBeta, dy, x, statistics, gamma, rows, columns, accumulate) => {
    const dX = matrix(memory, dx, rows, columns);
    const dY = matrix(memory, dy, rows, columns);
    const X = matrix(memory, x, rows, columns);
    const kept = matrix(memory, statistics, rows, 2);
    const gammas = vector(memory, gamma, columns);
    const dGammas = vector(memory, dGamma, columns);
    const dBetas = vector(memory, dBeta, columns);
    const normalised = (i: number, j: number): number => (X[i]![j]! - kept[i]![0]!) * kept[i]![1]!;
    for (let j = 0; j < columns; j++) {
      let sumGamma = dGammas[j]!;
      let sumBeta = dBetas[j]!;
      for (let i = 0; i < rows; i++) {
        sumGamma += dY[i]![j]! * normalised(i, j);
        sumBeta += dY[i]![j]!;
      }
      dGammas[j] = sumGamma;
      dBetas[j] = sumBeta;
    }
    for (let i = 0; i < rows; i++) {
      const g = Array.from(dY[i]!, (d, j) => d * gammas[j]!);
      const meanG = meanOf(columns, (j) => g[j]!);
      const meanGN = meanOf(columns, (j) => g[j]! * normalised(i, j));
      for (let j = 0; j < columns; j++) {
        const d = (g[j]! - meanG - normalised(i, j) * meanGN) * kept[i]![1]!;
        dX[i]![j] = accumulate ? dX[i]![j]! + d : d;
      }
    }
  };

/** {@link residualForward}, then {@link layerNormForward} of the sum. */
export const residualNormForward: Reference<"residualNormForward"> =
  (memory) =>
  (y, sum, statistics, x, sublayer, gamma, beta, rows, columns, epsilon, rowKeys, site, threshold) => {
    residualForward(memory)(sum, x, sublayer, rows, columns, rowKeys, site, threshold);
    layerNormForward(memory)(y, statistics, sum, gamma, beta, rows, columns, epsilon);
  };

/** {@link layerNormBackward} gives dSum; dx (+)= dSum and dSublayer = dropout(dSum). */
export const residualNormBackward: Reference<"residualNormBackward"> =
  (memory) =>
  (
    dx,
    dSublayer,
    dGamma,
    dBeta,
    dy,
    sum,
    statistics,
    gamma,
    rows,
    columns,
    accumulate,
    rowKeys,
    site,
    threshold,
  ) => {
    layerNormBackward(memory)(
      ...([dSublayer, dGamma, dBeta, dy, sum, statistics, gamma, rows, columns, 0] as const),
    );
    const n = rows * columns;
    const dX = vector(memory, dx, n);
    const dSum = vector(memory, dSublayer, n);
    for (let i = 0; i < n; i++) dX[i] = accumulate ? dX[i]! + dSum[i]! : dSum[i]!;
    dropout(memory)(dSublayer, rows, columns, rowKeys, site, threshold);
  };

/** The mean of n terms. */
function meanOf(n: number, term: (j: number) => number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += term(j);
  return sum / n;
}
