import { afterEach, describe, expect, it, vi } from "vitest";
import { bindKernels, type Kernels, NONE } from "../../src/kernels/kernels.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { gemm } from "../../src/tensor/calls.ts";
import { Computation, createWorkbench } from "../../src/tensor/computation.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { Profile } from "../../src/tensor/profile.ts";
import { makePairs, SMALL_MODEL } from "../support/engine.ts";

/** What `performance.now` says while a fake clock is used: only kernels make it go on. */
let clock = 0;

/** A profile of kernels that take a known time each, in milliseconds of the fake clock. */
function makeProfile(): Profile {
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  const taking =
    <T>(milliseconds: number, result: T) =>
    (): T => {
      clock += milliseconds;
      return result;
    };
  const kernels: Partial<Kernels> = {
    add: taking(1000, undefined),
    sumSquares: taking(3000, 42),
    gemm: taking(2, undefined),
    packB: taking(500, undefined),
    packedSize: taking(0, 64),
    gemmWorkspace: taking(0, 16),
  };
  return new Profile(kernels as Kernels, Heap.shared());
}

/** A product [m, k] [k, n], as operations ask for it. */
function multiply(profile: Profile, m: number, n: number, k: number): void {
  const tensor = (rows: number, columns: number) => ({ pointer: NONE, rows, columns });
  const caller = { kernels: profile.kernels, gemmWorkspace: NONE, profile };
  gemm(caller, { c: tensor(m, n), a: tensor(m, k), b: tensor(k, n) });
}

describe("Profile", () => {
  afterEach(() => vi.restoreAllMocks());

  it("times kernels by operation and pass, the longest first", () => {
    const profile = makeProfile();
    profile.start();
    profile.begin("attention");
    profile.kernels.add(NONE, NONE, 1);
    profile.begin("linear");
    profile.kernels.add(NONE, NONE, 1);
    profile.kernels.sumSquares(NONE, 1);
    profile.begin("linear", "backward");
    profile.kernels.add(NONE, NONE, 1);
    clock += 7000; // what is no kernel belongs to no operation
    profile.stop();
    const { operations, totalSeconds } = profile.report();
    expect(operations).toEqual([
      { operation: "linear", forwardSeconds: 4, backwardSeconds: 1 },
      { operation: "attention", forwardSeconds: 1, backwardSeconds: 0 },
    ]);
    expect(totalSeconds).toBe(13);
  });

  it("gives what the kernels give, and calls what nobody claimed other", () => {
    const profile = makeProfile();
    profile.start();
    expect(profile.kernels.sumSquares(NONE, 1)).toBe(42);
    expect(profile.report().operations).toEqual([
      { operation: "other", forwardSeconds: 3, backwardSeconds: 0 },
    ]);
  });

  it("counts nothing while its clock stands, and goes on afterwards", () => {
    const profile = makeProfile();
    const work = (waited: number): void => {
      profile.kernels.add(NONE, NONE, 1);
      profile.waited(waited);
    };
    work(1);
    profile.start();
    work(2);
    profile.stop();
    work(4);
    profile.stop();
    profile.start();
    work(8);
    profile.stop();
    const { operations, totalSeconds, waitingSeconds } = profile.report();
    expect(operations).toEqual([{ operation: "other", forwardSeconds: 2, backwardSeconds: 0 }]);
    expect(totalSeconds).toBe(2);
    expect(waitingSeconds).toBe(10);
  });

  it("matrix products: their time, and 2 m n k operations in it, beside those of a product in the caches", () => {
    const profile = makeProfile();
    profile.start();
    multiply(profile, 1000, 2000, 500);
    multiply(profile, 10, 20, 30);
    profile.kernels.add(NONE, NONE, 1);
    const { gemmSeconds, gemmGflops, peakGflops } = profile.report();
    expect(gemmSeconds).toBeCloseTo(0.004, 12);
    expect(gemmGflops).toBeCloseTo((2 * (1000 * 2000 * 500 + 10 * 20 * 30)) / 0.004 / 1e9, 6);
    expect(peakGflops).toBeCloseTo((2 * 240 * 256 * 256) / 0.002 / 1e9, 6);
  });

  it("of a step names the operations of the model, forward and backward, and changes no result", () => {
    const losses = [true, false].map((profiled) => {
      const heap = Heap.shared();
      const kernels = bindKernels(loadKernels("strict"), heap.wasm);
      const profile = profiled ? new Profile(kernels, heap) : undefined;
      const workbench = createWorkbench(kernels, heap, profile);
      const model = new Transformer(SMALL_MODEL, heap);
      model.initialise(1);
      const gradients = heap.reserve(4 * model.parameters.size);
      profile?.start();
      const run = new Computation(workbench, { gradients });
      const pairs = makePairs(workbench, [[3, 4, 2]], [[5, 6]]);
      const loss = teacherForcedLoss(model, run, pairs, { smoothing: 0.1, scale: 1 }).slice();
      run.tape?.backward();
      profile?.stop();
      if (profile !== undefined) {
        const { operations, totalSeconds, gemmSeconds } = profile.report();
        const names = operations.map(({ operation }) => operation);
        for (const name of ["attention", "linear", "output and loss"]) expect(names).toContain(name);
        const linear = operations.find(({ operation }) => operation === "linear")!;
        expect(linear.forwardSeconds).toBeGreaterThan(0);
        expect(linear.backwardSeconds).toBeGreaterThan(0);
        expect(gemmSeconds).toBeLessThan(totalSeconds);
      }
      return { loss, gradients: heap.floats(gradients, model.parameters.size).slice() };
    });
    expect(losses[0]).toEqual(losses[1]);
  });
});
