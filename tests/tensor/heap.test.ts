import { describe, expect, it } from "vitest";
import { Arena, Heap } from "../../src/tensor/heap.ts";
import { oneLine } from "../io/oneLine.ts";

const MIB = 2 ** 20;

describe("Heap", () => {
  it("hands out regions that do not overlap, at multiples of 64 bytes, never at 0", () => {
    const heap = Heap.shared();
    const sizes = [4, 64, 100, 0, 8, 3 * MIB, 12];
    const regions = sizes.map((bytes) => ({ start: heap.reserve(bytes), bytes }));
    let end = 1;
    for (const { start, bytes } of regions) {
      expect(start % 64).toBe(0);
      expect(start).toBeGreaterThanOrEqual(end);
      end = start + bytes;
    }
    expect(heap.wasm.buffer.byteLength).toBeGreaterThanOrEqual(end + 64);
  });

  it("grows in place: older views see what newer ones write", () => {
    const heap = Heap.shared();
    const pointer = heap.reserve(16);
    const before = heap.floats(pointer, 4);
    const far = heap.reserve(20 * MIB);
    heap.floats(far, 5 * MIB).fill(1);
    heap.floats(pointer, 4).set([1, 2, 3, 4]);
    expect([...before]).toEqual([1, 2, 3, 4]);
    expect(heap.integers(far, 5 * MIB).at(-1)).toBe(0x3f800000);
  });

  it("who takes part in it gets other regions, and sees those of others", () => {
    const first = Heap.shared();
    const second = new Heap(first.wasm);
    const [a, b, c] = [first.reserve(64), second.reserve(10 * MIB), first.reserve(64)];
    expect(b).toBeGreaterThanOrEqual(a + 64);
    expect(c).toBeGreaterThanOrEqual(b + 10 * MIB);
    first.floats(c, 1)[0] = 7;
    expect(second.floats(c, 1)[0]).toBe(7);
  });

  it("that is not shared grows too, and its new views see what was there", () => {
    const heap = Heap.unshared();
    const pointer = heap.reserve(16);
    heap.floats(pointer, 4).set([1, 2, 3, 4]);
    const far = heap.reserve(20 * MIB);
    expect(heap.wasm.buffer).toBeInstanceOf(ArrayBuffer);
    heap.floats(far, 5 * MIB).fill(1);
    expect([...heap.floats(pointer, 4)]).toEqual([1, 2, 3, 4]);
    expect(heap.integers(far, 5 * MIB).at(-1)).toBe(0x3f800000);
    expect([...new Float32Array(heap.wasm.buffer, pointer, 4)]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ["shared", () => Heap.shared()],
    ["not shared", () => Heap.unshared()],
  ])("a view is good as long as nothing is reserved, whatever others are asked for: %s", (_, make) => {
    const heap = make();
    const pointer = heap.reserve(64);
    heap.reserve(20 * MIB);
    const floats = heap.floats(pointer, 4);
    const integers = heap.integers(pointer, 4);
    const [doubles, bytes] = [heap.doubles(pointer, 2), heap.bytes(pointer, 16)];
    heap.floats(pointer, 4);
    floats.fill(1);
    expect([floats.length, integers.length, doubles.length, bytes.length]).toEqual([4, 4, 2, 16]);
    expect([...integers]).toEqual(new Array(4).fill(0x3f800000));
    expect(bytes[3]).toBe(0x3f);
    expect(doubles[0]).toBe(new Float64Array(Float32Array.of(1, 1).buffer)[0]);
  });

  it("says so when 4 GiB are not enough", () => {
    expect(oneLine(() => Heap.shared().reserve(5 * 1024 * MIB))).toBe(
      "the model and its batch need more than 5120 MiB of memory. Use a smaller model or a smaller --batch-tokens.",
    );
  });
});

describe("Arena", () => {
  it("hands out scratch in order, at multiples of 64 bytes, and the same again once it is released", () => {
    const arena = new Arena(Heap.shared());
    const first = [1, 16, 17, 0, 5].map((count) => arena.allocate(count));
    expect(first.map((pointer) => pointer - first[0]!)).toEqual([0, 64, 128, 256, 256]);
    arena.release();
    expect([1, 16, 17, 0, 5].map((count) => arena.allocate(count))).toEqual(first);
  });

  it("releases back to a mark", () => {
    const arena = new Arena(Heap.shared());
    const kept = arena.allocate(16);
    const mark = arena.mark();
    const lent = arena.allocate(16);
    arena.release(mark);
    expect(arena.allocate(16)).toBe(lent);
    expect(lent).toBe(kept + 64);
  });

  it("grows by chunks, while what it has handed out stays as it was", () => {
    const heap = Heap.shared();
    const arena = new Arena(heap);
    const sizes = [10, 3 * MIB, 6 * MIB, 20 * MIB, 10, 6 * MIB]; // floats; a chunk has 8 Mi of them
    const place = () => sizes.map((count) => ({ start: arena.allocate(count), end: 0, count }));
    const blocks = place().map((block) => ({ ...block, end: block.start + 4 * block.count }));
    for (const block of blocks) {
      for (const other of blocks) {
        if (other !== block) expect(other.end <= block.start || other.start >= block.end).toBe(true);
      }
      heap.floats(block.start, block.count)[block.count - 1] = block.count;
    }
    for (const { start, count } of blocks) expect(heap.floats(start, count)[count - 1]).toBe(count);
    const size = heap.wasm.buffer.byteLength;
    arena.release();
    expect(place().map(({ start }) => start)).toEqual(blocks.map(({ start }) => start));
    expect(heap.wasm.buffer.byteLength).toBe(size);
  });

  it("goes back over chunks to a mark", () => {
    const arena = new Arena(Heap.shared());
    arena.allocate(4 * MIB);
    const mark = arena.mark();
    const next = arena.allocate(16);
    arena.allocate(8 * MIB);
    arena.allocate(8 * MIB);
    arena.release(mark);
    expect(arena.allocate(16)).toBe(next);
  });
});
