import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createTrainingReport } from "../../../src/cli/ui/trainingReport.ts";
import type { TrainingEvent } from "../../../src/training/events.ts";

const SUMMARY = {
  model: { dropout: 0.1, maxLength: 9 },
  training: { labelSmoothing: 0.1 },
  corpus: { name: "letters", pairs: 8, skipped: 0 },
  memory: { resident: 1, shared: 1, limit: null },
  unknown: { valid: null, test: null },
  heldOut: { directory: null, tooFew: false },
  ...{ parameters: 1, totalSteps: 20, resumedAt: 0, threads: 1, directory: "run" },
  ...{ estimatedSeconds: 1, secondsPerEpoch: 1, validPairs: 0, testPairs: 0, kernels: "strict" },
};
const EVENTS = [
  { type: "started", summary: SUMMARY },
  { type: "step", step: 10, totalSteps: 20, epoch: 0, loss: 1, lr: 0.1, tokensPerSecond: 1000 },
  { type: "measuring", on: "validation", pairs: 500 },
] as unknown as TrainingEvent[];

let shown = "";
const { isTTY, columns } = process.stderr;
beforeEach(() => {
  shown = "";
  Object.assign(process.stderr, { isTTY: true, columns: 80 });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    shown += text;
    return true;
  });
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  Object.assign(process.stderr, { isTTY, columns });
});

it("the bar says that the model is validated, and for how long", () => {
  vi.stubEnv("TERM", "xterm");
  const report = createTrainingReport({});
  for (const event of EVENTS) report.onEvent(event);
  vi.advanceTimersByTime(7000);
  report.close();
  expect(stripVTControlCharacters(shown)).toMatch(/━+─+ {2}validating {2}on 500 pairs {2}7 s\r/);
  expect(stripVTControlCharacters(shown)).not.toContain("left");
});

it("a terminal that knows no cursor gets plain lines", () => {
  vi.stubEnv("TERM", "dumb");
  const report = createTrainingReport({});
  for (const event of EVENTS) report.onEvent(event);
  vi.advanceTimersByTime(7000);
  report.close();
  expect(shown).toContain("letters: 8 pairs to train on");
  expect(shown.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
});
