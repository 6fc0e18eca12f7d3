import { at, type Pointer } from "../kernels/kernels.ts";

/** A row-major matrix of 32-bit floats in the heap: [rows, columns]. */
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
  return { ...part(parameter, first * parameter.columns), rows: end - first, columns: parameter.columns };
}

/** The columns `first` to `end` of a parameter of one row: a part of a bias. */
export function columnsOf(bias: Parameter, first: number, end: number): Parameter {
  return { ...part(bias, first), rows: 1, columns: end - first };
}

function part({ pointer, offset }: Parameter, skipped: number): Pick<Parameter, "pointer" | "offset"> {
  return { pointer: at(pointer, skipped), offset: offset + skipped };
}

/** Some rows of a tensor, as a tensor: the same numbers, not a copy. */
export function rowsFrom({ pointer, columns }: Tensor, first: number, rows: number): Tensor {
  return { pointer: at(pointer, first * columns), rows, columns };
}

/** The number of floats in a tensor. */
export function sizeOf(tensor: Tensor): number {
  return tensor.rows * tensor.columns;
}

/**
 * Sentences one behind the other, without padding, as operations read them: everything that works token by token sees
 * one matrix with a row a token, and only attention looks at the offsets.
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
  /** Int32[tokens, 2]: the random key of each token's dropout masks; none when nothing is dropped. */
  readonly rowKeys: Pointer;
  /** Tokens in the longest sentence. */
  readonly longest: number;
}
