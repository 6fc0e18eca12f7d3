import { Computation, type Workbench } from "../tensor/computation.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { type ProjectionConfig, projectionColumns } from "./attention.ts";
import { type PairBatch, raggedOf } from "./batch.ts";
import type { AttentionKind, ModelConfig } from "./config.ts";
import { scoreScale } from "./scores.ts";
import type { Transformer } from "./transformer.ts";

export { ATTENTION_KINDS, type AttentionKind } from "./config.ts";

/** A row-major matrix of its own: [rows, columns]. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * Every value of the model on a pair, by its name: the part's, as parameters are named, and what it is. Of
 * `encoder.layers.0.self_attn.` there are `qkv` [T, 3 D], `heads` [T, D] before W_O and `output` [T, D]; of cross-attention
 * (`multihead_attn.`) `q` [Tt, D] and `kv` [Ts, 2 D] instead; where an attention is not the paper's, of one pair also
 * `scores`, not scaled yet, and `weights`, both [H Tq, Tk]; of `norm1.` `output`, what the residual connection and the
 * normalisation make of it; of the feed-forward network `inner` [T, F] and `output`; of both stacks `input` [T, D]; and
 * `logits` [Tt, V].
 */
export type Trace = ReadonlyMap<string, Matrix>;

/**
 * Runs the model under teacher forcing and keeps all that it computes.
 *
 * @param batch one pair or several, whose rows then stand one behind the other
 */
export function trace(model: Transformer, workbench: Workbench, batch: PairBatch): Trace {
  const { heap, arena } = workbench;
  const values = new Map<string, Matrix>();
  const run = new Computation(workbench, {
    watch: (name, tensor) => {
      const { pointer, rows, columns } = tensor;
      values.set(name, { rows, columns, values: heap.floats(pointer, sizeOf(tensor)).slice() });
    },
  });
  const { maxPosition } = model;
  const source = raggedOf(run, batch.source, { maxPosition });
  const target = raggedOf(run, batch.target, { maxPosition });
  model.logits(run, model.forward(run, source, target));
  arena.release();
  return values;
}

/** What the names of an attention's values and parameters begin with. */
export function attentionName(kind: AttentionKind, layer: number): string {
  const stack = kind === "encoder" ? "encoder" : "decoder";
  return `${stack}.layers.${layer}.${kind === "cross" ? "multihead_attn" : "self_attn"}.`;
}

/** What a head computes on the way from its input to its output. */
export interface HeadTrace {
  /** [Tq, dHead] */
  readonly q: Matrix;
  /** [Tk, dHead] */
  readonly k: Matrix;
  /** [Tk, dHead] */
  readonly v: Matrix;
  /** Q K^T / sqrt(dHead), or what there is in its place: [Tq, Tk], before the mask. */
  readonly scores: Matrix;
  /** The softmax of each row, masked in the decoder's self-attention: [Tq, Tk]. */
  readonly weights: Matrix;
}

/**
 * One head of an attention, as the equation is written: softmax(Q K^T / sqrt(dHead)) V (Vaswani et al. 2017, equation 1).
 *
 * @param values of one pair
 */
export function headTrace(
  values: Trace,
  config: ProjectionConfig & Pick<ModelConfig, "scores">,
  kind: AttentionKind,
  layer: number,
  head: number,
): HeadTrace {
  const { dHead, keyWidth, k: keys, v: contents } = projectionColumns(config);
  const keyHead = Math.floor((head * keyWidth) / config.dModel);
  const name = attentionName(kind, layer);
  const [asked, seen] = kind === "cross" ? (["q", "kv"] as const) : (["qkv", "qkv"] as const);
  const first = kind === "cross" ? keys : 0;
  const band = (what: string, start: number, of: number): Matrix =>
    bandOf(values.get(name + what)!, start + of * dHead, dHead);
  const q = band(asked, 0, head);
  const [k, v] = [band(seen, keys - first, keyHead), band(seen, contents - first, keyHead)];
  const weights = values.get(`${name}weights`);
  if (weights !== undefined) {
    const scores = rowsOf(values.get(`${name}scores`)!, head * q.rows, q.rows);
    const scale = scoreScale(config);
    const scaled = scores.values.map((score) => score * scale);
    return {
      q,
      k,
      v,
      scores: { ...scores, values: scaled },
      weights: rowsOf(weights, head * q.rows, q.rows),
    };
  }
  const scores = scaledProducts(q, k);
  return { q, k, v, scores, weights: softmaxRows(scores, kind === "decoder") };
}

/** Some rows of a matrix, as a view. */
function rowsOf({ columns, values }: Matrix, first: number, rows: number): Matrix {
  return { rows, columns, values: values.subarray(first * columns, (first + rows) * columns) };
}

/** A row of a matrix, as a view. */
export function rowOf({ columns, values }: Matrix, row: number): Float32Array {
  return values.subarray(row * columns, (row + 1) * columns);
}

/** The mean of matrices of one shape, such as the weights of several heads: at least one. */
export function meanOf(matrices: readonly Matrix[]): Matrix {
  const [first] = matrices;
  if (first === undefined) throw new RangeError("there is no mean of nothing");
  const sum = new Float64Array(first.values.length);
  for (const { values } of matrices) for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
  return { ...first, values: Float32Array.from(sum, (value) => value / matrices.length) };
}

/** Some columns of a matrix. */
export function bandOf({ rows, columns: width, values }: Matrix, first: number, count: number): Matrix {
  const part = new Float32Array(rows * count);
  for (let i = 0; i < rows; i++)
    part.set(values.subarray(i * width + first, i * width + first + count), i * count);
  return { rows, columns: count, values: part };
}

/** Q K^T / sqrt(dHead). */
function scaledProducts(q: Matrix, k: Matrix): Matrix {
  const dHead = q.columns;
  const values = new Float32Array(q.rows * k.rows);
  for (let i = 0; i < q.rows; i++)
    for (let j = 0; j < k.rows; j++) {
      let sum = 0;
      for (let d = 0; d < dHead; d++) sum += q.values[i * dHead + d]! * k.values[j * dHead + d]!;
      values[i * k.rows + j] = sum / Math.sqrt(dHead);
    }
  return { rows: q.rows, columns: k.rows, values };
}

/** The softmax of each row; masked, row i has only the columns up to i. */
function softmaxRows({ rows, columns: width, values }: Matrix, masked: boolean): Matrix {
  const weights = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const seen = values.subarray(i * width, i * width + (masked ? i + 1 : width));
    const most = seen.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = Array.from(seen, (score) => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b, 0);
    for (const [j, power] of powers.entries()) weights[i * width + j] = power / sum;
  }
  return { rows, columns: width, values: weights };
}
