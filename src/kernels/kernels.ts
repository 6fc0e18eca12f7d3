/**
 * The kernels: the arithmetic of the Transformer over raw memory. This interface is met four times: by the strict and
 * the relaxed SIMD build of `assembly/`, by the C++ of `native/`, and by the plain TypeScript of `reference/`, which says
 * the same slowly and is the oracle of the others. Each function is documented where it is written.
 *
 * Kernels take byte offsets into one memory and sizes in elements, never allocate and have no state,
 * so that every thread can run its own instance over the same memory. Matrices are row-major, of 32-bit floats.
 * Shape letters: B sentences, T tokens, D dModel, H heads, F dFF, V vocabulary.
 */
export interface Kernels {
  /** C = A B (+ C) (+ bias) (through ReLU), with B in panels; see `assembly/gemm.ts`. */
  gemm(
    c: Pointer,
    ldc: number,
    a: Pointer,
    lda: number,
    aTransposed: Flag,
    packed: Pointer,
    packedK: number,
    m: number,
    n: number,
    k: number,
    accumulate: Flag,
    bias: Pointer,
    relu: Flag,
    workspace: Pointer,
  ): void;
  /** Copies B[k, n], or B stored transposed as [n, k], into the panels that {@link Kernels.gemm} reads. */
  packB(packed: Pointer, b: Pointer, ldb: number, transposed: Flag, n: number, k: number): void;
  /** The floats that {@link Kernels.packB} writes for B[k, n]: how wide panels are is the set's own business. */
  packedSize(n: number, k: number): number;
  /** The floats of workspace that {@link Kernels.gemm} needs. */
  gemmWorkspace(): number;

  /** out = dropout(softmax(Q K^T / sqrt(dHead))) V, for every head of every sentence. */
  attentionForward(
    out: Pointer,
    logSumExp: Pointer,
    q: Pointer,
    ldq: number,
    k: Pointer,
    v: Pointer,
    ldkv: number,
    queryOffsets: Pointer,
    keyStarts: Pointer,
    keyEnds: Pointer,
    sentences: number,
    heads: number,
    dHead: number,
    causal: Flag,
    rowKeys: Pointer,
    site: number,
    threshold: number,
    weights: Pointer,
    workspace: Pointer,
  ): void;
  attentionBackward(
    dq: Pointer,
    dk: Pointer,
    dv: Pointer,
    dOut: Pointer,
    out: Pointer,
    logSumExp: Pointer,
    q: Pointer,
    ldq: number,
    k: Pointer,
    v: Pointer,
    ldkv: number,
    queryOffsets: Pointer,
    keyOffsets: Pointer,
    sentences: number,
    heads: number,
    dHead: number,
    causal: Flag,
    rowKeys: Pointer,
    site: number,
    threshold: number,
    workspace: Pointer,
  ): void;
  /** The floats of workspace that attention needs for sentences of up to `queries` and `keys` tokens. */
  attentionWorkspace(queries: number, keys: number, dHead: number): number;

  /** sum = x + dropout(sublayer); `sublayer` holds its dropped self afterwards. */
  residualForward(
    sum: Pointer,
    x: Pointer,
    sublayer: Pointer,
    rows: number,
    columns: number,
    rowKeys: Pointer,
    site: number,
    threshold: number,
  ): void;
  /** y = gamma (x - mean) / sqrt(variance + epsilon) + beta; statistics [rows, 2] are kept for backward. */
  layerNormForward(
    y: Pointer,
    statistics: Pointer,
    x: Pointer,
    gamma: Pointer,
    beta: Pointer,
    rows: number,
    columns: number,
    epsilon: number,
  ): void;
  /** dx written (or added to when `accumulate`; may be dy), dGamma and dBeta added to. */
  layerNormBackward(
    dx: Pointer,
    dGamma: Pointer,
    dBeta: Pointer,
    dy: Pointer,
    x: Pointer,
    statistics: Pointer,
    gamma: Pointer,
    rows: number,
    columns: number,
    accumulate: Flag,
  ): void;

  /** y = layer norm of sum = x + dropout(sublayer), in one pass. */
  residualNormForward(
    y: Pointer,
    sum: Pointer,
    statistics: Pointer,
    x: Pointer,
    sublayer: Pointer,
    gamma: Pointer,
    beta: Pointer,
    rows: number,
    columns: number,
    epsilon: number,
    rowKeys: Pointer,
    site: number,
    threshold: number,
  ): void;
  /** dSublayer = dropout(dSum) written, dx written (or added to when `accumulate`), dGamma and dBeta added to. */
  residualNormBackward(
    dx: Pointer,
    dSublayer: Pointer,
    dGamma: Pointer,
    dBeta: Pointer,
    dy: Pointer,
    sum: Pointer,
    statistics: Pointer,
    gamma: Pointer,
    rows: number,
    columns: number,
    accumulate: Flag,
    rowKeys: Pointer,
    site: number,
    threshold: number,
  ): void;

  /** y = gamma x / rms(x), group by group; inverses [rows, groups] are kept for backward. y may be x, gamma none. */
  rmsNormForward(
    y: Pointer,
    inverses: Pointer,
    x: Pointer,
    gamma: Pointer,
    rows: number,
    stride: number,
    groups: number,
    columns: number,
    epsilon: number,
  ): void;
  /** dx written (or added to when `accumulate`; may be dy), dGamma added to. */
  rmsNormBackward(
    dx: Pointer,
    dGamma: Pointer,
    dy: Pointer,
    x: Pointer,
    inverses: Pointer,
    gamma: Pointer,
    rows: number,
    stride: number,
    groups: number,
    columns: number,
    accumulate: Flag,
  ): void;
  /** Turns the first heads * dHead columns of x by the angles of their rows' positions, or back, in place. */
  rotate(
    x: Pointer,
    stride: number,
    table: Pointer,
    positions: Pointer,
    rows: number,
    heads: number,
    dHead: number,
    back: Flag,
  ): void;
  /** Scores x[rows, columns] become weights: the softmax of scale times what row i sees, the first `first + i`. */
  weightsForward(x: Pointer, rows: number, columns: number, first: number, scale: number): void;
  /** dx = scale P (dy - sum of dy P), with P the weights; may be dy. */
  weightsBackward(
    dx: Pointer,
    dy: Pointer,
    weights: Pointer,
    rows: number,
    columns: number,
    scale: number,
  ): void;
  /** score[i, j] += sum of v f(q[i] + k[j]), f being tanh or ReLU. */
  pairScoresForward(
    scores: Pointer,
    q: Pointer,
    ldq: number,
    k: Pointer,
    ldk: number,
    v: Pointer,
    queries: number,
    keys: number,
    width: number,
    relu: Flag,
  ): void;
  /** dq, dk and dv, added to. */
  pairScoresBackward(
    dq: Pointer,
    dk: Pointer,
    dv: Pointer,
    dScores: Pointer,
    q: Pointer,
    ldq: number,
    k: Pointer,
    ldk: number,
    v: Pointer,
    queries: number,
    keys: number,
    width: number,
    relu: Flag,
  ): void;
  /** y[rows, columns] = gate sigmoid(gate) value, of x[rows, 2 columns]. */
  swigluForward(y: Pointer, x: Pointer, rows: number, columns: number): void;
  swigluBackward(dx: Pointer, dy: Pointer, x: Pointer, rows: number, columns: number): void;

  /** y[t] = table[ids[t]] * scale + positionTable[positions[t]]. */
  embeddingForward(
    y: Pointer,
    table: Pointer,
    positionTable: Pointer,
    ids: Pointer,
    positions: Pointer,
    tokens: number,
    dModel: number,
    scale: number,
  ): void;
  /** dTable[ids[t]] += dy[t] * scale. */
  embeddingBackward(
    dTable: Pointer,
    dy: Pointer,
    ids: Pointer,
    tokens: number,
    dModel: number,
    scale: number,
  ): void;

  /** Logits become dLogits (when `scale` is not 0); results [rows, 3] are loss, -ln p(label) and correctness. */
  crossEntropy(
    logits: Pointer,
    labels: Pointer,
    results: Pointer,
    rows: number,
    vocabulary: number,
    smoothing: number,
    scale: number,
  ): void;
  /** x[rows, columns] becomes its softmax, row by row. */
  softmax(x: Pointer, rows: number, columns: number): void;
  /** The index of the first largest of n floats. */
  argmax(x: Pointer, n: number): number;

  /** Drops elements of x[rows, columns] with probability threshold / 65536 and scales those that stay. */
  dropout(x: Pointer, rows: number, columns: number, rowKeys: Pointer, site: number, threshold: number): void;
  /** y = x Phi(x). */
  geluForward(y: Pointer, x: Pointer, n: number): void;
  /** dx = dy (Phi(x) + x phi(x)). */
  geluBackward(dx: Pointer, dy: Pointer, x: Pointer, n: number): void;
  /** dx = dy where y is above 0, else 0. */
  reluBackward(dx: Pointer, dy: Pointer, y: Pointer, n: number): void;
  /** x = 0. */
  clear(x: Pointer, n: number): void;
  /** y = x. */
  copy(y: Pointer, x: Pointer, n: number): void;
  /** y = y + x. */
  add(y: Pointer, x: Pointer, n: number): void;
  /** y = y + t (x - y). */
  lerp(y: Pointer, x: Pointer, t: number, n: number): void;
  /** sums[columns] += the sum of the rows of x. */
  columnSums(sums: Pointer, x: Pointer, rows: number, columns: number): void;
  /** The sum of x * x, in double precision. */
  sumSquares(x: Pointer, n: number): number;
  /** One step of Adam over n parameters, with decoupled weight decay. */
  adam(
    parameters: Pointer,
    gradients: Pointer,
    m: Pointer,
    v: Pointer,
    n: number,
    stepSize: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    inverseRootCorrection2: number,
    gradientScale: number,
    decay: number,
  ): void;

  /** ids[rows] are the first largest logits[rows, columns], logProbabilities[rows] the logs of their probabilities. */
  greedyTokens(ids: Pointer, logProbabilities: Pointer, logits: Pointer, rows: number, columns: number): void;
}

/** A byte offset into the memory. Only this file makes pointers of numbers: a count in its place does not compile. */
export type Pointer = number & { readonly [POINTER]: true };
declare const POINTER: unique symbol;

/** A truth value as WebAssembly takes it. */
export type Flag = 0 | 1;

/** The pointer that stands for "none". */
export const NONE = pointerTo(0);

/** The pointer to a byte offset. */
export function pointerTo(bytes: number): Pointer {
  return bytes as Pointer;
}

/** The place `words` floats or 32-bit integers after `pointer`. */
export function at(pointer: Pointer, words: number): Pointer {
  return pointerTo(pointer + 4 * words);
}

/** The sets of kernels, the fastest first. */
export const KERNEL_SETS = ["native", "relaxed", "strict", "reference"] as const;

/** The name of a set of kernels. */
export type KernelSetName = (typeof KERNEL_SETS)[number];

/** A set of kernels: one of the implementations of {@link Kernels}, before it works on a memory. */
export interface KernelSet {
  readonly name: KernelSetName;
  /** Which of the processor's vectors it uses, where that is to be told apart: such as AVX2. */
  readonly level?: string;
  /** Makes the set work on a memory, shared or not. Use {@link bindKernels}. */
  readonly instantiate: (memory: WebAssembly.Memory) => Kernels;
}

/** A set of kernels in words: native AVX2, relaxed SIMD. */
export function describeKernels({ name, level }: Pick<KernelSet, "name" | "level">): string {
  if (level !== undefined) return `${name} ${level}`;
  return name === "reference" ? name : `${name} SIMD`;
}

/** Makes a set of kernels work on a memory: the one way in which kernels and memory meet. */
export function bindKernels(set: KernelSet, memory: WebAssembly.Memory): Kernels {
  return set.instantiate(memory);
}
