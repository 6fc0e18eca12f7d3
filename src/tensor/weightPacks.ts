import { type Flag, type Kernels, type Pointer, packedSize } from "../kernels/kernels.ts";
import type { SharedMemory } from "./memory.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Weights in the panels that the matrix product reads, made once and kept as long as the weights stay the same:
 * a decoder that runs a token at a time, or the shards of a training step, would spend their time packing them again.
 */
export class WeightPacks {
  readonly #kernels: Kernels;
  readonly #memory: SharedMemory;
  /** By place and rows: the first rows of a matrix, such as W_Q of W_QKV, begin where it begins. */
  readonly #packs = new Map<string, { readonly packed: Pointer; readonly version: number }>();
  #version = 0;

  constructor(kernels: Kernels, memory: SharedMemory) {
    this.#kernels = kernels;
    this.#memory = memory;
  }

  /** Says which weights are in use: after a change every pack is made again when it is next asked for. */
  useVersion(version: number): void {
    this.#version = version;
  }

  /** W^T in panels, for x W^T; W is [out, in]. */
  transposed(weight: Tensor): Pointer {
    return this.#pack(weight, 1, weight.rows, weight.columns);
  }

  /** W in panels, for dy W; W is [out, in]. */
  plain(weight: Tensor): Pointer {
    return this.#pack(weight, 0, weight.columns, weight.rows);
  }

  /** A matrix B[k, n] in panels, which lies in memory as it is or transposed. */
  #pack({ pointer, rows, columns }: Tensor, transposed: Flag, n: number, k: number): Pointer {
    const key = `${pointer} ${rows} ${transposed}`;
    const known = this.#packs.get(key);
    if (known?.version === this.#version) return known.packed;
    const packed = known?.packed ?? this.#memory.reserve(4 * packedSize(n, k));
    this.#kernels.packB(packed, pointer, columns, transposed, n, k);
    this.#packs.set(key, { packed, version: this.#version });
    return packed;
  }
}
