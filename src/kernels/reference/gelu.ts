import { type Reference, vector } from "./memory.ts";

/**
 * erfc(z) = 1 - erf(z) for z >= 0, relative error below 1e-12: near 0 by the series of erf with positive terms
 * only (Abramowitz and Stegun 1964, formula 7.1.6), further out by the continued fraction of erfc (7.1.14),
 * where 1 - erf would cancel.
 */
function complementaryError(z: number): number {
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
  }
  let fraction = z;
  for (let n = 100; n >= 1; n--) fraction = z + n / 2 / fraction;
  return Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
}

/** Phi(x): the standard normal distribution function. */
function normalCdf(x: number): number {
  const tail = complementaryError(Math.abs(x) / Math.SQRT2) / 2;
  return x < 0 ? tail : 1 - tail;
}

/** phi(x): the standard normal density, the derivative of Phi. */
function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** y = x Phi(x) over n floats (Hendrycks and Gimpel 2016). */
export const geluForward: Reference<"geluForward"> = (memory) => (y, x, n) => {
  const Y = vector(memory, y, n);
  const X = vector(memory, x, n);
  for (let i = 0; i < n; i++) Y[i] = X[i]! * normalCdf(X[i]!);
};

/** dx = dy (Phi(x) + x phi(x)) over n floats. */
export const geluBackward: Reference<"geluBackward"> = (memory) => (dx, dy, x, n) => {
  const dX = vector(memory, dx, n);
  const dY = vector(memory, dy, n);
  const X = vector(memory, x, n);
  for (let i = 0; i < n; i++) dX[i] = dY[i]! * (normalCdf(X[i]!) + X[i]! * normalDensity(X[i]!));
};
