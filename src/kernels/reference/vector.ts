import { matrix, type Reference, vector } from "./memory.ts";

/** x = 0 over n floats. */
export const clear: Reference<"clear"> = (memory) => (x, n) => {
  vector(memory, x, n).fill(0);
};

/** y = x over n floats. */
export const copy: Reference<"copy"> = (memory) => (y, x, n) => {
  vector(memory, y, n).set(vector(memory, x, n));
};

/** y = y + x over n floats. */
export const add: Reference<"add"> = (memory) => (y, x, n) => {
  const Y = vector(memory, y, n);
  const X = vector(memory, x, n);
  for (let i = 0; i < n; i++) Y[i]! += X[i]!;
};

/** y = y + t (x - y) over n floats: a step of a moving average. */
export const lerp: Reference<"lerp"> = (memory) => (y, x, t, n) => {
  const Y = vector(memory, y, n);
  const X = vector(memory, x, n);
  for (let i = 0; i < n; i++) Y[i]! += t * (X[i]! - Y[i]!);
};

/** sums[columns] += the sum of the rows of x[rows, columns]. */
export const columnSums: Reference<"columnSums"> = (memory) => (sums, x, rows, columns) => {
  const S = vector(memory, sums, columns);
  const X = matrix(memory, x, rows, columns);
  for (let j = 0; j < columns; j++) S[j] = X.reduce((sum, row) => sum + row[j]!, S[j]!);
};

/** The sum of x * x over n floats, in double precision. */
export const sumSquares: Reference<"sumSquares"> = (memory) => (x, n) =>
  vector(memory, x, n).reduce((sum, value) => sum + value * value, 0);

/** dx = dy where y is above 0, else 0: the gradient of y = max(0, x), from its result. */
export const reluBackward: Reference<"reluBackward"> = (memory) => (dx, dy, y, n) => {
  const dX = vector(memory, dx, n);
  const dY = vector(memory, dy, n);
  const Y = vector(memory, y, n);
  for (let i = 0; i < n; i++) dX[i] = Y[i]! > 0 ? dY[i]! : 0;
};
