import { at } from "../kernels.ts";
import { matrix, type Reference, vector } from "./memory.ts";

/**
 * y = gamma n with n = x / sqrt(mean(x^2) + epsilon), group by group of every row (Zhang and Sennrich 2019). A row has
 * `groups` groups of `columns`, and `stride` floats to the next; `inverses` [rows, groups] takes
 * 1 / sqrt(mean(x^2) + epsilon), and gamma is [columns], or 0 for ones.
 */
export const rmsNormForward: Reference<"rmsNormForward"> =
  (memory) => (y, inverses, x, gamma, rows, stride, groups, columns, epsilon) => {
    const kept = matrix(memory, inverses, rows, groups);
    const gammas = gamma === 0 ? new Float32Array(columns).fill(1) : vector(memory, gamma, columns);
    for (let g = 0; g < groups; g++) {
      const Y = matrix(memory, at(y, g * columns), rows, columns, stride);
      const X = matrix(memory, at(x, g * columns), rows, columns, stride);
      for (let i = 0; i < rows; i++) {
        const inverse =
          1 / Math.sqrt(X[i]!.reduce((sum, value) => sum + value * value, 0) / columns + epsilon);
        for (let j = 0; j < columns; j++) Y[i]![j] = X[i]![j]! * inverse * gammas[j]!;
        kept[i]![g] = inverse;
      }
    }
  };

/**
 * The gradients of {@link rmsNormForward}: with n as above and g = dy gamma, dx = (g - n mean(g n)) / rms(x), the mean over
 * the group; dGamma += the sum of dy n over rows and groups, unless gamma is 0. dx is added to when `accumulate`, and may be
 * dy.
 */
export const rmsNormBackward: Reference<"rmsNormBackward"> =
  (memory) => (dx, dGamma, dy, x, inverses, gamma, rows, stride, groups, columns, accumulate) => {
    const kept = matrix(memory, inverses, rows, groups);
    const gammas = gamma === 0 ? new Float32Array(columns).fill(1) : vector(memory, gamma, columns);
    const sums = new Float64Array(columns);
    for (let g = 0; g < groups; g++) {
      const dX = matrix(memory, at(dx, g * columns), rows, columns, stride);
      const dY = matrix(memory, at(dy, g * columns), rows, columns, stride);
      const X = matrix(memory, at(x, g * columns), rows, columns, stride);
      for (let i = 0; i < rows; i++) {
        const inverse = kept[i]![g]!;
        const n = Array.from(X[i]!, (value) => value * inverse);
        const product = Array.from(dY[i]!, (d, j) => d * gammas[j]!);
        const mean = product.reduce((sum, value, j) => sum + value * n[j]!, 0) / columns;
        for (let j = 0; j < columns; j++) {
          sums[j]! += dY[i]![j]! * n[j]!;
          const d = (product[j]! - n[j]! * mean) * inverse;
          dX[i]![j] = accumulate ? dX[i]![j]! + d : d;
        }
      }
    }
    if (gamma === 0) return;
    const dGammas = vector(memory, dGamma, columns);
    for (let j = 0; j < columns; j++) dGammas[j]! += sums[j]!;
  };
