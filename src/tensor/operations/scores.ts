import { at, type Pointer } from "../../kernels/kernels.ts";
import {
  type Block,
  clear,
  copy,
  dropout,
  gemm,
  type Panels,
  packB,
  packedSize,
  pairScoresBackward,
  pairScoresForward,
  weightsBackward,
  weightsForward,
} from "../calls.ts";
import type { Computation } from "../computation.ts";
import { type Parameter, type Ragged, sizeOf, type Tensor } from "../tensor.ts";
import type { CachedKeys, Columns } from "./attention.ts";

// Attention step by step, for what the fused kernel does not know: scores that something is added to, or that are no scaled
// products; fewer heads of keys than of queries. The scores of all heads lie in memory, for each sentence [heads, Lq, Lk].

/** The queries, keys and scores of one sentence. */
interface SentenceScores {
  readonly queryStart: number;
  readonly queries: number;
  readonly keyStart: number;
  readonly keys: number;
  /** The first of its [heads, queries, keys] scores. */
  readonly first: number;
}

/** Where the scores of all sentences lie. */
export interface ScoreLayout {
  readonly heads: number;
  readonly sentences: readonly SentenceScores[];
  /** The scores of all of them. */
  readonly size: number;
  /** The most keys of a sentence. */
  readonly longest: number;
  /** The rows of queries. */
  readonly rows: number;
}

/** The scores of `heads` heads of some sentences over their keys. */
export function layOutScores(
  { heap }: Computation,
  queries: Ragged,
  keys: CachedKeys,
  heads: number,
): ScoreLayout {
  const offsets = heap.integers(queries.offsets, queries.sentences + 1);
  const starts = heap.integers(keys.starts, queries.sentences);
  const ends = heap.integers(keys.ends, queries.sentences);
  let size = 0;
  let longest = 0;
  const sentences = Array.from({ length: queries.sentences }, (_, b) => {
    const [queryStart, keyStart] = [offsets[b]!, starts[b]!];
    const of = {
      queryStart,
      queries: offsets[b + 1]! - queryStart,
      keyStart,
      keys: ends[b]! - keyStart,
      first: size,
    };
    size += heads * of.queries * of.keys;
    longest = Math.max(longest, of.keys);
    return of;
  });
  return { heads, sentences, size, longest, rows: queries.tokens };
}

/** Columns of a projection that are split into heads. */
export interface HeadColumns extends Columns {
  readonly heads: number;
  readonly dHead: number;
}

/** What is added to the products of queries and keys before they are scaled. */
export interface ScoreBias {
  /** Writes what is added to each score. */
  fill(scores: Pointer): void;
  /** Takes the gradient of the scores to that of what it is made of. */
  backward(dScores: Pointer): void;
}

/** The matrix of scores of a head of a sentence. */
export function scoresOfHead(
  scores: Pointer,
  { first, queries, keys }: SentenceScores,
  head: number,
): Tensor {
  return { pointer: at(scores, first + head * queries * keys), rows: queries, columns: keys };
}

/** The rows of a sentence in the columns of a head. */
function rowsOfHead({ tensor, first, dHead }: HeadColumns, head: number, start: number, rows: number): Block {
  const { pointer, columns: stride } = tensor;
  return { pointer: at(pointer, start * stride + first + head * dHead), rows, columns: dHead, stride };
}

export function queriesOfHead(q: HeadColumns, { queryStart, queries }: SentenceScores, head: number): Block {
  return rowsOfHead(q, head, queryStart, queries);
}

/** The keys or values that a head of queries sees: several heads may share one. */
function keysOfHead(k: HeadColumns, layout: ScoreLayout, of: SentenceScores, head: number): Block {
  return rowsOfHead(k, Math.floor((head * k.heads) / layout.heads), of.keyStart, of.keys);
}

/** Calls `work` for every head of every sentence, with scratch of its own. */
export function eachHead(
  run: Computation,
  { heads, sentences }: ScoreLayout,
  work: (of: SentenceScores, head: number) => void,
): void {
  for (const of of sentences) {
    if (of.queries === 0) continue;
    for (let head = 0; head < heads; head++) run.temporarily(() => work(of, head));
  }
}

/** A matrix in panels, in scratch. */
export function packed(run: Computation, b: Block, transposed = false): Panels {
  const shape = transposed ? { rows: b.columns, columns: b.rows } : b;
  return packB(run, { to: run.arena.allocate(packedSize(run, shape)), b, transposed });
}

/** The same columns of the gradient of their tensor, which is there to be added to. */
export function gradientColumns<C extends Columns>(run: Computation, columns: C): C {
  const { tensor } = columns;
  const { pointer, accumulate } = run.tape!.target(tensor);
  if (!accumulate) clear(run, { pointer, count: sizeOf(tensor) });
  return { ...columns, tensor: { ...tensor, pointer } };
}

/**
 * The products of every query with every key, and what is added to them.
 *
 * @param to where to leave them; by default in scratch
 * @returns one row of all scores, as `layout` has them
 */
export function productScores(
  run: Computation,
  layout: ScoreLayout,
  q: HeadColumns,
  k: HeadColumns,
  bias?: ScoreBias,
  to?: Pointer,
): Tensor {
  const scores = scoresTensor(run, layout, to);
  return run.record("scores", scores, {
    forward: () => {
      bias?.fill(scores.pointer);
      eachHead(run, layout, (of, head) => {
        gemm(run, {
          c: scoresOfHead(scores.pointer, of, head),
          a: queriesOfHead(q, of, head),
          b: packed(run, keysOfHead(k, layout, of, head), true),
          accumulate: bias !== undefined,
        });
      });
    },
    backward: (dScores) => {
      const dq = gradientColumns(run, q);
      const dk = gradientColumns(run, k);
      eachHead(run, layout, (of, head) => {
        const dHead = scoresOfHead(dScores, of, head);
        const accumulate = true;
        const keys = packed(run, keysOfHead(k, layout, of, head));
        gemm(run, { c: queriesOfHead(dq, of, head), a: dHead, b: keys, accumulate });
        const queries = packed(run, queriesOfHead(q, of, head));
        const dKeys = keysOfHead(dk, layout, of, head);
        gemm(run, { c: dKeys, a: dHead, aTransposed: true, b: queries, accumulate });
      });
      bias?.backward(dScores);
    },
  });
}

/** A network of one hidden layer that scores a query and a key by their sum. */
export interface PairNetwork {
  /** What each hidden unit weighs: [heads, dHead] */
  readonly weight: Parameter;
  /** Whether the hidden units are ReLUs, not hyperbolic tangents. */
  readonly relu: boolean;
}

/**
 * v f(q + k) of every query with every key (Bahdanau et al. 2015, appendix A.1.2), and what is added to that.
 *
 * @param to where to leave them; by default in scratch
 * @returns one row of all scores, as `layout` has them
 */
export function pairScores(
  run: Computation,
  layout: ScoreLayout,
  q: HeadColumns,
  k: HeadColumns,
  { weight, relu }: PairNetwork,
  bias?: ScoreBias,
  to?: Pointer,
): Tensor {
  const scores = scoresTensor(run, layout, to);
  const pairs = (of: SentenceScores, head: number) => ({
    q: queriesOfHead(q, of, head),
    k: keysOfHead(k, layout, of, head),
    v: at(weight.pointer, head * weight.columns),
    relu,
  });
  return run.record("scores", scores, {
    forward: () => {
      if (bias === undefined) clear(run, { pointer: scores.pointer, count: layout.size });
      else bias.fill(scores.pointer);
      eachHead(run, layout, (of, head) => {
        const { pointer } = scoresOfHead(scores.pointer, of, head);
        pairScoresForward(run, { scores: pointer, ...pairs(of, head) });
      });
    },
    backward: (dScores) => {
      const dq = gradientColumns(run, q);
      const dk = gradientColumns(run, k);
      const gradient = run.gradientOf(weight);
      eachHead(run, layout, (of, head) => {
        pairScoresBackward(run, {
          ...pairs(of, head),
          dq: queriesOfHead(dq, of, head).pointer,
          dk: keysOfHead(dk, layout, of, head).pointer,
          dv: at(gradient.pointer, head * weight.columns),
          dScores: scoresOfHead(dScores, of, head).pointer,
        });
      });
      bias?.backward(dScores);
    },
  });
}

/** Room for all scores. */
function scoresTensor(run: Computation, { size }: ScoreLayout, pointer?: Pointer): Tensor {
  return { pointer: pointer ?? run.arena.allocate(size), rows: 1, columns: size };
}

/**
 * dropout(softmax(scale scores)) V, heads concatenated. Uses `scores` up: the weights take their place.
 *
 * @param sentences those of the queries
 * @param causal whether query i of Lq sees only the keys up to i + Lk - Lq
 * @returns [Tq, heads dHead]
 */
export function weighValues(
  run: Computation,
  layout: ScoreLayout,
  scores: Tensor,
  v: HeadColumns,
  sentences: Ragged,
  { causal, scale }: { readonly causal: boolean; readonly scale: number },
): Tensor {
  const out = run.tensor(layout.rows, layout.heads * v.dHead);
  const columns = { tensor: out, first: 0, heads: layout.heads, dHead: v.dHead };
  const mask = run.dropoutMask("attention", sentences, layout.heads); // a site a head
  const drop = (x: Tensor, { queryStart }: SentenceScores, head: number): void =>
    dropout(run, x, { ...mask, rowKeys: at(mask.rowKeys, 2 * queryStart), site: mask.site + head });
  /** The weights of a head with their dropout. */
  const dropped = (of: SentenceScores, head: number): Tensor => {
    const weights = scoresOfHead(scores.pointer, of, head);
    if (mask.threshold === 0) return weights;
    const own = run.tensor(weights.rows, weights.columns);
    copy(run, { to: own.pointer, from: weights.pointer, count: sizeOf(own) });
    drop(own, of, head);
    return own;
  };
  return run.record("weighted values", out, {
    forward: () =>
      eachHead(run, layout, (of, head) => {
        const first = causal ? 1 + of.keys - of.queries : of.keys;
        weightsForward(run, { scores: scoresOfHead(scores.pointer, of, head), first, scale });
        const values = packed(run, keysOfHead(v, layout, of, head));
        gemm(run, { c: queriesOfHead(columns, of, head), a: dropped(of, head), b: values });
      }),
    backward: (dOut) => {
      const dv = gradientColumns(run, v);
      const dColumns = { ...columns, tensor: { ...out, pointer: dOut } };
      run.giveGradients([scores], ([dScores]) =>
        eachHead(run, layout, (of, head) => {
          const dOutput = queriesOfHead(dColumns, of, head);
          const dWeights = scoresOfHead(dScores!, of, head);
          const dValues = keysOfHead(dv, layout, of, head);
          const weights = scoresOfHead(scores.pointer, of, head);
          const a = dropped(of, head);
          gemm(run, { c: dValues, a, aTransposed: true, b: packed(run, dOutput), accumulate: true });
          gemm(run, { c: dWeights, a: dOutput, b: packed(run, keysOfHead(v, layout, of, head), true) });
          drop(dWeights, of, head);
          weightsBackward(run, { dWeights: dWeights.pointer, weights, scale });
        }),
      );
    },
  });
}
