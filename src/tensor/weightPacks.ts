import { type Caller, type Panels, packB, packedSize } from "./calls.ts";
import type { Heap } from "./heap.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Weights in the panels that the matrix product reads, made once and kept as long as the weights stay the same:
 * a decoder that runs a token at a time, or the shards of a training step, would spend their time packing them again.
 */
export class WeightPacks {
  readonly #caller: Caller;
  readonly #heap: Heap;
  /** By place and rows: the first rows of a matrix, such as W_Q of W_QKV, begin where it begins. */
  readonly #packs = new Map<string, { readonly panels: Panels; readonly version: number }>();
  #version = 0;

  constructor(caller: Caller, heap: Heap) {
    this.#caller = caller;
    this.#heap = heap;
  }

  /** Says which weights are in use: after a change every pack is made again when it is next asked for. */
  useVersion(version: number): void {
    this.#version = version;
  }

  /** W^T in panels, for x W^T; W is [out, in]. */
  transposed(weight: Tensor): Panels {
    return this.#pack(weight, true);
  }

  /** W in panels, for dy W; W is [out, in]. */
  plain(weight: Tensor): Panels {
    return this.#pack(weight, false);
  }

  #pack(weight: Tensor, transposed: boolean): Panels {
    const { pointer, rows, columns } = weight;
    const key = `${pointer} ${rows} ${transposed}`;
    const known = this.#packs.get(key);
    if (known?.version === this.#version) return known.panels;
    const shape = transposed ? { rows: columns, columns: rows } : weight;
    const to = known?.panels.pointer ?? this.#heap.reserve(4 * packedSize(this.#caller, shape));
    const panels = packB(this.#caller, { to, b: weight, transposed });
    this.#packs.set(key, { panels, version: this.#version });
    return panels;
  }
}
