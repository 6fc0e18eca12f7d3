import fc from "fast-check";
import { describe, it } from "vitest";
import { at, type Kernels } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  BUILDS,
  expectClose,
  KernelBench,
  ULP,
  uniform,
  wholeNumbers,
} from "../support/kernels.ts";

const bench = new KernelBench(1);
const vocabulary = 7;
const positions = 9;
const shape = fc.record({
  tokens: anySize(30),
  dModel: anySize(40),
  scale: fc.constantFrom(1, Math.fround(Math.sqrt(40))),
});

describe.each(BUILDS)("embedding, %s build", (build) => {
  it("forward: error below 2^-23 (|word| scale + |position|), and nothing else is written", () => {
    fc.assert(
      fc.property(shape, anySeed, anyLast, ({ tokens, dModel, scale }, seed, last) => {
        bench.reset(last % 6);
        const table = bench.matrix(vocabulary, dModel, uniform(seed, vocabulary * dModel));
        const places = bench.matrix(positions, dModel, uniform(seed + 1, positions * dModel));
        const ids = bench.integers(wholeNumbers(seed + 2, tokens, vocabulary));
        const position = bench.integers(wholeNumbers(seed + 3, tokens, positions));
        const y = bench.matrix(tokens, dModel);
        const call = (kernels: Kernels) =>
          kernels.embeddingForward(
            y.pointer,
            table.pointer,
            places.pointer,
            ids,
            position,
            tokens,
            dModel,
            scale,
          );
        const expected = bench.run("reference", call, y)[0]!;
        expectClose(bench.run(build, call, y)[0]!, expected, 2 * ULP * (scale + 1));
      }),
      { numRuns: 200 },
    );
  });

  it("backward: error below (tokens + 1) 2^-23 (1 + tokens scale), and other words' rows are not written", () => {
    fc.assert(
      fc.property(shape, anySeed, anyLast, ({ tokens, dModel, scale }, seed, last) => {
        bench.reset(last % 4);
        const dTable = bench.matrix(vocabulary, dModel, uniform(seed, vocabulary * dModel));
        const dy = bench.matrix(tokens, dModel, uniform(seed + 1, tokens * dModel));
        const id = wholeNumbers(seed + 2, tokens, vocabulary);
        const ids = bench.integers(id);
        const call = (kernels: Kernels) =>
          kernels.embeddingBackward(dTable.pointer, dy.pointer, ids, tokens, dModel, scale);
        const rows = [...new Set(id)].map((row) => ({
          ...dTable,
          pointer: at(dTable.pointer, row * dModel),
          rows: 1,
        }));
        const expected = bench.run("reference", call, ...rows);
        for (const [i, actual] of bench.run(build, call, ...rows).entries()) {
          expectClose(actual, expected[i]!, (tokens + 1) * 2 * ULP * (1 + tokens * scale));
        }
      }),
      { numRuns: 200 },
    );
  });
});
