import { expect, it } from "vitest";
import type { Block } from "../../src/report/document.ts";
import { introductionDocument, type PageOfRun, resultDocument } from "../../src/report/training.ts";
import type { RunSummary } from "../../src/training/events.ts";

/** A row of what is said before a run. */
function rowOf(label: string, { model = {}, training = {}, origins = {} }): string | undefined {
  const summary = {
    model: { maxLength: 9, norm: "pre", ...model },
    training: {
      batchTokens: 512,
      batchSentences: null,
      maxEpochs: null,
      maxSteps: null,
      validateEvery: null,
      freeze: null,
      ...training,
    },
    origins,
    corpus: { name: "letters", pairs: 8, skipped: 0 },
    corpora: [],
    memory: { resident: 1, shared: 1, limit: null },
    heldOut: { directory: null, tooFew: false },
    unknown: { valid: null, test: null },
    ...{ start: null, grown: null, fitted: null, trained: 1 },
    ...{ parameters: 1, totalSteps: 1, resumedAt: 0, threads: 1, directory: "run" },
    ...{ estimatedSeconds: 1, secondsPerEpoch: 1, validPairs: 0, testPairs: 0, kernels: "strict" },
  } as unknown as RunSummary;
  const [facts] = introductionDocument(summary);
  const rows = facts?.kind === "facts" ? facts.rows : [];
  return rows.find(([other]) => other === label)?.[1] as string | undefined;
}

/** What is said about the loss before a run with so much smoothing and dropout. */
function remark(labelSmoothing: number, dropout: number): string | undefined {
  return rowOf("loss", { model: { dropout }, training: { labelSmoothing } });
}

it("where a value comes from stands behind it, once for neighbours from the same place", () => {
  const model = { nEncoderLayers: 2, nDecoderLayers: 2, dModel: 64, nHeads: 4, dFF: 128 };
  const sizes = { nEncoderLayers: "preset tiny", nDecoderLayers: "--decoder-layers", nHeads: "preset tiny" };
  expect(rowOf("model", { model, origins: { ...sizes, dModel: "preset tiny", dFF: "preset tiny" } })).toBe(
    "2+2 layers (preset tiny and --decoder-layers), width 64, 4 heads, feed-forward 128 (preset tiny)",
  );
  const training = { maxEpochs: 80, batchTokens: 512, validateEveryEpochs: 4 };
  const fitted = "fitted to 3,600 pairs";
  const origins = { maxEpochs: "--max-epochs", batchTokens: fitted, validateEveryEpochs: fitted };
  expect(rowOf("length", { training, origins })).toBe(
    "80 epochs (--max-epochs), batches of 512 tokens, validated every 4 epochs (fitted to 3,600 pairs)",
  );
});

it("a default, and a run that goes on with its own, need no such word", () => {
  const training = { maxSteps: 10, validateEvery: 5 };
  expect(rowOf("length", { training, origins: { batchTokens: "default" } })).toBe(
    "10 steps at most, batches of 512 tokens, validated every 5 steps",
  );
});

function endOf(longer: object | null, page: PageOfRun | null): Block[] {
  const result = { directory: "runs/a", step: 9, best: null, test: null, average: null, longer };
  return resultDocument(result as never, { steps: 9, seconds: 1 }, page);
}

it("where the page about the run is, and how to have the model in it where it is too large", () => {
  const page = { file: "runs/a/report.html", bytes: 6.2e6, bytesOfModel: null };
  expect(endOf(null, page).at(-1)).toEqual({
    kind: "line",
    spans: ["How it went is in runs/a/report.html (7 MB), a page for any browser, with the model inside."],
  });
  expect(endOf(null, { ...page, bytes: 2e5, bytesOfModel: 88e6 }).slice(-2)).toEqual([
    {
      kind: "line",
      spans: [
        "How it went is in runs/a/report.html (1 MB), a page for any browser, without the model, which would take 88 MB more. With it:",
      ],
    },
    { kind: "command", text: "npx xformer report runs/a" },
  ]);
});

it("a run that still got better names the command that goes on", () => {
  const said = (longer: object | null): unknown[] =>
    endOf(longer, null).flatMap((block) => (block.kind === "command" ? block.text : []));
  const translate = "npx xformer translate --model runs/a";
  expect(said(null)).toEqual([translate]);
  expect(said({ maxEpochs: 120 })).toEqual(["npx xformer train --resume runs/a --max-epochs 120", translate]);
  expect(said({ maxSteps: 75 })).toEqual(["npx xformer train --resume runs/a --max-steps 75", translate]);
});

it("why the loss of training is higher than that of validation is said where both are about to be shown", () => {
  expect(remark(0.1, 0.3)).toBe(
    "higher in training, which has label smoothing 0.1 and dropout 0.3, than in validation, which has not",
  );
  expect(remark(0.1, 0)).toBe(
    "higher in training, which has label smoothing 0.1, than in validation, which has not",
  );
  expect(remark(0, 0)).toBeUndefined();
});
