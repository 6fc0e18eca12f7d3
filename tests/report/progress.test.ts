import { expect, it } from "vitest";
import { RemainingTime } from "../../src/report/progress.ts";
import type { TrainingEvent } from "../../src/training/events.ts";

/** Tells of a run of 1000 steps, of which some are done; the estimate is 0.2 s a step. */
function startedAt(resumedAt: number, now: () => number): RemainingTime {
  const left = new RemainingTime(now);
  const summary = { totalSteps: 1000, resumedAt, estimatedSeconds: 0.2 * (1000 - resumedAt) };
  left.tell({ type: "started", summary } as TrainingEvent);
  return left;
}

const step = (number: number) => ({ type: "step", step: number, totalSteps: 1000 }) as TrainingEvent;

it("begins with the estimate, of the steps that are left", () => {
  expect(startedAt(0, () => 0).secondsLeft).toBeCloseTo(200);
  expect(startedAt(900, () => 0).secondsLeft).toBeCloseTo(20);
});

it("is hardly moved by a validation soon after resuming", () => {
  let milliseconds = 0;
  const left = startedAt(500, () => milliseconds);
  milliseconds = 8 * 200 + 5000;
  left.tell(step(508));
  expect(left.secondsLeft).toBeGreaterThan(0.2 * 492);
  expect(left.secondsLeft).toBeLessThan(0.25 * 492);
});

it("comes to follow what steps and validations really take", () => {
  let milliseconds = 0;
  const left = startedAt(0, () => milliseconds);
  milliseconds = 900 * 400;
  left.tell(step(900));
  expect(left.secondsLeft).toBeCloseTo(38, 6);
  left.tell(step(1000));
  expect(left.secondsLeft).toBe(0);
});
