import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  BUILDS,
  expectClose,
  expectSameBits,
  KernelBench,
  ULP,
  uniform,
  wholeNumbers,
} from "../support/kernels.ts";

const bench = new KernelBench(1);
/** What e^x is off by, relative to itself. */
const EXP = 2e-7;

/** Logits whose differences are exact in 32 bits, so that only the kernel's own roundings show. */
function exactLogits(seed: number, count: number, range: number): Float32Array {
  return Float32Array.from(wholeNumbers(seed, count, range * 2048), (x) => x / 1024 - range);
}

/** The softmax of one row. */
function softmaxOf(build: "strict" | "relaxed", row: ArrayLike<number>): Float32Array {
  bench.reset();
  const x = bench.matrix(1, row.length, row);
  return bench.run(build, (kernels) => kernels.softmax(x.pointer, 1, row.length), x)[0]!;
}

describe.each(BUILDS)("softmax and argmax, %s build", (build) => {
  it("exp: relative error below 2e-7 from -87.3 to -17.4, seen beside a 1 that swallows it", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(-87.3), max: Math.fround(-17.4), noNaN: true }), (x) => {
        expectClose([softmaxOf(build, [0, x])[1]!], [Math.exp(x)], EXP * Math.exp(x));
      }),
      { numRuns: 1000 },
    );
  });

  it("exp: relative error below 2e-7 from -17.4 to 0, in the ratio of two probabilities", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(-17.4), max: 0, noNaN: true }), (x) => {
        const [one, e] = softmaxOf(build, [0, x]);
        // Both probabilities were rounded once more when the sum was divided out.
        expectClose([e! / one!], [Math.exp(x)], (EXP + 2 * ULP) * Math.exp(x));
      }),
      { numRuns: 1000 },
    );
  });

  it("softmax: relative error below 2 (2e-7) + (columns + 3) 2^-24, and nothing else is written", () => {
    fc.assert(
      fc.property(
        anySize(12),
        anySize(70),
        fc.integer({ min: 1, max: 40 }),
        anySeed,
        anyLast,
        (rows, columns, range, seed, last) => {
          bench.reset(last % 2);
          const x = bench.matrix(rows, columns, exactLogits(seed, rows * columns, range));
          const call = (kernels: Kernels) => kernels.softmax(x.pointer, rows, columns);
          const [actual] = bench.run(build, call, x);
          const [expected] = bench.run("reference", call, x);
          expectClose(actual!, expected!, (i) => (2 * EXP + (columns + 3) * ULP) * expected![i]! + 2 ** -126);
        },
      ),
    );
  });

  it("softmax: a logit of -infinity gets less than 2e-38, a NaN makes its row NaN and no other", () => {
    expect(softmaxOf(build, [0, Number.NEGATIVE_INFINITY, 0, 0, -200])[1]).toBeLessThan(2e-38);
    bench.reset();
    const x = bench.matrix(2, 3, [0, Number.NaN, 1, 5, 5, 5]);
    const [result] = bench.run(build, (kernels) => kernels.softmax(x.pointer, 2, 3), x);
    expect(result!.subarray(0, 3).every(Number.isNaN)).toBe(true);
    expectClose(result!.subarray(3), [1 / 3, 1 / 3, 1 / 3], 1e-7);
  });

  it("argmax: the first largest, whatever the ties and NaNs, as the reference", () => {
    const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(Number.NaN, -Infinity, Infinity));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), anyLast, (values, last) => {
        bench.reset(last % 2);
        const x = bench.matrix(1, values.length, values);
        const indices = (["reference", build] as const).map((implementation) => {
          let index = -1;
          bench.run(implementation, (kernels) => {
            index = kernels.argmax(x.pointer, values.length);
          });
          return index;
        });
        expect(indices[1]).toBe(indices[0]);
      }),
      { numRuns: 500 },
    );
  });
});

describe.each(BUILDS)("greedyTokens, %s build", (build) => {
  /** The ids, the logs of their probabilities and the logits afterwards. */
  function greedy(
    implementation: "reference" | typeof build,
    rows: number,
    logits: ArrayLike<number>,
    last = -1,
  ) {
    const columns = logits.length / rows;
    bench.reset(last);
    const x = bench.matrix(rows, columns, logits);
    const ids = bench.matrix(1, rows);
    const logProbabilities = bench.matrix(1, rows);
    const call = (kernels: Kernels) =>
      kernels.greedyTokens(ids.pointer, logProbabilities.pointer, x.pointer, rows, columns);
    const [index, logProbability] = bench.run(implementation, call, ids, logProbabilities);
    return { ids: new Int32Array(index!.buffer), logProbabilities: logProbability! };
  }

  it("the first largest logit, and its ln p within 2e-7 + (columns + 3 + |ln p|) 2^-24; logits stay as they are", () => {
    fc.assert(
      fc.property(
        ...[anySize(12), anySize(150), fc.integer({ min: 1, max: 40 }), anySeed, anyLast],
        (rows, columns, range, seed, last) => {
          const logits = exactLogits(seed, rows * columns, range);
          const expected = greedy("reference", rows, logits);
          const actual = greedy(build, rows, logits, last % 3);
          expect(actual.ids).toEqual(expected.ids);
          expectClose(
            actual.logProbabilities,
            expected.logProbabilities,
            (i) => EXP + (columns + 3 + Math.abs(expected.logProbabilities[i]!)) * ULP,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("ln p is that of softmax, as far as that can say it", () => {
    const logits = exactLogits(3, 5 * 77, 9);
    const { ids, logProbabilities } = greedy(build, 5, logits);
    for (const [i, id] of ids.entries()) {
      const p = softmaxOf(build, logits.subarray(77 * i, 77 * (i + 1)))[id]!;
      expectClose([logProbabilities[i]!], [Math.log(p)], 4 * ULP);
    }
  });

  it("one column is certain, ties go to the first, and a NaN shows", () => {
    expect(greedy(build, 1, [-5])).toEqual({ ids: Int32Array.of(0), logProbabilities: Float32Array.of(0) });
    expect(greedy(build, 1, [1, 2, 2, 1, 2]).ids).toEqual(Int32Array.of(1));
    const { ids, logProbabilities } = greedy(build, 2, [1, Number.NaN, 3, 1, 3, 1]);
    expect(ids).toEqual(Int32Array.of(2, 1));
    expect(logProbabilities[0]).toBeNaN();
    expect(logProbabilities[1]).not.toBeNaN();
  });
});

/** Lays out a cross-entropy of `rows` rows. */
function place(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  smoothing: number,
  scale: number,
  last = -1,
) {
  const rows = labels.length;
  const vocabulary = logits.length / rows;
  bench.reset(last);
  const x = bench.matrix(rows, vocabulary, logits);
  const label = bench.integers(labels);
  const results = bench.matrix(rows, 3);
  const call = (kernels: Kernels) =>
    kernels.crossEntropy(x.pointer, label, results.pointer, rows, vocabulary, smoothing, scale);
  return { x, results, call };
}

describe.each(BUILDS)("crossEntropy, %s build", (build) => {
  const smoothing = fc.constantFrom(0, Math.fround(0.1), 0.5);

  it("loss within (V + 8) 2^-24 of 1 + the largest logit; gradient within 4e-7 + (V + 4) 2^-24 of scale", () => {
    fc.assert(
      fc.property(
        anySize(9),
        anySize(150),
        fc.integer({ min: 1, max: 20 }),
        smoothing,
        fc.constantFrom(1, 0.125, Math.fround(1 / 77)),
        anySeed,
        anyLast,
        (rows, vocabulary, range, smooth, scale, seed, last) => {
          const labels = wholeNumbers(seed + 1, rows, vocabulary);
          const at = place(exactLogits(seed, rows * vocabulary, range), labels, smooth, scale, last % 4);
          const [results, gradient] = bench.run(build, at.call, at.results, at.x);
          const [expected, expectedGradient] = bench.run("reference", at.call, at.results, at.x);
          expectClose(results!, expected!, (i) => (i % 3 === 2 ? 0 : (vocabulary + 8) * ULP * (1 + range)));
          expectClose(gradient!, expectedGradient!, (2 * EXP + (vocabulary + 4) * ULP) * scale);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("ln: V equal logits have a loss of ln V, to the last bit of 32", () => {
    for (let vocabulary = 1; vocabulary <= 300; vocabulary++) {
      const at = place(new Float32Array(vocabulary), [0], 0, 0);
      const [results] = bench.run(build, at.call, at.results, at.x);
      expect(results![0]).toBe(Math.fround(Math.log(vocabulary)));
    }
  });

  it("without a scale the results are the same, bit for bit", () => {
    const logits = uniform(1, 5 * 37, -9, 9);
    const labels = wholeNumbers(2, 5, 37);
    const withGradient = place(logits, labels, Math.fround(0.1), 1);
    const expected = bench.run(build, withGradient.call, withGradient.results, withGradient.x)[0]!;
    const without = place(logits, labels, Math.fround(0.1), 0);
    expectSameBits(bench.run(build, without.call, without.results, without.x)[0]!, expected);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "a logit of %s makes the loss NaN, on the label or off it",
    (bad) => {
      for (const label of [0, 1, 2]) {
        for (const smooth of [0, Math.fround(0.1)]) {
          const at = place([1, bad, 2, 3, 4, 1, 2, 3, 4, 5], [label, label], smooth, 1);
          const [results] = bench.run(build, at.call, at.results, at.x);
          expect([results![0], results![1]]).toEqual([Number.NaN, Number.NaN]);
          expect(Number.isFinite(results![3])).toBe(true);
        }
      }
    },
  );

  it("a certain and a hopeless label have finite losses", () => {
    const at = place([100, 0, 0, 100, 0, 0], [0, 1], 0, 1);
    const [results, gradient] = bench.run(build, at.call, at.results, at.x);
    expectClose(results!, [0, 0, 1, 100, 100, 0], 1e-5);
    expectClose(gradient!, [0, 0, 0, 1, -1, 0], 1e-6);
  });
});
