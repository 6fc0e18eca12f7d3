import { describe, expect, it } from "vitest";
import { pointerTo } from "../../src/kernels/kernels.ts";
import { Arena, Heap } from "../../src/tensor/heap.ts";
import { Tape } from "../../src/tensor/tape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const newTape = (): Tape => new Tape(new Arena(Heap.shared()));
const tensor = (rows = 2, columns = 3): Tensor => ({ pointer: pointerTo(64), rows, columns });

describe("Tape", () => {
  it("runs what was recorded last to first, each with the gradient of its output", () => {
    const tape = newTape();
    const [x, y, z] = [tensor(), tensor(), tensor()];
    const ran: string[] = [];
    let [dy, dz] = [0, 0];
    tape.record("op", y, (dOutput) => {
      ran.push("y");
      expect(dOutput).toBe(dy);
      tape.target(x);
    });
    tape.record("op", z, (dOutput) => {
      ran.push("z");
      expect(dOutput).toBe(dz);
      dy = tape.target(y).pointer;
    });
    dz = tape.target(z).pointer;
    tape.backward();
    expect(ran).toEqual(["z", "y"]);
    tape.backward();
    expect(ran).toEqual(["z", "y"]);
  });

  it("the first who asks for a gradient writes it, the others add", () => {
    const tape = newTape();
    const x = tensor();
    const first = tape.target(x);
    expect(first.accumulate).toBe(0);
    expect(tape.target(x)).toEqual({ pointer: first.pointer, accumulate: 1 });
    expect(tape.target(tensor()).pointer).not.toBe(first.pointer);
  });

  it("passes over what no gradient reaches", () => {
    const tape = newTape();
    const [x, y] = [tensor(), tensor()];
    tape.record("op", x, () => {
      throw new Error("nothing depends on x");
    });
    tape.record("op", y, () => {});
    tape.target(y);
    expect(() => tape.backward()).not.toThrow();
  });

  it("uses the memory of a gradient again only once its operation has run, and for one of its size", () => {
    const tape = newTape();
    const [a, b, c, wide] = [tensor(), tensor(), tensor(), tensor(4, 4)];
    const pointers: number[] = [];
    tape.record("op", a, (da) => {
      pointers.push(da, tape.target(tensor()).pointer, tape.target(tensor(3, 2)).pointer);
    });
    tape.record("op", b, (db) => {
      pointers.push(db, tape.target(wide).pointer, tape.target(a).pointer);
    });
    tape.record("op", c, (dc) => {
      pointers.push(dc, tape.target(b).pointer);
    });
    tape.target(c);
    tape.backward();
    const [dc, db, db2, dWide, da, da2, later, latest] = pointers;
    expect(db2).toBe(db);
    expect(da2).toBe(da);
    expect(new Set([dc, db, dWide]).size).toBe(3);
    expect(da).toBe(dc); // c has run
    expect(later).toBe(db); // b has run; the size counts, not the shape
    expect([dc, db, dWide]).not.toContain(latest);
  });
});
