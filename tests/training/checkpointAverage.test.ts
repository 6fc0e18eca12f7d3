import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Transformer } from "../../src/model/transformer.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { Adam } from "../../src/training/adam.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/training/checkpoint.ts";
import { averageCheckpoints, keptCheckpoints } from "../../src/training/checkpointAverage.ts";
import { RunDirectory } from "../../src/training/runDirectory.ts";
import { initialState } from "../../src/training/state.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { smallModel } from "../support/engine.ts";
import { SETTLED_TRAINING } from "../support/settings.ts";

const root = temporaryDirectory();
const tokenizer = learnTokenizer(["a b c"], { kind: "word" });
const { size } = tokenizer.vocabulary;

/** Writes a checkpoint with first weights of a seed. */
function save(file: string, seed: number, changes: { dFF?: number; words?: string; step?: number } = {}) {
  const other = changes.words === undefined ? tokenizer : learnTokenizer([changes.words], { kind: "word" });
  const config = smallModel(size);
  const heap = Heap.shared();
  const model = new Transformer({ ...config, dFF: changes.dFF ?? config.dFF }, heap);
  model.initialise(seed);
  const state = initialState(SETTLED_TRAINING, "fingerprint");
  const description = {
    ...{ sourceLanguage: "", targetLanguage: "", outputLimit: 9 },
    ...{ sourceTokenizer: tokenizer, targetTokenizer: other },
    training: { ...state, step: changes.step ?? seed, kept: { best: [4, 2, 6], last: [6, 4] } },
  };
  saveCheckpoint(file, model, description, heap, {
    adam: new Adam(model.parameters, heap),
    movingAverage: undefined,
  });
  return file;
}

const path = (name: string): string => join(root, `${name}.safetensors`);

describe("averageCheckpoints", () => {
  it("is the mean of every weight, rounded once, and holds the model alone", () => {
    const files = [1, 2, 3].map((seed) => save(path(`seed-${seed}`), seed));
    averageCheckpoints(files, path("mean"));
    const [mean, ...all] = [path("mean"), ...files].map(loadCheckpoint);
    expect([...mean!.tensors.keys()]).toEqual(
      new Transformer(mean!.model).parameters.list.map(({ name }) => name),
    );
    for (const [name, { data }] of mean!.tensors) {
      const sums = all.map(({ tensors }) => tensors.get(name)!.data);
      const expected = data.map((_, i) => (sums[0]![i]! + sums[1]![i]! + sums[2]![i]!) / 3);
      expect(data).toEqual(expected);
    }
    expect(mean!.training.step).toBe(1);
    expect(mean!.targetTokenizer.toJSON()).toEqual(tokenizer.toJSON());
  });

  it("of one checkpoint is that checkpoint's model", () => {
    const file = save(path("single"), 5);
    averageCheckpoints([file], path("same"));
    for (const [name, { data }] of loadCheckpoint(path("same")).tensors)
      expect(data).toEqual(loadCheckpoint(file).tensors.get(name)!.data);
  });

  it.each([
    ["model", { dFF: 10 }],
    ["target tokenizer", { words: "a b d" }],
  ])("is refused for another %s", (what, changes) => {
    const [first, second] = [save(path("first"), 1), save(path("second"), 2, changes)];
    expect(oneLine(() => averageCheckpoints([first, second], path("refused")))).toBe(
      `${second}: its ${what} is not that of ${first}. Average checkpoints of one run.`,
    );
  });
});

it("the kept checkpoints of a run are those its last state names, as far as they are there", () => {
  const run = new RunDirectory(root);
  save(run.last, 6);
  run.makeCheckpoints();
  for (const step of [2, 4, 6]) save(run.checkpoint(step), step);
  expect(keptCheckpoints(root, "best", 2)).toEqual([run.checkpoint(4), run.checkpoint(2)]);
  expect(keptCheckpoints(root, "last", 2)).toEqual([run.checkpoint(6), run.checkpoint(4)]);
  expect(oneLine(() => keptCheckpoints(root, "last", 3))).toBe(
    `${root}: this run has kept 2 checkpoints of the last, not 3. Train with --keep-last 3.`,
  );
});
