import fc from "fast-check";
import { expect, it } from "vitest";
import { Heap } from "../../../src/text/bpe/heap.ts";

it("a heap gives the first item at any time", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant("pop" as const)));
  fc.assert(
    fc.property(steps, (sequence) => {
      const heap = new Heap<number>((a, b) => a < b);
      const model: number[] = [];
      for (const step of [...sequence, ...sequence.map(() => "pop" as const)]) {
        if (step === "pop") {
          expect(heap.pop()).toBe(model.sort((a, b) => a - b).shift());
        } else {
          heap.push(step);
          model.push(step);
        }
      }
    }),
  );
});
