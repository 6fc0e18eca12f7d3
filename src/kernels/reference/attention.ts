import { at, type Flag, type Pointer } from "../kernels.ts";
import { rowMask } from "./dropout.ts";
import { integers, matrix, type Reference } from "./memory.ts";

/** The rows of the queries and of the keys of one sentence. */
interface Sentence {
  readonly queryStart: number;
  readonly queries: number;
  readonly keyStart: number;
  readonly keys: number;
}

/** Sentence b has the query rows offsets[b] to offsets[b + 1] and the key rows starts[b] to ends[b]. */
function sentencesOf(
  memory: WebAssembly.Memory,
  queryOffsets: Pointer,
  keyStarts: Pointer,
  keyEnds: Pointer,
  sentences: number,
): Sentence[] {
  const offsets = integers(memory, queryOffsets, sentences + 1);
  const starts = integers(memory, keyStarts, sentences);
  const ends = integers(memory, keyEnds, sentences);
  return Array.from({ length: sentences }, (_, b) => ({
    queryStart: offsets[b]!,
    queries: offsets[b + 1]! - offsets[b]!,
    keyStart: starts[b]!,
    keys: ends[b]! - starts[b]!,
  }));
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** y = y + factor x. */
function addScaled(y: number[], factor: number, x: ArrayLike<number>): void {
  for (let i = 0; i < y.length; i++) y[i]! += factor * x[i]!;
}

function zeros(rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
}

/** Copies a matrix of doubles into one of floats. */
function write(to: Float32Array[], from: number[][]): void {
  for (let i = 0; i < to.length; i++) to[i]!.set(from[i]!);
}

/**
 * The attention weights of one head of one sentence: P[i, j] = e^S[i, j] / sum over j of e^S[i, j], with the
 * scores S = Q K^T / sqrt(dHead). Causal, query i of Lq sees only the keys up to i + Lk - Lq, so that the last
 * query sees all keys; that needs Lq <= Lk.
 *
 * @param Q, K [Lq, dHead] and [Lk, dHead]
 * @returns P[Lq, Lk] and the natural log of each row's sum
 */
function attentionWeights(Q: Float32Array[], K: Float32Array[], causal: Flag) {
  const P = zeros(Q.length, K.length);
  const logSumExp: number[] = [];
  for (const [i, query] of Q.entries()) {
    const visible = causal ? i + 1 + K.length - Q.length : K.length;
    const scores = K.slice(0, visible).map((key) => dot(query, key) / Math.sqrt(query.length));
    const largest = Math.max(...scores); // taken off before the exponential, so that none overflows
    const exponentials = scores.map((score) => Math.exp(score - largest));
    const sum = exponentials.reduce((total, e) => total + e, 0);
    exponentials.forEach((e, j) => {
      P[i]![j] = e / sum;
    });
    logSumExp.push(largest + Math.log(sum));
  }
  return { P, logSumExp };
}

/** M[Lq, Lk]: 0 where a weight is dropped, else 1 over the probability that it is kept. */
function dropoutFactors(
  memory: WebAssembly.Memory,
  { queryStart, queries, keys }: Sentence,
  rowKeys: Pointer,
  site: number,
  threshold: number,
): number[][] {
  return Array.from({ length: queries }, (_, i) => {
    const mask = rowMask(memory, rowKeys, queryStart + i, site, threshold);
    return Array.from({ length: keys }, (_, j) => (mask.kept(j) ? mask.scale : 0));
  });
}

/** None: the matrices of a sentence are plain arrays here. */
export const attentionWorkspace: Reference<"attentionWorkspace"> = () => () => 0;

/**
 * Multi-head scaled dot-product attention (Vaswani et al. 2017, equation 1 and section 3.2.2): for each head of
 * each sentence, out = (P M) V with the weights P = softmax(Q K^T / sqrt(dHead)) and the dropout factors M,
 * multiplied element by element. Head h has the columns h dHead to (h + 1) dHead and the dropout site site + h.
 *
 * out is [query rows, heads dHead], logSumExp [query rows, heads], and `weights`, unless 0, takes P: for each
 * sentence [heads, Lq, Lk], one behind the other.
 */
export const attentionForward: Reference<"attentionForward"> =
  (memory) =>
  (
    out,
    logSumExp,
    q,
    ldq,
    k,
    v,
    ldkv,
    queryOffsets,
    keyStarts,
    keyEnds,
    sentences,
    heads,
    dHead,
    causal,
    rowKeys,
    site,
    threshold,
    weights,
  ) => {
    let weightsEnd = weights;
    for (const sentence of sentencesOf(memory, queryOffsets, keyStarts, keyEnds, sentences)) {
      const { queryStart, queries, keyStart, keys } = sentence;
      const L = matrix(memory, at(logSumExp, heads * queryStart), queries, heads);
      for (let h = 0; h < heads; h++) {
        const ofQueries = (x: Pointer, stride: number) =>
          matrix(memory, at(x, queryStart * stride + h * dHead), queries, dHead, stride);
        const ofKeys = (x: Pointer) => matrix(memory, at(x, keyStart * ldkv + h * dHead), keys, dHead, ldkv);
        const V = ofKeys(v);
        const { P, logSumExp: sums } = attentionWeights(ofQueries(q, ldq), ofKeys(k), causal);
        const M = dropoutFactors(memory, sentence, rowKeys, site + h, threshold);
        const O = zeros(queries, dHead);
        for (let i = 0; i < queries; i++) {
          L[i]![h] = sums[i]!;
          for (let j = 0; j < keys; j++) addScaled(O[i]!, P[i]![j]! * M[i]![j]!, V[j]!);
        }
        write(ofQueries(out, heads * dHead), O);
        if (weights !== 0) {
          write(matrix(memory, weightsEnd, queries, keys), P);
          weightsEnd = at(weightsEnd, queries * keys);
        }
      }
    }
  };

/**
 * The gradients of {@link attentionForward} by the chain rule, from the result back. With P, M and S as above
 * and d for the gradient of the loss:
 *
 *     out = (P M) V           d(P M) = dOut V^T, dV = (P M)^T dOut
 *     P M                     dP = d(P M) M
 *     P = softmax(S)          dS[i, j] = P[i, j] (dP[i, j] - sum over l of P[i, l] dP[i, l])
 *     S = Q K^T / sqrt(dHead) dQ = dS K / sqrt(dHead), dK = dS^T Q / sqrt(dHead)
 *
 * The weights are computed again from q and k; `out` and `logSumExp` serve the fast kernel only.
 */
export const attentionBackward: Reference<"attentionBackward"> =
  (memory) =>
  (
    dq,
    dk,
    dv,
    dOut,
    _out,
    _logSumExp,
    q,
    ldq,
    k,
    v,
    ldkv,
    queryOffsets,
    keyOffsets,
    sentences,
    heads,
    dHead,
    causal,
    rowKeys,
    site,
    threshold,
  ) => {
    for (const sentence of sentencesOf(memory, queryOffsets, keyOffsets, at(keyOffsets, 1), sentences)) {
      const { queryStart, queries, keyStart, keys } = sentence;
      for (let h = 0; h < heads; h++) {
        const ofQueries = (x: Pointer, stride: number) =>
          matrix(memory, at(x, queryStart * stride + h * dHead), queries, dHead, stride);
        const ofKeys = (x: Pointer) => matrix(memory, at(x, keyStart * ldkv + h * dHead), keys, dHead, ldkv);
        const [Q, K, V, dO] = [ofQueries(q, ldq), ofKeys(k), ofKeys(v), ofQueries(dOut, heads * dHead)];
        const { P } = attentionWeights(Q, K, causal);
        const M = dropoutFactors(memory, sentence, rowKeys, site + h, threshold);
        const [dQ, dK, dV] = [zeros(queries, dHead), zeros(keys, dHead), zeros(keys, dHead)];
        for (let i = 0; i < queries; i++) {
          const dP = V.map((value, j) => dot(dO[i]!, value) * M[i]![j]!);
          const mean = dot(P[i]!, dP);
          for (let j = 0; j < keys; j++) {
            const dS = P[i]![j]! * (dP[j]! - mean);
            addScaled(dV[j]!, P[i]![j]! * M[i]![j]!, dO[i]!);
            addScaled(dQ[i]!, dS / Math.sqrt(dHead), K[j]!);
            addScaled(dK[j]!, dS / Math.sqrt(dHead), Q[i]!);
          }
        }
        write(ofQueries(dq, ldq), dQ);
        write(ofKeys(dk), dK);
        write(ofKeys(dv), dV);
      }
    }
  };
