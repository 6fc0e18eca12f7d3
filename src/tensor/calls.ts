import { type Flag, type Kernels, NONE, type Pointer } from "../kernels/kernels.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

// The one place where kernels are called: arguments get names here, and shapes are read off tensors. What each kernel
// computes is documented where it is written.

/** Who calls kernels: a workbench, or a run on it. */
export interface Caller {
  readonly kernels: Kernels;
  readonly gemmWorkspace: Pointer;
  /** Told of the floating-point operations of each product that is to be computed. */
  readonly profile: { product(flops: number): void } | undefined;
}

/** B[k, n] in the panels that {@link gemm} reads: [rows, columns] = [k, n]. */
export interface Panels {
  readonly pointer: Pointer;
  readonly rows: number;
  readonly columns: number;
}

/** Which elements dropout drops: see `kernels/assembly/dropout.ts`. */
export interface DropoutMask {
  /** Int32[rows, 2] */
  readonly rowKeys: Pointer;
  /** The number of the place in the model. */
  readonly site: number;
  /** The probability in units of 1 / 65536; 0 drops nothing. */
  readonly threshold: number;
}

function flag(value: boolean | undefined): Flag {
  return value === true ? 1 : 0;
}

/** A matrix in which rows may be further apart than they are long: a head's columns of a projection. */
export interface Block extends Tensor {
  /** Floats from row to row; by default its columns. */
  readonly stride?: number;
}

/** c[m, n] (+)= a[m, k] b[k, n] (+ bias[n]) (through ReLU); a may be stored transposed, as [k, m]. */
export function gemm(
  { kernels, gemmWorkspace, profile }: Caller,
  product: {
    readonly c: Block;
    readonly a: Block;
    readonly aTransposed?: boolean;
    readonly b: Panels;
    readonly accumulate?: boolean;
    readonly bias?: Pointer | undefined;
    readonly relu?: boolean;
  },
): void {
  const { c, a, b, bias = NONE } = product;
  const [m, n, k] = [c.rows, c.columns, b.rows];
  profile?.product(2 * m * n * k);
  const aTransposed = flag(product.aTransposed);
  const accumulate = flag(product.accumulate);
  const relu = flag(product.relu);
  // biome-ignore format: C, A, B; sizes; what is done on the way
  kernels.gemm(
    c.pointer, c.stride ?? n, a.pointer, a.stride ?? a.columns, aTransposed, b.pointer, k,
    m, n, k,
    accumulate, bias, relu, gemmWorkspace,
  );
}

/** The floats that {@link packB} writes for b, or for its transpose. */
export function packedSize({ kernels }: Caller, b: Pick<Tensor, "rows" | "columns">): number {
  return kernels.packedSize(b.columns, b.rows);
}

/** Writes b[k, n] into panels at `to`; b may be stored transposed, as [n, k]. */
export function packB(
  { kernels }: Caller,
  { to, b, transposed = false }: { readonly to: Pointer; readonly b: Block; readonly transposed?: boolean },
): Panels {
  const [k, n] = transposed ? [b.columns, b.rows] : [b.rows, b.columns];
  kernels.packB(to, b.pointer, b.stride ?? b.columns, flag(transposed), n, k);
  return { pointer: to, rows: k, columns: n };
}

/** A matrix in which queries, keys or values are a band of columns: where the band begins, and the floats of a row. */
export interface Band {
  readonly pointer: Pointer;
  readonly stride: number;
}

/** What attention goes over: every head of every sentence. */
export interface Heads {
  readonly sentences: number;
  readonly heads: number;
  readonly dHead: number;
  readonly causal: boolean;
  readonly mask: DropoutMask;
}

/** The floats of workspace that attention needs for sentences of up to so many queries and keys. */
export function attentionWorkspace(
  { kernels }: Caller,
  { queries, keys, dHead }: { readonly queries: number; readonly keys: number; readonly dHead: number },
): number {
  return kernels.attentionWorkspace(queries, keys, dHead);
}

/** out = dropout(softmax(q k^T / sqrt(dHead))) v, head by head. */
export function attentionForward(
  { kernels }: Caller,
  attention: Heads & {
    /** [query rows, heads dHead] */
    readonly out: Pointer;
    /** [query rows, heads], for the backward pass */
    readonly logSumExp: Pointer;
    readonly q: Band;
    readonly k: Pointer;
    readonly v: Pointer;
    /** Floats from one key to the next, and from one value to the next. */
    readonly keyStride: number;
    readonly queryOffsets: Pointer;
    readonly keyStarts: Pointer;
    readonly keyEnds: Pointer;
    /** Where to leave the weights, for each sentence [heads, Lq, Lk]; or none. */
    readonly weights?: Pointer | undefined;
    readonly workspace: Pointer;
  },
): void {
  const { out, logSumExp, q, k, v, keyStride, mask, weights = NONE, workspace } = attention;
  const { queryOffsets, keyStarts, keyEnds, sentences, heads, dHead, causal } = attention;
  // biome-ignore format: results; queries, keys and values; sentences; heads; dropout
  kernels.attentionForward(
    out, logSumExp,
    q.pointer, q.stride, k, v, keyStride,
    queryOffsets, keyStarts, keyEnds, sentences,
    heads, dHead, flag(causal),
    mask.rowKeys, mask.site, mask.threshold,
    weights, workspace,
  );
}

/** The gradients of {@link attentionForward} with respect to q, k and v, laid out as these; written, not added to. */
export function attentionBackward(
  { kernels }: Caller,
  attention: Heads & {
    readonly dq: Pointer;
    readonly dk: Pointer;
    readonly dv: Pointer;
    readonly dOut: Pointer;
    readonly out: Pointer;
    readonly logSumExp: Pointer;
    readonly q: Band;
    readonly k: Pointer;
    readonly v: Pointer;
    readonly keyStride: number;
    readonly queryOffsets: Pointer;
    readonly keyOffsets: Pointer;
    readonly workspace: Pointer;
  },
): void {
  const { dq, dk, dv, dOut, out, logSumExp, q, k, v, keyStride, mask, workspace } = attention;
  const { queryOffsets, keyOffsets, sentences, heads, dHead, causal } = attention;
  // biome-ignore format: gradients; what forward left; queries, keys and values; sentences; heads; dropout
  kernels.attentionBackward(
    dq, dk, dv,
    dOut, out, logSumExp,
    q.pointer, q.stride, k, v, keyStride,
    queryOffsets, keyOffsets, sentences,
    heads, dHead, flag(causal),
    mask.rowKeys, mask.site, mask.threshold,
    workspace,
  );
}

/** sum = x + dropout(sublayer), which holds its dropped self afterwards. */
export function residualForward(
  { kernels }: Caller,
  { sum, x, sublayer, mask }: { sum: Tensor; x: Tensor; sublayer: Tensor; mask: DropoutMask },
): void {
  const { rowKeys, site, threshold } = mask;
  const { rows, columns } = sum;
  kernels.residualForward(sum.pointer, x.pointer, sublayer.pointer, rows, columns, rowKeys, site, threshold);
}

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta; `statistics` [rows, 2] are for the backward pass. */
export function layerNormForward(
  { kernels }: Caller,
  norm: {
    readonly y: Tensor;
    readonly statistics: Pointer;
    readonly x: Tensor;
    readonly gamma: Tensor;
    readonly beta: Tensor;
    readonly epsilon: number;
  },
): void {
  const { y, statistics, x, gamma, beta, epsilon } = norm;
  const { rows, columns } = x;
  // biome-ignore format: a line is enough
  kernels.layerNormForward(y.pointer, statistics, x.pointer, gamma.pointer, beta.pointer, rows, columns, epsilon);
}

/** The gradients of {@link layerNormForward}: dx (+)=, dGamma and dBeta +=. */
export function layerNormBackward(
  { kernels }: Caller,
  norm: {
    readonly dx: Pointer;
    readonly accumulate: Flag;
    readonly dGamma: Tensor;
    readonly dBeta: Tensor;
    readonly dy: Pointer;
    readonly x: Tensor;
    readonly statistics: Pointer;
    readonly gamma: Tensor;
  },
): void {
  const { dx, accumulate, dGamma, dBeta, dy, x, statistics, gamma } = norm;
  // biome-ignore format: gradients; what forward left; sizes
  kernels.layerNormBackward(
    dx, dGamma.pointer, dBeta.pointer,
    dy, x.pointer, statistics, gamma.pointer,
    x.rows, x.columns, accumulate,
  );
}

/** y = layer norm of sum = x + dropout(sublayer), in one pass. */
export function residualNormForward(
  { kernels }: Caller,
  norm: {
    readonly y: Tensor;
    readonly sum: Tensor;
    readonly statistics: Pointer;
    readonly x: Tensor;
    readonly sublayer: Tensor;
    readonly gamma: Tensor;
    readonly beta: Tensor;
    readonly epsilon: number;
    readonly mask: DropoutMask;
  },
): void {
  const { y, sum, statistics, x, sublayer, gamma, beta, epsilon, mask } = norm;
  // biome-ignore format: results; inputs; sizes; dropout
  kernels.residualNormForward(
    y.pointer, sum.pointer, statistics,
    x.pointer, sublayer.pointer, gamma.pointer, beta.pointer,
    x.rows, x.columns, epsilon,
    mask.rowKeys, mask.site, mask.threshold,
  );
}

/** The gradients of {@link residualNormForward}: dx (+)=, dSublayer =, dGamma and dBeta +=. */
export function residualNormBackward(
  { kernels }: Caller,
  norm: {
    readonly dx: Pointer;
    readonly accumulate: Flag;
    readonly dSublayer: Pointer;
    readonly dGamma: Tensor;
    readonly dBeta: Tensor;
    readonly dy: Pointer;
    readonly sum: Tensor;
    readonly statistics: Pointer;
    readonly gamma: Tensor;
    readonly mask: DropoutMask;
  },
): void {
  const { dx, accumulate, dSublayer, dGamma, dBeta, dy, sum, statistics, gamma, mask } = norm;
  // biome-ignore format: gradients; what forward left; sizes; dropout
  kernels.residualNormBackward(
    dx, dSublayer, dGamma.pointer, dBeta.pointer,
    dy, sum.pointer, statistics, gamma.pointer,
    sum.rows, sum.columns, accumulate,
    mask.rowKeys, mask.site, mask.threshold,
  );
}

/** Rows of `groups` groups of `columns`, `stride` floats from row to row: what is normalised group by group. */
export interface Groups {
  readonly rows: number;
  readonly stride: number;
  readonly groups: number;
  readonly columns: number;
}

/** y = gamma x / rms(x), group by group; `inverses` [rows, groups] are for the backward pass. Without gamma it is 1. */
export function rmsNormForward(
  { kernels }: Caller,
  norm: Groups & {
    readonly y: Pointer;
    readonly inverses: Pointer;
    readonly x: Pointer;
    readonly gamma?: Pointer;
    readonly epsilon: number;
  },
): void {
  const { y, inverses, x, gamma = NONE, rows, stride, groups, columns, epsilon } = norm;
  kernels.rmsNormForward(y, inverses, x, gamma, rows, stride, groups, columns, epsilon);
}

/** The gradients of {@link rmsNormForward}: dx (+)=, dGamma +=. */
export function rmsNormBackward(
  { kernels }: Caller,
  norm: Groups & {
    readonly dx: Pointer;
    readonly accumulate: Flag;
    readonly dGamma?: Pointer;
    readonly dy: Pointer;
    readonly x: Pointer;
    readonly inverses: Pointer;
    readonly gamma?: Pointer;
  },
): void {
  const {
    dx,
    dGamma = NONE,
    dy,
    x,
    inverses,
    gamma = NONE,
    rows,
    stride,
    groups,
    columns,
    accumulate,
  } = norm;
  // biome-ignore format: gradients; what forward left; sizes
  kernels.rmsNormBackward(
    dx, dGamma, dy, x, inverses, gamma,
    rows, stride, groups, columns, accumulate,
  );
}

/** Turns the first heads dHead columns of x by the angles of their rows' positions, or back, in place. */
export function rotate(
  { kernels }: Caller,
  turn: {
    readonly x: Tensor;
    /** [positions, dHead]: cosines, then sines */
    readonly table: Pointer;
    readonly positions: Pointer;
    readonly heads: number;
    readonly dHead: number;
    readonly back: boolean;
  },
): void {
  const { x, table, positions, heads, dHead, back } = turn;
  kernels.rotate(x.pointer, x.columns, table, positions, x.rows, heads, dHead, flag(back));
}

/** Scores become weights, in place: the softmax of `scale` times what row i sees, its first `first + i` columns. */
export function weightsForward(
  { kernels }: Caller,
  { scores, first, scale }: { scores: Tensor; first: number; scale: number },
): void {
  kernels.weightsForward(scores.pointer, scores.rows, scores.columns, first, scale);
}

/** The gradient of {@link weightsForward}, in place of that of the weights. */
export function weightsBackward(
  { kernels }: Caller,
  { dWeights, weights, scale }: { dWeights: Pointer; weights: Tensor; scale: number },
): void {
  kernels.weightsBackward(dWeights, dWeights, weights.pointer, weights.rows, weights.columns, scale);
}

/** A network over each query and key: the rows of both, and what its hidden units weigh. */
interface Pairs {
  readonly q: Block;
  readonly k: Block;
  /** [q.columns] */
  readonly v: Pointer;
  /** Whether the hidden units are ReLUs, not hyperbolic tangents. */
  readonly relu: boolean;
}

/** scores[i, j] += sum of v f(q[i] + k[j]). */
export function pairScoresForward(
  { kernels }: Caller,
  { scores, q, k, v, relu }: Pairs & { readonly scores: Pointer },
): void {
  // biome-ignore format: result; queries and keys; the network; sizes
  kernels.pairScoresForward(
    scores, q.pointer, q.stride ?? q.columns, k.pointer, k.stride ?? k.columns,
    v, q.rows, k.rows, q.columns, flag(relu),
  );
}

/** The gradients of {@link pairScoresForward}, added to; dq and dk are laid out as q and k. */
export function pairScoresBackward(
  { kernels }: Caller,
  pairs: Pairs & {
    readonly dq: Pointer;
    readonly dk: Pointer;
    readonly dv: Pointer;
    readonly dScores: Pointer;
  },
): void {
  const { dq, dk, dv, dScores, q, k, v, relu } = pairs;
  // biome-ignore format: gradients; queries and keys; the network; sizes
  kernels.pairScoresBackward(
    dq, dk, dv, dScores, q.pointer, q.stride ?? q.columns, k.pointer, k.stride ?? k.columns,
    v, q.rows, k.rows, q.columns, flag(relu),
  );
}

/** y = gate sigmoid(gate) value, of x: the gate, then the value. */
export function swigluForward({ kernels }: Caller, { y, x }: { y: Tensor; x: Tensor }): void {
  kernels.swigluForward(y.pointer, x.pointer, y.rows, y.columns);
}

/** dx from dy [rows, columns]. */
export function swigluBackward(
  { kernels }: Caller,
  { dx, dy, x }: { dx: Pointer; dy: Tensor; x: Tensor },
): void {
  kernels.swigluBackward(dx, dy.pointer, x.pointer, dy.rows, dy.columns);
}

/** y[t] = table[ids[t]] scale + positionTable[positions[t]]. */
export function embeddingForward(
  { kernels }: Caller,
  embedding: {
    readonly y: Tensor;
    readonly table: Tensor;
    readonly positionTable: Pointer;
    readonly ids: Pointer;
    readonly positions: Pointer;
    readonly scale: number;
  },
): void {
  const { y, table, positionTable, ids, positions, scale } = embedding;
  // biome-ignore format: a line is enough
  kernels.embeddingForward(y.pointer, table.pointer, positionTable, ids, positions, y.rows, y.columns, scale);
}

/** dTable[ids[t]] += dy[t] scale. */
export function embeddingBackward(
  { kernels }: Caller,
  embedding: {
    readonly dTable: Tensor;
    readonly dy: Pointer;
    readonly ids: Pointer;
    readonly tokens: number;
    readonly scale: number;
  },
): void {
  const { dTable, dy, ids, tokens, scale } = embedding;
  kernels.embeddingBackward(dTable.pointer, dy, ids, tokens, dTable.columns, scale);
}

/** Logits become their gradients (when `scale` is not 0); `results` [rows, 3]: loss, -ln p(label), correctness. */
export function crossEntropy(
  { kernels }: Caller,
  loss: {
    readonly logits: Tensor;
    readonly labels: Pointer;
    readonly results: Pointer;
    readonly smoothing: number;
    readonly scale: number;
  },
): void {
  const { logits, labels, results, smoothing, scale } = loss;
  kernels.crossEntropy(logits.pointer, labels, results, logits.rows, logits.columns, smoothing, scale);
}

/** The index of the first largest of the floats of x. */
export function argmax({ kernels }: Caller, x: Tensor): number {
  return kernels.argmax(x.pointer, sizeOf(x));
}

/** ids[rows] are the first largest of logits[rows, V]; logProbabilities[rows] the natural logs of their probabilities. */
export function greedyTokens(
  { kernels }: Caller,
  { ids, logProbabilities, logits }: { ids: Pointer; logProbabilities: Pointer; logits: Tensor },
): void {
  kernels.greedyTokens(ids, logProbabilities, logits.pointer, logits.rows, logits.columns);
}

/** Drops elements of x in place and scales those that stay. */
export function dropout({ kernels }: Caller, x: Tensor, { rowKeys, site, threshold }: DropoutMask): void {
  kernels.dropout(x.pointer, x.rows, x.columns, rowKeys, site, threshold);
}

/** y = x Phi(x). */
export function geluForward({ kernels }: Caller, { y, x }: { y: Tensor; x: Tensor }): void {
  kernels.geluForward(y.pointer, x.pointer, sizeOf(x));
}

/** dx = dy (Phi(x) + x phi(x)). */
export function geluBackward(
  { kernels }: Caller,
  { dx, dy, x }: { dx: Pointer; dy: Pointer; x: Tensor },
): void {
  kernels.geluBackward(dx, dy, x.pointer, sizeOf(x));
}

/** dx = dy where y is above 0, else 0; dx may be dy. */
export function reluBackward(
  { kernels }: Caller,
  { dx, dy, y }: { dx: Pointer; dy: Pointer; y: Tensor },
): void {
  kernels.reluBackward(dx, dy, y.pointer, sizeOf(y));
}

/** A stretch of floats. */
export interface Floats {
  readonly pointer: Pointer;
  readonly count: number;
}

/** x = 0. */
export function clear({ kernels }: Caller, { pointer, count }: Floats): void {
  kernels.clear(pointer, count);
}

/** to = from. */
export function copy(
  { kernels }: Caller,
  { to, from, count }: { to: Pointer; from: Pointer; count: number },
): void {
  kernels.copy(to, from, count);
}

/** to += from. */
export function add(
  { kernels }: Caller,
  { to, from, count }: { to: Pointer; from: Pointer; count: number },
): void {
  kernels.add(to, from, count);
}

/** to += share (from - to). */
export function lerp(
  { kernels }: Caller,
  { to, from, share, count }: { to: Pointer; from: Pointer; share: number; count: number },
): void {
  kernels.lerp(to, from, share, count);
}

/** sums[columns] += the sum of the rows of x. */
export function columnSums({ kernels }: Caller, { sums, x }: { sums: Tensor; x: Tensor }): void {
  kernels.columnSums(sums.pointer, x.pointer, x.rows, x.columns);
}

/** The sum of the squares, in double precision. */
export function sumSquares({ kernels }: Caller, { pointer, count }: Floats): number {
  return kernels.sumSquares(pointer, count);
}

/** One step of Adam over `count` parameters, with decoupled weight decay. */
export function adam(
  { kernels }: Caller,
  step: {
    readonly parameters: Pointer;
    readonly gradients: Pointer;
    readonly m: Pointer;
    readonly v: Pointer;
    readonly count: number;
    /** The learning rate over 1 - beta1^update. */
    readonly stepSize: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    /** 1 / sqrt(1 - beta2^update) */
    readonly inverseRootCorrection2: number;
    readonly gradientScale: number;
    /** The share of itself that a parameter loses. */
    readonly decay: number;
  },
): void {
  const { parameters, gradients, m, v, count, stepSize, beta1, beta2, epsilon } = step;
  const { inverseRootCorrection2, gradientScale, decay } = step;
  // biome-ignore format: vectors; the rule
  kernels.adam(
    parameters, gradients, m, v, count,
    stepSize, beta1, beta2, epsilon, inverseRootCorrection2, gradientScale, decay,
  );
}
