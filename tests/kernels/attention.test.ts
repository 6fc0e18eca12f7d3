import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { at, type Flag, type Kernels, NONE } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  type Block,
  BUILDS,
  expectClose,
  expectSameBits,
  KernelBench,
  randomRowKeys,
  uniform,
  wholeNumbers,
} from "../support/kernels.ts";

const bench = new KernelBench(4);

interface Attention {
  /** Queries and keys of each sentence. */
  readonly lengths: readonly { readonly queries: number; readonly keys: number }[];
  readonly heads: number;
  readonly dHead: number;
  readonly causal: Flag;
  /** Dropout probability times 65536. */
  readonly threshold: number;
  /** Floats more than needed from row to row of queries and keys. */
  readonly slack: number;
  /** Rows free between the keys of two sentences, as in a cache; the backward pass knows none. */
  readonly gap: number;
}

const SITE = 11;
const length = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70 }));
const options = {
  heads: fc.integer({ min: 1, max: 3 }),
  dHead: fc.integer({ min: 1, max: 19 }),
  slack: fc.nat(3),
};
const dropped = fc.constantFrom(0, 6554, 32768);

/** Self-attention, causal or not; a causal sentence may have more keys than queries, as when it is decoded. */
const selfAttention = fc.record({
  ...options,
  lengths: fc.array(
    fc
      .tuple(length, fc.oneof(fc.constant(0), fc.nat(9)))
      .map(([queries, before]) => ({ queries, keys: queries + before })),
    { minLength: 1, maxLength: 4 },
  ),
  causal: fc.constant<Flag>(1),
  threshold: dropped,
});
const crossAttention = fc.record({
  ...options,
  lengths: fc.array(fc.record({ queries: fc.oneof(fc.constant(0), length), keys: length }), {
    minLength: 1,
    maxLength: 4,
  }),
  causal: fc.constant<Flag>(0),
  threshold: dropped,
});
const anyAttention = fc.oneof(selfAttention, crossAttention);

/** The columns of a block from `first` on. */
function columnsOf(block: Block, first: number, columns: number): Block {
  return { ...block, pointer: at(block.pointer, first), columns };
}

/** Lays out the inputs and outputs of both passes: queries in one matrix, keys and values side by side in another. */
function place({ lengths, heads, dHead, causal, threshold, slack, gap }: Attention, seed: number, last = -1) {
  const dModel = heads * dHead;
  const starts = { query: [0], key: [0] };
  for (const { queries, keys } of lengths) {
    starts.query.push(starts.query.at(-1)! + queries);
    starts.key.push(starts.key.at(-1)! + keys + gap);
  }
  const tq = starts.query.at(-1)!;
  const tk = starts.key.at(-1)!;
  bench.reset(last);
  const q = bench.matrix(tq, dModel, uniform(seed, tq * dModel, -2, 2), dModel + slack);
  const kv = bench.matrix(tk, 2 * dModel, uniform(seed + 1, tk * 2 * dModel, -2, 2), 2 * dModel + slack);
  const dOut = bench.matrix(tq, dModel, uniform(seed + 2, tq * dModel));
  const out = bench.matrix(tq, dModel);
  const logSumExp = bench.matrix(tq, heads);
  const dq = bench.matrix(tq, dModel, undefined, dModel + slack);
  const dkv = bench.matrix(tk, 2 * dModel, undefined, 2 * dModel + slack);
  const weights = bench.matrix(
    1,
    heads * lengths.reduce((sum, { queries, keys }) => sum + queries * keys, 0),
  );
  const rowKeys = threshold === 0 ? NONE : bench.integers(randomRowKeys(seed + 3, tq));
  const queryOffsets = bench.integers(starts.query);
  const keyStarts = bench.integers(starts.key);
  const keyEnds = bench.integers(lengths.map(({ keys }, b) => starts.key[b]! + keys));
  const longest = (side: "queries" | "keys") => Math.max(...lengths.map((sentence) => sentence[side]));
  const size = bench.kernels.strict.attentionWorkspace(longest("queries"), longest("keys"), dHead);
  const workspace = bench.scratch(size);
  const inputs = [q.pointer, q.stride, kv.pointer, at(kv.pointer, dModel), kv.stride] as const;
  const shape = [lengths.length, heads, dHead, causal, rowKeys, SITE, threshold] as const;
  return {
    ...{ q, kv, dOut, out, logSumExp, weights, dq, starts, dModel, rowKeys },
    dk: columnsOf(dkv, 0, dModel),
    dv: columnsOf(dkv, dModel, dModel),
    forward: (withWeights: boolean) => (kernels: Kernels) =>
      kernels.attentionForward(
        ...([out.pointer, logSumExp.pointer, ...inputs, queryOffsets, keyStarts, keyEnds, ...shape] as const),
        ...([withWeights ? weights.pointer : NONE, workspace] as const),
      ),
    backward: (kernels: Kernels) =>
      kernels.attentionBackward(
        ...([
          dq.pointer,
          dkv.pointer,
          at(dkv.pointer, dModel),
          dOut.pointer,
          out.pointer,
          logSumExp.pointer,
        ] as const),
        ...([...inputs, queryOffsets, keyStarts, ...shape, workspace] as const),
      ),
  };
}

/** Runs the forward pass, leaves its results for the backward pass, and runs that. */
function runBackward(
  build: "strict" | "relaxed" | "reference",
  at: ReturnType<typeof place>,
): Float32Array[] {
  const [out, logSumExp] = bench.run(build, at.forward(false), at.out, at.logSumExp);
  bench.write(at.out, out!);
  bench.write(at.logSumExp, logSumExp!);
  return bench.run(build, at.backward, at.dq, at.dk, at.dv);
}

describe.each(BUILDS)("attention, %s build", (build) => {
  it("forward: out within 4e-6, logSumExp within 3e-6, weights within 1e-6, and nothing else is written", () => {
    fc.assert(
      fc.property(anyAttention, fc.nat(3), anySeed, anyLast, (attention, gap, seed, last) => {
        const at = place({ ...attention, gap }, seed, last);
        const outputs = [at.out, at.logSumExp, at.weights];
        const [out, logSumExp, weights] = bench.run(build, at.forward(true), ...outputs);
        const expected = bench.run("reference", at.forward(true), ...outputs);
        expectClose(out!, expected[0]!, 4e-6);
        expectClose(logSumExp!, expected[1]!, 3e-6);
        expectClose(weights!, expected[2]!, 1e-6);
        const withoutWeights = bench.run(build, at.forward(false), at.out, at.logSumExp);
        expectSameBits(withoutWeights[0]!, out!);
      }),
      { numRuns: 60 },
    );
  });

  it("backward: dq, dk and dv within 3e-5, and nothing else is written", () => {
    fc.assert(
      fc.property(anyAttention, anySeed, anyLast, (attention, seed, last) => {
        const at = place({ ...attention, gap: 0 }, seed, last);
        const expected = runBackward("reference", at);
        const actual = runBackward(build, at);
        for (const [i, gradient] of actual.entries()) expectClose(gradient, expected[i]!, 3e-5);
      }),
      { numRuns: 60 },
    );
  });

  it("a causal query gives no weight to later keys, and the weights of a query add up to 1 within 1e-6", () => {
    const at = place(
      { lengths: [{ queries: 53, keys: 57 }], heads: 2, dHead: 7, causal: 1, threshold: 0, slack: 0, gap: 0 },
      3,
    );
    const weights = bench.run(build, at.forward(true), at.out, at.logSumExp, at.weights)[2]!;
    for (let row = 0; row < 2 * 53; row++) {
      const visible = (row % 53) + 5;
      const ofRow = weights.subarray(row * 57, (row + 1) * 57);
      expect(Math.abs(ofRow.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-6);
      expect(ofRow.subarray(0, visible).every((weight) => weight > 0)).toBe(true);
      expect(ofRow.subarray(visible).every((weight) => weight === 0)).toBe(true);
    }
  });

  it("a sentence's results have the same bits whatever its neighbours, forward and backward", () => {
    fc.assert(
      fc.property(anyAttention, fc.nat(3), anySeed, (attention, which, seed) => {
        const b = which % attention.lengths.length;
        const { queries, keys } = attention.lengths[b]!;
        const batch = place({ ...attention, gap: 0 }, seed);
        const { dModel, starts } = batch;
        const queryStart = starts.query[b]!;
        const keyStart = starts.key[b]!;
        const queryRows = (x: Float32Array, n: number) => x.slice(queryStart * n, (queryStart + queries) * n);
        const keyRows = (x: Float32Array, n: number) => x.slice(keyStart * n, (keyStart + keys) * n);
        const [out] = bench.run(build, batch.forward(false), batch.out, batch.logSumExp);
        const [dq, dk, dv] = runBackward(build, batch);
        const inputs = [
          queryRows(bench.read(batch.q), dModel),
          keyRows(bench.read(batch.kv), 2 * dModel),
        ] as const;
        const dOut = queryRows(bench.read(batch.dOut), dModel);
        const allKeys = randomRowKeys(seed + 3, starts.query.at(-1)!);

        const alone = place({ ...attention, lengths: [{ queries, keys }], gap: 0 }, seed);
        bench.write(alone.q, inputs[0]);
        bench.write(alone.kv, inputs[1]);
        bench.write(alone.dOut, dOut);
        if (attention.threshold > 0)
          bench.writeIntegers(alone.rowKeys, allKeys.subarray(2 * queryStart, 2 * (queryStart + queries)));
        const [outAlone] = bench.run(build, alone.forward(false), alone.out, alone.logSumExp);
        const [dqAlone, dkAlone, dvAlone] = runBackward(build, alone);
        expectSameBits(outAlone!, queryRows(out!, dModel));
        expectSameBits(dqAlone!, queryRows(dq!, dModel));
        expectSameBits(dkAlone!, keyRows(dk!, dModel));
        expectSameBits(dvAlone!, keyRows(dv!, dModel));
      }),
      { numRuns: 40 },
    );
  });

  it("a query has the same bits alone as after others, as a decoder needs it", () => {
    const shape = fc.record({
      heads: fc.integer({ min: 1, max: 2 }),
      dHead: fc.constantFrom(3, 4, 8, 20, 64, 260),
      slack: fc.nat(3),
      queries: fc.integer({ min: 2, max: 7 }),
      keys: fc.oneof(fc.integer({ min: 7, max: 40 }), fc.constantFrom(255, 256, 257)),
    });
    fc.assert(
      fc.property(shape, fc.constantFrom<Flag>(0, 1), anySeed, ({ queries, keys, ...of }, causal, seed) => {
        const among = (count: number) =>
          place({ ...of, lengths: [{ queries: count, keys }], causal, threshold: 0, gap: 0 }, seed);
        const all = among(queries);
        const [out, logSumExp] = bench.run(build, all.forward(false), all.out, all.logSumExp);
        const [q, kv] = [bench.read(all.q), bench.read(all.kv)];
        const alone = among(1);
        bench.write(alone.q, q.subarray((queries - 1) * all.dModel));
        bench.write(alone.kv, kv);
        const [outAlone, logSumExpAlone] = bench.run(build, alone.forward(false), alone.out, alone.logSumExp);
        expectSameBits(outAlone!, out!.subarray((queries - 1) * all.dModel));
        expectSameBits(logSumExpAlone!, logSumExp!.subarray((queries - 1) * of.heads));
      }),
    );
  });

  it("the masks of heads and rows differ, and keep the expected value", () => {
    const [queries, keys] = [60, 64];
    const at = place(
      { lengths: [{ queries, keys }], heads: 2, dHead: 1, causal: 0, threshold: 16384, slack: 0, gap: 0 },
      9,
    );
    // All scores equal and all values 1: out is the kept share of the keys over its expected value.
    bench.write(at.q, new Float32Array(2 * queries));
    bench.write(at.kv, new Float32Array(4 * keys).fill(1));
    const out = bench.run(build, at.forward(false), at.out, at.logSumExp)[0]!;
    const mean = out.reduce((sum, share) => sum + share, 0) / out.length;
    const deviation = Math.sqrt(1 / 3 / (keys * out.length)); // of a share kept with probability 3/4, over 3/4
    expect(Math.abs(mean - 1)).toBeLessThan(4 * deviation);
    expect(new Set(out).size).toBeGreaterThan(10);
  });

  it("scores of 80 and more, far apart, neither overflow nor give NaN", () => {
    const at = place(
      { lengths: [{ queries: 5, keys: 6 }], heads: 1, dHead: 4, causal: 0, threshold: 0, slack: 0, gap: 0 },
      1,
    );
    bench.write(at.q, wholeNumbers(1, 20, 60));
    bench.write(
      at.kv,
      wholeNumbers(2, 48, 60).map((value) => value - 30),
    );
    const [out] = bench.run(build, at.forward(false), at.out, at.logSumExp);
    const [expected] = bench.run("reference", at.forward(false), at.out, at.logSumExp);
    expectClose(out!, expected!, 1e-3);
    const gradients = runBackward(build, at);
    expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
  });
});
