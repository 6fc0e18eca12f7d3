import type { Pointer } from "../kernels/kernels.ts";

/** A row-major matrix of 32-bit floats in the shared memory: [rows, columns]. */
export interface Tensor {
  readonly pointer: Pointer;
  readonly rows: number;
  readonly columns: number;
}

/** A tensor that is learned; its gradient lies `offset` floats into every replica's gradient region. */
export interface Parameter extends Tensor {
  readonly offset: number;
}

/** The rows `first` to `end` of a parameter, as a parameter: such as the keys' and values' part of W_QKV. */
export function rowsOf(parameter: Parameter, first: number, end: number): Parameter {
  const skipped = first * parameter.columns;
  return {
    pointer: parameter.pointer + 4 * skipped,
    rows: end - first,
    columns: parameter.columns,
    offset: parameter.offset + skipped,
  };
}

/** The number of floats in a tensor. */
export function sizeOf(tensor: Tensor): number {
  return tensor.rows * tensor.columns;
}

/**
 * Sentences one behind the other, without padding: everything that works token by token sees one matrix with
 * a row a token, and only attention looks at the offsets.
 */
export interface Ragged {
  readonly sentences: number;
  readonly tokens: number;
  /** Int32[sentences + 1]: where each sentence starts, and where the last one ends. */
  readonly offsets: Pointer;
  /** Int32[tokens]: the token ids. */
  readonly ids: Pointer;
  /** Int32[tokens]: the place of each token in its sentence, from 0. */
  readonly positions: Pointer;
  /** Int32[tokens, 2]: the random key of each token's dropout masks; 0 when nothing is dropped. */
  readonly rowKeys: Pointer;
  /** Tokens in the longest sentence. */
  readonly longest: number;
}
