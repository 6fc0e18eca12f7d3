import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { displayWidth } from "../../../src/cli/ui/layout.ts";
import { createTrainingReport } from "../../../src/cli/ui/trainingReport.ts";
import type { TrainingEvent } from "../../../src/training/events.ts";

const SUMMARY = {
  model: { dropout: 0.1, maxLength: 9 },
  training: { labelSmoothing: 0.1, metric: "bleu", freeze: null },
  corpus: { name: "letters", pairs: 8, skipped: 0 },
  corpora: [],
  memory: { resident: 1, shared: 1, limit: null },
  unknown: { valid: null, test: null },
  heldOut: { directory: null, tooFew: false },
  ...{ start: null, grown: null, fitted: null, trained: 1 },
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
  expect(stripVTControlCharacters(shown)).toMatch(/━+─+ {2}validating {2}on 500 pairs {2}7 s\n/);
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

/** What a run of some steps and validations looks like at its end. */
const VALIDATED = [
  EVENTS[0],
  ...[3, 2.5, 2, 1.25].map((loss, i) => ({ ...EVENTS[1], step: 10 + i, loss })),
  ...[10, 50].map((bleu, i) => ({
    type: "validation",
    improved: true,
    record: { step: 14 + i, valid: { loss: 1, perplexity: 2.72, bleu, chrf: 0, exactMatch: 0 } },
    samples: [
      { source: "我很好。", reference: "I am good.", translation: i === 0 ? "I I." : "I am good." },
      { source: "a\u001b[2J", reference: "b", translation: "他".repeat(200) },
    ],
  })),
  EVENTS[1],
] as unknown as TrainingEvent[];

it.each([48, 80, 200])("curves and translations fit into %i columns", (columns) => {
  vi.stubEnv("TERM", "xterm");
  Object.assign(process.stderr, { columns });
  const report = createTrainingReport({});
  for (const event of VALIDATED) report.onEvent(event);
  vi.advanceTimersByTime(1000);
  const text = stripVTControlCharacters(shown);
  report.close();
  expect(text).toMatch(/ {2}loss █▆▅▂▁ {2}BLEU ▁█ 50\.00/);
  expect(text).toMatch(/^ {4}我很好。 +→ {2}I I\.$/m);
  expect(text).toMatch(/^ {4}我很好。 +→ {2}I am good\.$/m);
  expect(text).toContain("a␛[2J"); // a translation cannot steer the terminal
  for (const line of text.split(/[\r\n]+/)) {
    // The introduction is wrapped where words allow it.
    if (/→|BLEU|loss/.test(line)) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  }
});

it("lines for a pipe have the translations whole", () => {
  Object.assign(process.stderr, { isTTY: false });
  const report = createTrainingReport({});
  for (const event of VALIDATED) report.onEvent(event);
  report.close();
  expect(shown).toContain(`  →  ${"他".repeat(200)}\n`);
  expect(shown.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
});
