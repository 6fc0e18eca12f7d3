import type { EncodedPair } from "../../data/batches.ts";
import { at, type Pointer, pointerTo } from "../../kernels/kernels.ts";
import type { Heap } from "../../tensor/heap.ts";
import type { TrainingCorpus } from "../../training/feed.ts";

/** What threads open a corpus by: behind it comes its place in the heap. */
const NAME = "the corpus of this page, at ";

/**
 * A corpus that lies in the heap, where every thread that shares it can read: Int32 the number of pairs P,
 * Int32[2 P] where the source and the target of each pair end, and Int32 all their ids, one side behind the other.
 */
export class CorpusInHeap implements TrainingCorpus {
  readonly file: string;
  readonly pairs: number;
  readonly #heap: Heap;
  readonly #ends: Pointer;
  readonly #ids: Pointer;

  private constructor(heap: Heap, pointer: Pointer) {
    this.file = `${NAME}${pointer}`;
    this.pairs = heap.integers(pointer, 1)[0]!;
    this.#heap = heap;
    this.#ends = at(pointer, 1);
    this.#ids = at(pointer, 1 + 2 * this.pairs);
  }

  /** Lays pairs down in a heap, for good. */
  static write(heap: Heap, pairs: readonly Omit<EncodedPair, "index">[]): CorpusInHeap {
    const sides = pairs.flatMap(({ source, target }) => [source, target]);
    const ids = sides.reduce((sum, { length }) => sum + length, 0);
    const pointer = heap.reserve(4 * (1 + sides.length + ids));
    const words = heap.integers(pointer, 1 + sides.length + ids);
    words[0] = pairs.length;
    let end = 0;
    for (const [i, side] of sides.entries()) {
      words.set(side, 1 + sides.length + end);
      end += side.length;
      words[1 + i] = end;
    }
    return new CorpusInHeap(heap, pointer);
  }

  /** Opens what {@link write} has laid down, on any thread. */
  static open(file: string, heap: Heap): CorpusInHeap {
    return new CorpusInHeap(heap, pointerTo(Number(file.slice(NAME.length))));
  }

  /** The most tokens that a side has. */
  get longest(): { readonly source: number; readonly target: number } {
    const most = (lengthOf: (pair: number) => number): number =>
      Array.from({ length: this.pairs }, (_, pair) => lengthOf(pair)).reduce((a, b) => Math.max(a, b), 0);
    return {
      source: most((pair) => this.sourceLength(pair)),
      target: most((pair) => this.targetLength(pair)),
    };
  }

  sourceLength(pair: number): number {
    return this.#side(2 * pair).length;
  }

  targetLength(pair: number): number {
    return this.#side(2 * pair + 1).length;
  }

  read(pairs: ArrayLike<number>): readonly EncodedPair[] {
    return Array.from(pairs, (index) => ({
      source: this.#side(2 * index),
      target: this.#side(2 * index + 1),
      index,
    }));
  }

  close(): void {}

  /** The ids of a side, as a view; sides are numbered through. */
  #side(side: number): Int32Array {
    const ends = this.#heap.integers(this.#ends, 2 * this.pairs);
    const start = side === 0 ? 0 : ends[side - 1]!;
    return this.#heap.integers(at(this.#ids, start), ends[side]! - start);
  }
}
