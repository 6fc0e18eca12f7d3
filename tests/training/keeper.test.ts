import { existsSync, readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { JOBS } from "../../src/jobs.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { Keeper } from "../../src/training/keeper.ts";
import { RunDirectory } from "../../src/training/runDirectory.ts";
import { initialState } from "../../src/training/state.ts";
import { TrainingStep } from "../../src/training/step.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { smallModel } from "../support/engine.ts";
import { SETTLED_TRAINING } from "../support/settings.ts";

const tokenizer = learnTokenizer(["a b c"], { kind: "word" });
const pool = new WorkerPool(smallModel(tokenizer.vocabulary.size), JOBS, { threads: 1 });
afterAll(() => pool.close());

it("numbers that are not finite are never saved, and what was saved before stays", async () => {
  const directory = new RunDirectory(temporaryDirectory());
  pool.main.model.initialise(1);
  const step = new TrainingStep(pool, { ...SETTLED_TRAINING, ema: 0.9 });
  const description = {
    ...{ sourceLanguage: "", targetLanguage: "", outputLimit: 9 },
    ...{ sourceTokenizer: tokenizer, targetTokenizer: tokenizer },
  };
  const keeper = new Keeper(directory, description, pool.main, step);
  const state = initialState(SETTLED_TRAINING, "fingerprint");
  await keeper.save(state);
  const good = readFileSync(directory.last);
  const { heap } = pool.main.workbench;
  const { list, pointer } = pool.main.model.parameters;
  for (const [place, value] of [
    [step.movingAverage!, Number.NaN],
    [step.adam.v, Number.POSITIVE_INFINITY],
    [pointer, Number.NEGATIVE_INFINITY],
  ] as const) {
    const floats = heap.floats(place, 1);
    const before = floats[0]!;
    floats[0] = value;
    expect(
      await oneLineAsync(() => keeper.save({ ...state, step: 3, kept: { best: [3], last: [3] } })),
    ).toMatch(
      new RegExp(`^step 3: tensor \\S*${list[0]!.name} has numbers that are not finite\\. The last good .+`),
    );
    floats[0] = before;
    expect(readFileSync(directory.last).equals(good)).toBe(true);
    expect(existsSync(directory.best)).toBe(false);
  }
});
