import { describe, expect, it } from "vitest";
import { Arena, SharedMemory } from "../../src/tensor/memory.ts";
import { oneLine } from "../io/oneLine.ts";

const MIB = 2 ** 20;

describe("SharedMemory", () => {
  it("hands out regions that do not overlap, at multiples of 64 bytes, never at 0", () => {
    const memory = new SharedMemory();
    const sizes = [4, 64, 100, 0, 8, 3 * MIB, 12];
    const regions = sizes.map((bytes) => ({ start: memory.reserve(bytes), bytes }));
    let end = 1;
    for (const { start, bytes } of regions) {
      expect(start % 64).toBe(0);
      expect(start).toBeGreaterThanOrEqual(end);
      end = start + bytes;
    }
    expect(memory.wasm.buffer.byteLength).toBeGreaterThanOrEqual(end + 64);
  });

  it("grows in place: older views see what newer ones write", () => {
    const memory = new SharedMemory();
    const pointer = memory.reserve(16);
    const before = memory.floats(pointer, 4);
    const far = memory.reserve(20 * MIB);
    memory.floats(far, 5 * MIB).fill(1);
    memory.floats(pointer, 4).set([1, 2, 3, 4]);
    expect([...before]).toEqual([1, 2, 3, 4]);
    expect(memory.integers(far, 5 * MIB).at(-1)).toBe(0x3f800000);
  });

  it("who takes part in it gets other regions, and sees those of others", () => {
    const first = new SharedMemory();
    const second = new SharedMemory(first.wasm);
    const [a, b, c] = [first.reserve(64), second.reserve(10 * MIB), first.reserve(64)];
    expect(b).toBeGreaterThanOrEqual(a + 64);
    expect(c).toBeGreaterThanOrEqual(b + 10 * MIB);
    first.floats(c, 1)[0] = 7;
    expect(second.floats(c, 1)[0]).toBe(7);
  });

  it("says so when 4 GiB are not enough", () => {
    expect(oneLine(() => new SharedMemory().reserve(5 * 1024 * MIB))).toBe(
      "the model and its batch need more than 5120 MiB of memory. Use a smaller model or a smaller --batch-tokens.",
    );
  });
});

describe("Arena", () => {
  it("hands out scratch in order, at multiples of 64 bytes, and the same again once it is released", () => {
    const arena = new Arena(new SharedMemory());
    const first = [1, 16, 17, 0, 5].map((count) => arena.allocate(count));
    expect(first.map((pointer) => pointer - first[0]!)).toEqual([0, 64, 128, 256, 256]);
    arena.release();
    expect([1, 16, 17, 0, 5].map((count) => arena.allocate(count))).toEqual(first);
  });

  it("releases back to a mark", () => {
    const arena = new Arena(new SharedMemory());
    const kept = arena.allocate(16);
    const mark = arena.mark();
    const lent = arena.allocate(16);
    arena.release(mark);
    expect(arena.allocate(16)).toBe(lent);
    expect(lent).toBe(kept + 64);
  });

  it("grows by chunks, while what it has handed out stays as it was", () => {
    const memory = new SharedMemory();
    const arena = new Arena(memory);
    const sizes = [10, 3 * MIB, 6 * MIB, 20 * MIB, 10, 6 * MIB]; // floats; a chunk has 8 Mi of them
    const place = () => sizes.map((count) => ({ start: arena.allocate(count), end: 0, count }));
    const blocks = place().map((block) => ({ ...block, end: block.start + 4 * block.count }));
    for (const block of blocks) {
      for (const other of blocks) {
        if (other !== block) expect(other.end <= block.start || other.start >= block.end).toBe(true);
      }
      memory.floats(block.start, block.count)[block.count - 1] = block.count;
    }
    for (const { start, count } of blocks) expect(memory.floats(start, count)[count - 1]).toBe(count);
    const size = memory.wasm.buffer.byteLength;
    arena.release();
    expect(place().map(({ start }) => start)).toEqual(blocks.map(({ start }) => start));
    expect(memory.wasm.buffer.byteLength).toBe(size);
  });

  it("goes back over chunks to a mark", () => {
    const arena = new Arena(new SharedMemory());
    arena.allocate(4 * MIB);
    const mark = arena.mark();
    const next = arena.allocate(16);
    arena.allocate(8 * MIB);
    arena.allocate(8 * MIB);
    arena.release(mark);
    expect(arena.allocate(16)).toBe(next);
  });
});
