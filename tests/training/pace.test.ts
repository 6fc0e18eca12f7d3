import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Costs, secondsFor, stepsWithin } from "../../src/training/pace.ts";

const costs: fc.Arbitrary<Costs> = fc.record({
  secondsPerStep: fc.double({ min: 1e-4, max: 10, noNaN: true }),
  secondsPerValidation: fc.double({ min: 0, max: 100, noNaN: true }),
  secondsPerSave: fc.double({ min: 0, max: 10, noNaN: true }),
  closingSeconds: fc.double({ min: 0, max: 100, noNaN: true }),
  validateEvery: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(Number.POSITIVE_INFINITY)),
  validatesFirst: fc.boolean(),
});

describe("steps fitted to a time", () => {
  it("are the most that fit, validations, saves and the end included", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10_000, noNaN: true }), costs, (seconds, each) => {
        const steps = stepsWithin(seconds, each);
        if (steps > 0) expect(secondsFor(steps, each)).toBeLessThanOrEqual(seconds);
        expect(secondsFor(steps + 1, each)).toBeGreaterThan(seconds);
      }),
    );
  });

  it("by example", () => {
    const each = {
      ...{ secondsPerStep: 0.1, secondsPerValidation: 2, secondsPerSave: 1, closingSeconds: 10 },
      ...{ validateEvery: 100, validatesFirst: false },
    };
    // 100 steps take 10 seconds, and 3 more to be validated and saved.
    expect(stepsWithin(10 + 26, each)).toBe(200);
    expect(stepsWithin(10 + 26 + 4, each)).toBe(210);
    expect(stepsWithin(10 + 26 + 3, { ...each, validatesFirst: true })).toBe(200);
    expect(stepsWithin(12, each)).toBe(0);
  });
});
