import { describe, expect, it } from "vitest";
import { Heap } from "../../src/tensor/heap.ts";
import { CorpusInHeap } from "../../src/web/engine/corpusInHeap.ts";

const PAIRS = [
  { source: Int32Array.of(5, 6, 7), target: Int32Array.of(8) },
  { source: Int32Array.of(), target: Int32Array.of(9, 10) },
  { source: Int32Array.of(11), target: Int32Array.of() },
];

describe("a corpus in the heap", () => {
  it("is read by its name from wherever the memory is shared", () => {
    const heap = Heap.shared();
    heap.reserve(1000); // it need not lie at the beginning
    const written = CorpusInHeap.write(heap, PAIRS);
    const opened = CorpusInHeap.open(written.file, new Heap(heap.wasm));
    for (const corpus of [written, opened]) {
      expect(corpus.pairs).toBe(3);
      expect(corpus.longest).toEqual({ source: 3, target: 2 });
      expect([0, 1, 2].map((pair) => corpus.sourceLength(pair))).toEqual([3, 0, 1]);
      expect([0, 1, 2].map((pair) => corpus.targetLength(pair))).toEqual([1, 2, 0]);
      const read = corpus
        .read([2, 0, 1])
        .map(({ source, target, index }) => [[...source], [...target], index]);
      expect(read).toEqual([
        [[11], [], 2],
        [[5, 6, 7], [8], 0],
        [[], [9, 10], 1],
      ]);
    }
  });

  it("survives that a memory of its own grows", () => {
    const heap = Heap.unshared();
    const corpus = CorpusInHeap.write(heap, PAIRS);
    heap.reserve(2 ** 22);
    expect([...corpus.read([0])[0]!.source]).toEqual([5, 6, 7]);
  });
});
