import { describe, expect, it } from "vitest";
import { samplesOf } from "../../src/training/samples.ts";
import { settleSamples } from "../../src/training/settle.ts";

const lines = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const pairs = { source: lines("s", 10), target: lines("t", 10) };
const translations = lines("m", 10).map((text) => ({ text }));

describe("samplesOf", () => {
  it("takes sentences spread over all, each with its own reference and translation", () => {
    expect(samplesOf(pairs, translations, 2)).toEqual([
      { source: "s2", reference: "t2", translation: "m2" },
      { source: "s7", reference: "t7", translation: "m7" },
    ]);
  });

  it("takes all of fewer, and none of none", () => {
    expect(samplesOf(pairs, translations, 99).map(({ source }) => source)).toEqual(pairs.source);
    expect(samplesOf(pairs, translations, 0)).toEqual([]);
  });
});

describe("settleSamples", () => {
  it("is three unless something else is said", () => {
    expect(settleSamples(undefined, pairs)).toBe(3);
    expect(settleSamples(undefined, null)).toBe(3);
    expect(settleSamples(3, null)).toBe(3); // as a printed configuration says
    expect(settleSamples(7, pairs)).toBe(7);
    expect(settleSamples(0, null)).toBe(0);
  });

  it("refuses what cannot be", () => {
    expect(() => settleSamples(5, null)).toThrow(
      "samples is 5, but there are no validation pairs to translate",
    );
    expect(() => settleSamples(101, pairs)).toThrow("samples is 101");
    expect(() => settleSamples(1.5, pairs)).toThrow("samples is 1.5");
  });
});
