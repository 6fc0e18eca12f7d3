import { type Reference, vector } from "./memory.ts";

/**
 * One step of Adam over n parameters (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and
 * Hutter 2019, algorithm 2), with g the gradient times gradientScale:
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     parameter -= decay parameter + stepSize m / (sqrt(v) inverseRootCorrection2 + epsilon)
 *
 * Of the paper's bias corrections that of m is in stepSize, the learning rate over 1 - beta1^step, and that of v
 * is inverseRootCorrection2, 1 / sqrt(1 - beta2^step). The decay is the learning rate times the weight decay; 0 is
 * plain Adam.
 */
export const adam: Reference<"adam"> =
  (memory) =>
  (
    parameters,
    gradients,
    m,
    v,
    n,
    stepSize,
    beta1,
    beta2,
    epsilon,
    inverseRootCorrection2,
    gradientScale,
    decay,
  ) => {
    const P = vector(memory, parameters, n);
    const G = vector(memory, gradients, n);
    const M = vector(memory, m, n);
    const V = vector(memory, v, n);
    for (let i = 0; i < n; i++) {
      const g = G[i]! * gradientScale;
      M[i] = beta1 * M[i]! + (1 - beta1) * g;
      V[i] = beta2 * V[i]! + (1 - beta2) * g * g;
      const step = (stepSize * M[i]!) / (Math.sqrt(V[i]!) * inverseRootCorrection2 + epsilon);
      P[i] = P[i]! - (decay * P[i]! + step);
    }
  };
