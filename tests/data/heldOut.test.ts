import { describe, expect, it } from "vitest";
import { Division, DivisionCounter, HeldOutPairs, type HoldOut } from "../../src/data/heldOut.ts";

const pairOf = (i: number) => ({ source: `source ${i}`, target: `target ${i}`, line: i + 1 });
const pairs = (count: number) => Array.from({ length: count }, (_, i) => pairOf(i));

/** Where each pair belongs. */
function divide(all: readonly ReturnType<typeof pairOf>[], holdOut: HoldOut) {
  const counter = new DivisionCounter(holdOut);
  for (const pair of all) counter.add(pair);
  const division = new Division(counter);
  const parts = { train: new Set<string>(), valid: new Set<string>(), test: new Set<string>() };
  for (const pair of all) parts[division.partOf(pair)].add(pair.source);
  return { division, ...parts };
}

describe("a corpus in parts", () => {
  it("has so many pairs in each, exactly, and the same in any order", () => {
    const { valid, test, train } = divide(pairs(1000), { valid: 70, test: 30 });
    expect([valid.size, test.size, train.size]).toEqual([70, 30, 900]);
    const turned = divide(pairs(1000).reverse(), { valid: 70, test: 30 });
    expect([...turned.valid].sort()).toEqual([...valid].sort());
  });

  it("has about the share that is asked for, and each pair stays where it is when others come", () => {
    const small = divide(pairs(2000), { valid: 0.1, test: 0.05 });
    expect(Math.abs(small.valid.size - 200)).toBeLessThan(50);
    expect(Math.abs(small.test.size - 100)).toBeLessThan(40);
    const large = divide(pairs(6000), { valid: 0.1, test: 0.05 });
    for (const part of ["train", "valid", "test"] as const)
      expect([...small[part]].every((pair) => large[part].has(pair))).toBe(true);
  });

  it("by number never holds out what was trained on before others came", () => {
    const small = divide(pairs(2000), { valid: 100, test: 100 });
    const large = divide(pairs(6000), { valid: 100, test: 100 });
    for (const pair of small.train) expect(large.train.has(pair)).toBe(true);
  });

  it("keeps copies together, and has each held-out pair once", () => {
    const twice = [...pairs(500), ...pairs(500).map((pair) => ({ ...pair, source: ` ${pair.source} ` }))];
    const counter = new DivisionCounter({ valid: 50, test: 0 });
    for (const pair of twice) counter.add(pair);
    const division = new Division(counter);
    const heldOut = new HeldOutPairs();
    for (const pair of twice) if (division.partOf(pair) === "valid") heldOut.add("valid", pair);
    expect(heldOut.pairs("valid")!.source).toHaveLength(50);
    expect(heldOut.pairs("test")).toBe(null);
    expect(twice.filter((pair) => division.partOf(pair) === "valid")).toHaveLength(100);
  });

  it.each([
    [199, { valid: 0, test: 0 }, true],
    [4000, { valid: 0.05, test: 0.05 }, false],
    [30_000, { valid: 1000, test: 1000 }, false],
  ])("of %d pairs, unasked: %j", (count, holdOut, isTooSmall) => {
    const { division, valid } = divide(pairs(count), { valid: null, test: null });
    expect(division).toMatchObject({ holdOut, isTooSmall });
    expect(Math.abs(valid.size - (isTooSmall ? 0 : Math.min(1000, 0.05 * count)))).toBeLessThan(40);
    // What is kept of a run divides it in the same way.
    expect(divide(pairs(count), division.holdOut).valid).toEqual(valid);
  });
});
