import fc from "fast-check";
import { describe, it } from "vitest";
import { at, type Flag, type Kernels, NONE, type Pointer } from "../../src/kernels/kernels.ts";
import {
  anyLast,
  anySeed,
  anySize,
  type Block,
  expectSameBits,
  KernelBench,
  randomRowKeys,
  uniform,
} from "../support/kernels.ts";
import { NATIVE_SETS } from "../support/native.ts";

const bench = new KernelBench(32);
const flag = fc.constantFrom<Flag>(0, 1);
const threshold = fc.constantFrom(0, 6554, 32768);
const SITE = 11;

/** Makes a call by the relaxed build and by another set, and holds the results of both to each other. */
function expectSame(native: Kernels, call: (kernels: Kernels) => void, ...outputs: Block[]): Float32Array[] {
  const expected = bench.run("relaxed", call, ...outputs);
  const actual = bench.run(native, call, ...outputs);
  expected.forEach((values, i) => {
    expectSameBits(actual[i]!, values);
  });
  return expected;
}

describe.each(NATIVE_SETS)("native kernels, $name: the bits of the relaxed build", ({ bind, share }) => {
  const native = bind(bench.memory);
  const { relaxed } = bench.kernels;
  /** Room for what either set wants. */
  const room = (floats: (kernels: Kernels) => number): Pointer =>
    bench.scratch(Math.max(floats(native), floats(relaxed)));

  interface Product {
    readonly m: number;
    readonly n: number;
    readonly k: number;
    readonly aTransposed: Flag;
    readonly bTransposed: Flag;
    readonly accumulate: Flag;
    readonly biased: boolean;
    readonly relu: Flag;
    readonly slack: number;
    readonly unused: number;
  }

  function checkProduct(product: Product, seed: number, last = -1): void {
    const { m, n, k, aTransposed, bTransposed, accumulate, biased, relu, slack, unused } = product;
    const packedK = k + unused;
    bench.reset(last);
    const c = bench.matrix(m, n, uniform(seed, m * n), n + slack);
    const bias = biased ? bench.matrix(1, n, uniform(seed + 3, n)).pointer : NONE;
    const [rows, columns] = aTransposed ? [k, m] : [m, k];
    const a = bench.matrix(rows, columns, uniform(seed + 1, m * k), columns + slack);
    const [bRows, bColumns] = bTransposed ? [n, packedK] : [packedK, n];
    const b = bench.matrix(bRows, bColumns, uniform(seed + 2, packedK * n), bColumns + slack);
    const packed = room((kernels) => kernels.packedSize(n, packedK));
    const workspace = room((kernels) => kernels.gemmWorkspace());
    const call = (kernels: Kernels): void => {
      kernels.packB(packed, b.pointer, b.stride, bTransposed, n, packedK);
      kernels.gemm(
        ...([c.pointer, c.stride, a.pointer, a.stride, aTransposed, packed, packedK, m, n, k] as const),
        ...([accumulate, bias, relu, workspace] as const),
      );
    };
    expectSame(native, call, c);
  }

  const productOptions = {
    aTransposed: flag,
    bTransposed: flag,
    accumulate: flag,
    biased: fc.boolean(),
    relu: flag,
    slack: fc.nat(5),
    unused: fc.nat(3),
  };

  it("gemm and packB", () => {
    const product = fc.record({
      m: anySize(40),
      n: anySize(110),
      k: fc.oneof(fc.constant(0), anySize(70)),
      ...productOptions,
    });
    fc.assert(
      fc.property(product, anySeed, anyLast, (p, seed, last) => checkProduct(p, seed, last % 6)),
      {
        numRuns: Math.ceil(600 * share),
      },
    );
  });

  it("gemm over several blocks of k and of columns", () => {
    const product = fc.record({
      m: anySize(30),
      n: fc.constantFrom(1, 16, 65, 511, 515, 1025),
      k: fc.constantFrom(255, 256, 257, 512, 777),
      ...productOptions,
    });
    fc.assert(
      fc.property(product, anySeed, (p, seed) => checkProduct(p, seed)),
      { numRuns: Math.ceil(40 * share) },
    );
  });

  interface Attention {
    readonly lengths: readonly { readonly queries: number; readonly keys: number }[];
    readonly heads: number;
    readonly dHead: number;
    readonly causal: Flag;
    readonly threshold: number;
    readonly slack: number;
    readonly gap: number;
  }

  const length = fc.oneof(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 110 }),
    fc.constantFrom(256, 257, 300),
  );
  const sentence = fc
    .record({
      queries: fc.oneof(fc.constantFrom(0, 1), length),
      keys: length,
      causal: flag,
    })
    .map(({ queries, keys }) => ({ queries, keys }));
  const attention = fc
    .record({
      lengths: fc.array(sentence, { minLength: 1, maxLength: 4 }),
      heads: fc.integer({ min: 1, max: 3 }),
      dHead: fc.oneof(fc.integer({ min: 1, max: 19 }), fc.constantFrom(16, 32, 64)),
      causal: flag,
      threshold,
      slack: fc.nat(3),
      gap: fc.constant(0),
    })
    .map((of) => ({
      ...of,
      lengths: of.lengths.map(({ queries, keys }) => ({
        queries,
        keys: of.causal ? Math.max(queries, keys) : keys,
      })),
    }));

  function placeAttention(of: Attention, seed: number, last: number) {
    const { lengths, heads, dHead, causal, slack, gap } = of;
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
    const rowKeys = of.threshold === 0 ? NONE : bench.integers(randomRowKeys(seed + 3, tq));
    const queryOffsets = bench.integers(starts.query);
    const keyStarts = bench.integers(starts.key);
    const keyEnds = bench.integers(lengths.map(({ keys }, b) => starts.key[b]! + keys));
    const longest = (side: "queries" | "keys") => Math.max(...lengths.map((each) => each[side]));
    const workspace = room((kernels) =>
      kernels.attentionWorkspace(longest("queries"), longest("keys"), dHead),
    );
    const inputs = [q.pointer, q.stride, kv.pointer, at(kv.pointer, dModel), kv.stride] as const;
    const shape = [lengths.length, heads, dHead, causal, rowKeys, SITE, of.threshold] as const;
    const half = (first: number) => ({ ...dkv, pointer: at(dkv.pointer, first), columns: dModel });
    return {
      ...{ out, logSumExp, weights, dq, dk: half(0), dv: half(dModel) },
      forward: (withWeights: boolean) => (kernels: Kernels) =>
        kernels.attentionForward(
          ...([
            out.pointer,
            logSumExp.pointer,
            ...inputs,
            queryOffsets,
            keyStarts,
            keyEnds,
            ...shape,
          ] as const),
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

  it("attention: outputs, sums and weights, also over a cache with gaps", () => {
    fc.assert(
      fc.property(
        attention,
        fc.nat(3),
        fc.boolean(),
        anySeed,
        anyLast,
        (of, gap, withWeights, seed, last) => {
          const at = placeAttention({ ...of, gap }, seed, last);
          expectSame(
            native,
            at.forward(withWeights),
            at.out,
            at.logSumExp,
            ...(withWeights ? [at.weights] : []),
          );
        },
      ),
      { numRuns: Math.ceil(200 * share) },
    );
  });

  it("attention: gradients", () => {
    fc.assert(
      fc.property(attention, anySeed, anyLast, (of, seed, last) => {
        const at = placeAttention(of, seed, last);
        const [out, logSumExp] = bench.run("relaxed", at.forward(false), at.out, at.logSumExp);
        bench.write(at.out, out!);
        bench.write(at.logSumExp, logSumExp!);
        expectSame(native, at.backward, at.dq, at.dk, at.dv);
      }),
      { numRuns: Math.ceil(200 * share) },
    );
  });
});
