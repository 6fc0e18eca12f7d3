import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  evaluate,
  loadCorpus,
  loadModel,
  resume,
  score,
  type TrainedModel,
  type TrainingEvent,
  type TrainResult,
  train,
  translate,
  XformerError,
} from "../src/index.ts";
import { temporaryDirectory } from "./io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "./support/cli.ts";

const directory = temporaryDirectory();
const pairsFile = join(directory, "pairs.tsv");
const out = join(directory, "run");
const LINES = ["a b c", "", "h g f"];

describe("the library without the command line", () => {
  const events: TrainingEvent[] = [];
  let result: TrainResult;
  let model: TrainedModel;
  beforeAll(async () => {
    writeFiles(directory, { "pairs.tsv": letterPairs(400) });
    result = await train({
      data: { train: pairsFile, valid: pairsFile },
      out,
      model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0 },
      training: { maxSteps: 60, learningRate: 0.01, warmupSteps: 20, batchTokens: 512 },
      onEvent: (event) => events.push(event),
    });
    model = await loadModel(out);
  });

  it("train tells how it goes and where the model is", () => {
    expect(result).toMatchObject({ directory: out, step: 60, interrupted: false, test: null });
    expect(events.filter(({ type }) => type === "step")).toHaveLength(60);
    expect(events.find(({ type }) => type === "started")).toMatchObject({
      summary: { directory: out, totalSteps: 60 },
    });
  });

  it("a loaded model and the path of one translate alike, one line for one", async () => {
    const translations = await model.translateAll(LINES);
    expect(translations).toHaveLength(3);
    expect(translations[1]).toBe("");
    expect(await translate(out, LINES)).toEqual(translations);
    expect(await translate(model, LINES)).toEqual(translations);
    expect(await model.translate("a b c")).toBe(translations[0]);
  });

  it("score and evaluate agree", async () => {
    const corpus = loadCorpus(pairsFile);
    const scores = await score(model, corpus);
    const evaluation = await evaluate(model, corpus);
    const tokens = corpus.target.length * 4; // three letters and END
    expect(-scores.reduce((sum, one) => sum + one, 0) / tokens).toBeCloseTo(evaluation.loss, 8);
    expect(evaluation.loss).toBeCloseTo(result.best!.valid.loss, 8);
    expect(evaluation.bleu.signature).toContain("tok:13a");
    const zh = await evaluate(model, corpus, { bleuTokenizer: "zh" });
    expect(zh.bleu.signature).toContain("tok:zh");
  });

  it("errors are XformerErrors that know their place", async () => {
    const uneven = { source: ["a", "b"], target: ["a"] };
    await expect(evaluate(model, uneven)).rejects.toThrow("there are 2 sources and 1 targets");
    await expect(score(model, { source: [], target: [] })).rejects.toThrow(
      "there are 0 sources and 0 targets",
    );
    const nowhere = join(directory, "nowhere");
    const error = await loadModel(nowhere).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(XformerError);
    expect(error).toMatchObject({ code: "IO", file: nowhere });
  });

  it("resume goes on to a new end", async () => {
    expect(await resume(out, { training: { maxSteps: 65 } })).toMatchObject({ directory: out, step: 65 });
  });
});
