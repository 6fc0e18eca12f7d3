import { describe, expect, it } from "vitest";
import { at, pointerTo } from "../../src/kernels/kernels.ts";
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
    const gradients = workbench.heap.reserve(4 * 100);
    const run = new Computation(workbench, { gradients });
    expect(run.tape).toBeDefined();
    expect(run.packs).toBeUndefined();
    const parameter: Parameter = { pointer: pointerTo(64), rows: 2, columns: 3, offset: 16 };
    expect(run.gradientOf(parameter)).toEqual({ pointer: gradients + 64, rows: 2, columns: 3 });
    expect(new Computation(workbench).tape).toBeUndefined();
  });

  it("gives gradients through kernels that only write: at once, or added to what is there; a name twice is one", () => {
    const run = new Computation(workbench, { gradients: workbench.heap.reserve(4) });
    const [known, fresh] = [run.tensor(1, 2), run.tensor(1, 3)];
    const given = (tensor: Tensor): number[] => [
      ...workbench.heap.floats(run.tape!.target(tensor).pointer, sizeOf(tensor)),
    ];
    workbench.heap.floats(run.tape!.target(known).pointer, 2).set([10, 20]);
    const mark = workbench.arena.mark();
    run.giveGradients([known], ([pointer]) => workbench.heap.floats(pointer!, 2).set([1, 2]));
    expect(workbench.arena.mark()).toEqual(mark);
    run.giveGradients([fresh, known, fresh], ([one, two, again]) => {
      expect(again).toBe(one);
      workbench.heap.floats(one!, 3).set([3, 4, 5]);
      workbench.heap.floats(two!, 2).set([100, 200]);
    });
    expect([given(known), given(fresh)]).toEqual([
      [111, 222],
      [3, 4, 5],
    ]);
  });

  it("an operation computes at once, and has its way back only where gradients are wanted", () => {
    const ways: string[] = [];
    const operation = {
      forward: () => void ways.push("forward"),
      backward: () => void ways.push("backward"),
    };
    for (const options of [{}, { gradients: workbench.heap.reserve(4) }]) {
      const run = new Computation(workbench, options);
      const output = run.tensor(1, 1);
      expect(run.record("op", output, operation)).toBe(output);
      run.tape?.target(output);
      run.tape?.backward();
    }
    expect(ways).toEqual(["forward", "forward", "backward"]);
  });
});

describe("rowsOf", () => {
  it("is a part of a parameter, with the part of its gradient", () => {
    const parameter: Parameter = { pointer: pointerTo(640), rows: 6, columns: 5, offset: 32 };
    expect(rowsOf(parameter, 2, 5)).toEqual({
      pointer: at(parameter.pointer, 10),
      rows: 3,
      columns: 5,
      offset: 42,
    });
    expect(sizeOf(rowsOf(parameter, 2, 5))).toBe(15);
  });
});

describe.each(ENGINES)("WeightPacks, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { heap, packs } = workbench;
  const [rows, columns] = [10, 7];
  const weight: Parameter = { pointer: heap.reserve(4 * rows * columns), rows, columns, offset: 0 };
  const gradients = heap.reserve(4 * rows * columns);
  const values = heap.floats(weight.pointer, rows * columns);
  const input = randomMatrix(3, columns, createRandom(2)).values;

  /** x W^T without a tape, with packed weights, or with one, without. */
  function product(w: Parameter, packed: boolean): Float32Array {
    poisonScratch(workbench);
    const run = new Computation(workbench, packed ? {} : { gradients });
    const x: Tensor = run.tensor(3, columns);
    heap.floats(x.pointer, input.length).set(input);
    const y = linear(run, x, w, undefined);
    return heap.floats(y.pointer, sizeOf(y)).slice();
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
