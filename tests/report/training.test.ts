import { expect, it } from "vitest";
import { introductionDocument } from "../../src/report/training.ts";
import type { RunSummary } from "../../src/training/events.ts";

/** What is said about the loss before a run with so much smoothing and dropout. */
function remark(labelSmoothing: number, dropout: number): string | undefined {
  const summary = {
    model: { dropout, maxLength: 9 },
    training: { labelSmoothing },
    corpus: { name: "letters", pairs: 8, skipped: 0 },
    corpora: [],
    memory: { resident: 1, shared: 1, limit: null },
    heldOut: { directory: null, tooFew: false },
    unknown: { valid: null, test: null },
    ...{ parameters: 1, totalSteps: 1, resumedAt: 0, threads: 1, directory: "run" },
    ...{ estimatedSeconds: 1, secondsPerEpoch: 1, validPairs: 0, testPairs: 0, kernels: "strict" },
  } as unknown as RunSummary;
  const [facts] = introductionDocument(summary);
  const rows = facts?.kind === "facts" ? facts.rows : [];
  return rows.find(([label]) => label === "loss")?.[1] as string | undefined;
}

it("why the loss of training is higher than that of validation is said where both are about to be shown", () => {
  expect(remark(0.1, 0.3)).toBe(
    "higher in training, which has label smoothing 0.1 and dropout 0.3, than in validation, which has not",
  );
  expect(remark(0.1, 0)).toBe(
    "higher in training, which has label smoothing 0.1, than in validation, which has not",
  );
  expect(remark(0, 0)).toBeUndefined();
});
