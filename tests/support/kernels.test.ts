import { describe, expect, it } from "vitest";
import { expectClose, expectSameBits, KernelBench, numericalGradient } from "./kernels.ts";

const bench = new KernelBench(1);

describe("the bench of the kernel tests", () => {
  it.each([
    { name: "behind its output", at: 12 },
    { name: "before its output", at: -1 },
    { name: "between the rows of its output", at: 3 },
    { name: "on its input", at: 5 + 3 * 9 },
  ])("catches a kernel that writes $name", ({ at }) => {
    bench.reset();
    const output = bench.matrix(3, 3, new Float32Array(9), 4);
    bench.matrix(1, 64, new Float32Array(64));
    const memory = new Float32Array(bench.memory.buffer);
    const call = () => memory.fill(1, output.pointer / 4 + at, output.pointer / 4 + at + 1);
    expect(() => bench.run("strict", call, output)).toThrow("outside of its outputs");
  });

  it("lets a kernel write its output, returns that, and puts the memory back", () => {
    bench.reset(0);
    const output = bench.matrix(1, 4, [1, 2, 3, 4]);
    expect(output.pointer + 16).toBe(bench.memory.buffer.byteLength);
    const [doubled] = bench.run(
      "relaxed",
      (kernels) => kernels.add(output.pointer, output.pointer, 4),
      output,
    );
    expect(Array.from(doubled!)).toEqual([2, 4, 6, 8]);
    expect(Array.from(bench.read(output))).toEqual([1, 2, 3, 4]);
  });

  it("traps where a kernel reads past the end of the memory", () => {
    bench.reset(1);
    const y = bench.matrix(1, 8, new Float32Array(8));
    const x = bench.matrix(1, 4, new Float32Array(4));
    expect(() => bench.run("strict", (kernels) => kernels.add(y.pointer, x.pointer, 8), y)).toThrow(
      "out of bounds",
    );
  });

  it("compares: NaN with NaN only, bits with bits", () => {
    expectClose([Number.NaN, 1], [Number.NaN, 1.1], 0.2);
    expect(() => expectClose([Number.NaN], [1], 1)).toThrow("off by");
    expect(() => expectClose([1], [Number.NaN], 1)).toThrow("off by");
    expect(() => expectClose([1, 2], [1], 1)).toThrow();
    expect(() => expectSameBits(Float32Array.of(-0), Float32Array.of(0))).toThrow("off by");
  });

  it("differentiates x^3 within 1e-12 where the arithmetic is exact", () => {
    const gradient = numericalGradient((x) => x[0]! ** 3 + 2 * x[1]!, Float32Array.of(1.5, 0));
    expectClose(gradient, [6.75, 2], 1e-12);
  });
});
