import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { inBursts } from "../../src/data/bursts.ts";

async function* numbers(
  count: number,
  pauses: Readonly<Record<number, number>> = {},
): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (pauses[i] !== undefined) await setTimeout(pauses[i]);
    yield i;
  }
}

async function collect<T>(bursts: AsyncIterable<T[]>): Promise<T[][]> {
  const all: T[][] = [];
  for await (const burst of bursts) all.push(burst);
  return all;
}

it("groups what comes at once, up to the most", async () => {
  expect(await collect(inBursts(numbers(7), 3, 50))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  expect(await collect(inBursts(numbers(6), 3, 50))).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(await collect(inBursts(numbers(0), 3, 50))).toEqual([]);
});

it("hands out what there is when the next item keeps it waiting", async () => {
  expect(await collect(inBursts(numbers(5, { 2: 300 }), 64, 20))).toEqual([
    [0, 1],
    [2, 3, 4],
  ]);
});

it("takes one item ahead at most", async () => {
  let taken = 0;
  async function* counted(): AsyncGenerator<number> {
    for (let i = 0; i < 100; i++) yield taken++;
  }
  const bursts = inBursts(counted(), 4, 50);
  await bursts.next();
  await setTimeout(10);
  expect(taken).toBeLessThanOrEqual(5);
});

it("passes on what the items fail with", async () => {
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new Error("the disk is gone");
  }
  await expect(collect(inBursts(failing(), 4, 50))).rejects.toThrow("the disk is gone");
});
