import { expect, it } from "vitest";
import { fitParts } from "../../src/cli/ui/layout.ts";
import { RemainingTime, validationParts } from "../../src/report/progress.ts";
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

it.each([48, 80, 100, 200])("validations of a run have one shape at %i columns", (columns) => {
  const event = (step: number, bleu: number, perplexity: number, improved: boolean) => ({
    type: "validation" as const,
    record: { step, valid: { loss: Math.log(perplexity), perplexity, bleu, chrf: bleu, exactMatch: bleu } },
    improved,
    samples: [],
  });
  const lines = [
    event(40, 0.04, 5120.07, true),
    event(1200, 100, 1.05, false),
    event(80, 99.5, 12.3, true),
  ].map((each) => fitParts(validationParts(each, 1488), columns - 2));
  const shape = (line: string): string =>
    line
      .replace(/[\d.]+|best/g, "")
      .replace(/ +/g, " ")
      .trim();
  expect(new Set(lines.map(shape)).size).toBe(1);
  expect(new Set(lines.map((line) => line.indexOf("BLEU"))).size).toBe(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns - 2);
  expect(lines[0]!.includes("validation")).toBe(columns >= 80);
});
