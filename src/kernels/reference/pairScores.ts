import { matrix, type Reference, vector } from "./memory.ts";

/** score[i, j] += the sum over d of v[d] f(q[i, d] + k[j, d]), f being tanh or ReLU (Bahdanau et al. 2015, appendix A.1.2). */
export const pairScoresForward: Reference<"pairScoresForward"> =
  (memory) => (scores, q, ldq, k, ldk, v, queries, keys, width, relu) => {
    const S = matrix(memory, scores, queries, keys);
    const [Q, K] = [matrix(memory, q, queries, width, ldq), matrix(memory, k, keys, width, ldk)];
    const V = vector(memory, v, width);
    for (let i = 0; i < queries; i++)
      for (let j = 0; j < keys; j++) {
        let sum = 0;
        for (let d = 0; d < width; d++) sum += V[d]! * activated(Q[i]![d]! + K[j]![d]!, relu);
        S[i]![j]! += sum;
      }
  };

/** With t = f(q[i] + k[j]): dv += dScore t; dq[i] and dk[j] += dScore v f'. */
export const pairScoresBackward: Reference<"pairScoresBackward"> =
  (memory) => (dq, dk, dv, dScores, q, ldq, k, ldk, v, queries, keys, width, relu) => {
    const dS = matrix(memory, dScores, queries, keys);
    const [Q, dQ] = [q, dq].map((x) => matrix(memory, x, queries, width, ldq));
    const [K, dK] = [k, dk].map((x) => matrix(memory, x, keys, width, ldk));
    const V = vector(memory, v, width);
    const dV = vector(memory, dv, width);
    for (let d = 0; d < width; d++) {
      const sums = { v: 0, q: new Float64Array(queries), k: new Float64Array(keys) };
      for (let i = 0; i < queries; i++)
        for (let j = 0; j < keys; j++) {
          const t = activated(Q![i]![d]! + K![j]![d]!, relu);
          const slope = relu ? (t > 0 ? 1 : 0) : 1 - t * t;
          sums.v += dS[i]![j]! * t;
          sums.q[i]! += dS[i]![j]! * V[d]! * slope;
          sums.k[j]! += dS[i]![j]! * V[d]! * slope;
        }
      dV[d]! += sums.v;
      for (let i = 0; i < queries; i++) dQ![i]![d]! += sums.q[i]!;
      for (let j = 0; j < keys; j++) dK![j]![d]! += sums.k[j]!;
    }
  };

function activated(x: number, relu: number): number {
  return relu ? Math.max(0, x) : Math.tanh(x);
}
