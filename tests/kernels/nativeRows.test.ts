import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { createRandom } from "../../src/random.ts";
import {
  anyLast,
  anySeed,
  anySize,
  type Block,
  expectSameBits,
  KernelBench,
  randomRowKeys,
  wholeNumbers,
} from "../support/kernels.ts";
import { NATIVE_SETS } from "../support/native.ts";

const bench = new KernelBench(1);

/** Rows of the tables that ids and positions point into. */
const TABLE = 7;
type Shape = "matrix" | "row" | "column" | "pairs" | "triples" | "table";
/** The sizes of matrices, given the rows and columns of a call. */
const SHAPES: Readonly<Record<Shape, (rows: number, columns: number) => readonly [number, number]>> = {
  matrix: (rows: number, columns: number) => [rows, columns],
  row: (_rows: number, columns: number) => [1, columns],
  column: (rows: number) => [1, rows],
  pairs: (rows: number) => [rows, 2],
  triples: (rows: number) => [rows, 3],
  table: (_rows: number, columns: number) => [TABLE, columns],
};

/**
 * An argument: floats that are read or also written, the same floats as an earlier argument, integers below a bound for
 * each row, a size, or a number.
 */
type Argument =
  | { readonly shape: Shape; readonly written: boolean }
  | { readonly sameAs: number }
  | { readonly below: "columns" | "table" }
  | { readonly size: "rows" | "columns" | "n" }
  | { readonly oneOf: readonly number[] }
  | "rowKeys";

const read = (shape: Shape = "matrix"): Argument => ({ shape, written: false });
const written = (shape: Shape = "matrix"): Argument => ({ shape, written: true });
const oneOf = (...numbers: number[]): Argument => ({ oneOf: numbers.map(Math.fround) });
const n: Argument = { size: "n" };
const matrixSize: Argument[] = [{ size: "rows" }, { size: "columns" }];
const ids: Argument = { below: "table" };
const flag = oneOf(0, 1);
const mask: Argument[] = ["rowKeys", oneOf(3, 70), oneOf(0, 1, 6554, 32768, 65535)];
const [scale, epsilon] = [oneOf(5.66), oneOf(1e-5)];

/** Every kernel that works by rows or by elements, and its arguments; behind a comma stands how they are special. */
const CALLS: Readonly<Record<string, readonly Argument[]>> = {
  clear: [written(), n],
  copy: [written(), read(), n],
  add: [written(), read(), n],
  lerp: [written(), read(), oneOf(0.3, 1), n],
  reluBackward: [written(), read(), read(), n],
  "reluBackward, in place": [written(), { sameAs: 0 }, read(), n],
  geluForward: [written(), read(), n],
  geluBackward: [written(), read(), read(), n],
  "geluBackward, in place": [written(), { sameAs: 0 }, read(), n],
  columnSums: [written("row"), read(), ...matrixSize],
  sumSquares: [read(), n],
  argmax: [read(), n],
  softmax: [written(), ...matrixSize],
  greedyTokens: [written("column"), written("column"), read(), ...matrixSize],
  crossEntropy: [
    ...[written(), { below: "columns" } as const, written("triples"), ...matrixSize],
    ...[oneOf(0, 0.1), oneOf(0, 1, 1 / 77)],
  ],
  adam: [
    ...[written(), read(), written(), written(), n],
    ...[1e-3, 0.9, 0.98, 1e-9, 1.5, 0.3, 0.01].map((value) => oneOf(value)),
  ],
  embeddingForward: [written(), read("table"), read("table"), ids, ids, ...matrixSize, scale],
  embeddingBackward: [written("table"), read(), ids, ...matrixSize, scale],
  dropout: [written(), ...matrixSize, ...mask],
  residualForward: [written(), read(), written(), ...matrixSize, ...mask],
  "residualForward, in place": [written(), { sameAs: 0 }, written(), ...matrixSize, ...mask],
  layerNormForward: [written(), written("pairs"), read(), read("row"), read("row"), ...matrixSize, epsilon],
  layerNormBackward: [
    ...[written(), written("row"), written("row"), read(), read(), read("pairs"), read("row")],
    ...[...matrixSize, flag],
  ],
  "layerNormBackward, in place": [
    ...[written(), written("row"), written("row"), { sameAs: 0 }, read(), read("pairs"), read("row")],
    ...[...matrixSize, oneOf(0)],
  ],
  residualNormForward: [
    ...[written(), written(), written("pairs"), read(), written(), read("row"), read("row")],
    ...[...matrixSize, epsilon, ...mask],
  ],
  residualNormBackward: [
    ...[written(), written(), written("row"), written("row"), read(), read(), read("pairs"), read("row")],
    ...[...matrixSize, flag, ...mask],
  ],
};

/** Numbers that arithmetic treats in its own way. */
const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-42, -1e-42, 1e-20, -1e-20, 3e38, -3e38];

/** Floats in [-4, 4), of which a share is special. */
function mixed(seed: number, count: number, share: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () =>
    random.next() < share ? SPECIAL[random.below(SPECIAL.length)]! : 8 * random.next() - 4,
  );
}

/** Lays out the arguments of a call. */
function place(
  of: readonly Argument[],
  rows: number,
  columns: number,
  special: number,
  seed: number,
  last: number,
) {
  bench.reset(last);
  const outputs: Block[] = [];
  const sizes = { rows, columns, n: rows * columns };
  const values: number[] = [];
  for (const [i, argument] of of.entries()) values.push(placed(argument, i));
  return { values, outputs };

  function placed(argument: Argument, i: number): number {
    if (argument === "rowKeys") return bench.integers(randomRowKeys(seed, rows));
    if ("sameAs" in argument) return values[argument.sameAs]!;
    if ("size" in argument) return sizes[argument.size];
    if ("oneOf" in argument) return argument.oneOf[(seed + i) % argument.oneOf.length]!;
    if ("below" in argument) {
      return bench.integers(wholeNumbers(seed + i, rows, argument.below === "table" ? TABLE : columns));
    }
    const [height, width] = SHAPES[argument.shape](rows, columns);
    const block = bench.matrix(height, width, mixed(seed + i, height * width, special));
    if (argument.written) outputs.push(block);
    return block.pointer;
  }
}

describe.each(NATIVE_SETS)(
  "native kernels by rows, $name: the bits of the relaxed build",
  ({ bind, share }) => {
    const native = bind(bench.memory);

    it.each(Object.entries(CALLS))("%s", (title, of) => {
      const name = title.split(",")[0] as keyof Kernels;
      const size = fc.oneof(anySize(9), anySize(150));
      const special = fc.constantFrom(0, 0, 0.02, 0.3);
      fc.assert(
        fc.property(anySize(9), size, special, anySeed, anyLast, (rows, columns, strange, seed, last) => {
          const { values, outputs } = place(of, rows, columns, strange, seed, last);
          const run = (set: "relaxed" | Kernels) => {
            let result: unknown;
            const written = bench.run(
              set,
              (kernels) => {
                result = (kernels[name] as (...values: number[]) => unknown)(...values);
              },
              ...outputs,
            );
            return { result, written };
          };
          const expected = run("relaxed");
          const actual = run(native);
          expect(actual.result).toBe(expected.result);
          for (const [i, bits] of actual.written.entries()) expectSameBits(bits, expected.written[i]!);
        }),
        { numRuns: Math.ceil(300 * share) },
      );
    });
  },
);
