import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/random.ts";
import { Computation } from "../../src/tensor/computation.ts";
import { linear } from "../../src/tensor/operations/linear.ts";
import { type Parameter, rowsOf, sizeOf, type Tensor } from "../../src/tensor/tensor.ts";
import { ENGINES, everywhere, makeWorkbench, poisonScratch } from "../support/engine.ts";
import { expectSameBits } from "../support/kernels.ts";
import { randomMatrix } from "./centralDifferences.ts";

describe("Computation", () => {
  const workbench = makeWorkbench("reference");

  it("numbers the places of dropout in their order", () => {
    const run = new Computation(workbench);
    expect([run.dropoutSites(), run.dropoutSites(4), run.dropoutSites()]).toEqual([0, 1, 5]);
    expect(new Computation(workbench).dropoutSites()).toBe(0);
  });

  it.each([
    [undefined, 0],
    [0, 0],
    [0.1, 6554],
    [0.5, 32_768],
    [0.9999999, 65_535], // all but one of the 65,536: something has to stay, to be scaled up
  ])("dropout %d is a threshold of %i in 65536", (dropout, threshold) => {
    expect(new Computation(workbench, { dropout: everywhere(dropout) }).dropThresholds).toEqual({
      residual: threshold,
      attention: threshold,
      activation: threshold,
    });
  });

  it("takes back scratch that was wanted for a while", () => {
    const run = new Computation(workbench);
    const lent = run.temporarily(() => run.tensor(3, 5));
    expect(run.tensor(2, 2).pointer).toBe(lent.pointer);
  });

  it("has a tape and the gradients of parameters when it is given room for them", () => {
    const gradients = workbench.memory.reserve(4 * 100);
    const run = new Computation(workbench, { gradients });
    expect(run.tape).toBeDefined();
    expect(run.packs).toBeUndefined();
    expect(run.gradientOf({ pointer: 64, rows: 2, columns: 2, offset: 16 })).toBe(gradients + 64);
    expect(new Computation(workbench).tape).toBeUndefined();
  });
});

describe("rowsOf", () => {
  it("is a part of a parameter, with the part of its gradient", () => {
    const parameter: Parameter = { pointer: 640, rows: 6, columns: 5, offset: 32 };
    expect(rowsOf(parameter, 2, 5)).toEqual({ pointer: 640 + 40, rows: 3, columns: 5, offset: 42 });
    expect(sizeOf(rowsOf(parameter, 2, 5))).toBe(15);
  });
});

describe.each(ENGINES)("WeightPacks, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { memory, packs } = workbench;
  const [rows, columns] = [10, 7];
  const weight: Parameter = { pointer: memory.reserve(4 * rows * columns), rows, columns, offset: 0 };
  const gradients = memory.reserve(4 * rows * columns);
  const values = memory.floats(weight.pointer, rows * columns);
  const input = randomMatrix(3, columns, createRandom(2)).values;

  /** x W^T without a tape, with packed weights, or with one, without. */
  function product(w: Parameter, packed: boolean): Float32Array {
    poisonScratch(workbench);
    const run = new Computation(workbench, packed ? {} : { gradients });
    const x: Tensor = run.tensor(3, columns);
    memory.floats(x.pointer, input.length).set(input);
    const y = linear(run, x, w, undefined);
    return memory.floats(y.pointer, sizeOf(y)).slice();
  }

  it("keep weights until another version is in use", () => {
    packs.useVersion(1);
    values.set(randomMatrix(rows, columns, createRandom(1)).values);
    const before = product(weight, true);
    expectSameBits(before, product(weight, false));
    values.fill(1);
    expectSameBits(product(weight, true), before);
    packs.useVersion(2);
    expectSameBits(product(weight, true), product(weight, false));
    expect(product(weight, true)).not.toEqual(before);
  });

  it("tell a matrix from its first rows", () => {
    packs.useVersion(3);
    values.set(randomMatrix(rows, columns, createRandom(1)).values);
    for (const part of [rowsOf(weight, 0, 3), weight, rowsOf(weight, 0, 9), rowsOf(weight, 2, 10)]) {
      expectSameBits(product(part, true), product(part, false));
    }
  });
});
