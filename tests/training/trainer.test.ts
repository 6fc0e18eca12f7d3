import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { SettledTraining } from "../../src/training/config.ts";
import type { TrainingEvent } from "../../src/training/events.ts";
import type { BatchFeed, BatchPosition } from "../../src/training/feed.ts";
import { initialState, type TrainingState, type ValidationRecord } from "../../src/training/state.ts";
import { isLearnable, type StepGradients, type TrainingStep } from "../../src/training/step.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { SETTLED_TRAINING } from "../support/settings.ts";

const GRADIENTS: StepGradients = { loss: 6, norm: 1, sourceTokens: 2, targetTokens: 3 };

interface Script {
  readonly config: Partial<SettledTraining>;
  /** Batches of an epoch, or of each; 5 by default. */
  readonly batches?: number | readonly number[];
  /** What is wrong with a step's gradients. */
  readonly gradients?: (step: number) => Partial<StepGradients>;
  /** The BLEU of the validations, in turn; no validation corpus without. */
  readonly bleus?: readonly number[];
  readonly state?: Partial<TrainingState>;
  readonly millisecondsPerStep?: number;
  readonly millisecondsPerValidation?: number;
  /** Called when a validation has begun. */
  readonly onValidation?: () => void;
  /** Hears every event as it happens. */
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** A trainer over a model that is not there: what it asked for, and what it told. */
function makeTrainer(script: Script) {
  const { config, batches = 5, gradients = () => ({}), bleus, state, onEvent } = script;
  const { millisecondsPerStep = 0, millisecondsPerValidation = 0 } = script;
  const added: (BatchPosition & { readonly step: number })[] = [];
  const updates: { readonly update: number; readonly rate: number }[] = [];
  const saves: TrainingState[] = [];
  const events: TrainingEvent[] = [];
  let validations = 0;
  const step: Partial<TrainingStep> = {
    take: async (stepBatches, number, learn) => {
      for await (const { shards } of stepBatches)
        added.push({ ...(shards as unknown as BatchPosition), step: number });
      if (millisecondsPerStep > 0) await setTimeout(millisecondsPerStep);
      const result = { ...GRADIENTS, ...gradients(number) };
      if (learn !== undefined && isLearnable(result)) updates.push(learn);
      return result;
    },
  };
  const feed: Partial<BatchFeed> = {
    batchesIn: (epoch) => [batches].flat()[epoch] ?? [batches].flat()[0]!,
    at: async (position) => position as never,
    prepareNext: () => null,
  };
  const valid = (bleu: number): ValidationRecord["valid"] => ({
    loss: Number.isNaN(bleu) ? Number.NaN : 1,
    perplexity: 3,
    bleu,
    chrf: 0,
    exactMatch: 0,
  });
  const settings = {
    ...SETTLED_TRAINING,
    learningRate: 1,
    warmupSteps: 1,
    schedule: "constant",
    ...config,
  } as const;
  const trainer = new Trainer(
    step as TrainingStep,
    feed as BatchFeed,
    64,
    { ...initialState(settings, "corpus"), ...state },
    {
      validate:
        bleus === undefined
          ? undefined
          : async (signal) => {
              script.onValidation?.();
              signal?.throwIfAborted();
              if (millisecondsPerValidation > 0) await setTimeout(millisecondsPerValidation);
              return { valid: valid(bleus[validations++]!), samples: [] };
            },
      save: async (saved) => void saves.push(saved),
      log: () => {},
      pause: async () => {},
      emit: (event) => {
        events.push(event);
        onEvent?.(event);
      },
    },
  );
  return { trainer, added, updates, saves, events };
}

it("speed is that of the steps since the line before: not of an earlier session's, nor of validating and saving", async () => {
  const { trainer, events } = makeTrainer({
    config: { maxSteps: 8, logEvery: 4, validateEvery: 2 },
    bleus: [1, 2, 3, 4],
    millisecondsPerStep: 10,
    millisecondsPerValidation: 200,
    state: { window: { loss: 1, sourceTokens: 1e6, targetTokens: 1e6 } },
  });
  await trainer.run(0);
  const speeds = events.flatMap((event) => (event.type === "log" ? event.record.tokensPerSecond : []));
  expect(speeds).toHaveLength(2);
  for (const speed of speeds) {
    expect(speed).toBeLessThanOrEqual(5 / 0.009); // timers are a millisecond early at times
    expect(speed).toBeGreaterThan(0);
  }
});

it("epochs of unlike length: every step tells where the run will end, and the last one is right", async () => {
  const { trainer, events } = makeTrainer({ config: { maxEpochs: 3, accumulate: 2 }, batches: [4, 6, 3] });
  await trainer.run(0);
  const steps = events.flatMap((event) => (event.type === "step" ? [[event.step, event.totalSteps]] : []));
  expect(steps).toEqual([
    [1, 6],
    [2, 7], // the second epoch is known now
    [3, 7],
    [4, 7],
    [5, 7],
    [6, 7],
    [7, 7],
  ]);
});

describe("a run", () => {
  it("takes the batches of an epoch in order, and ends with its last epoch", async () => {
    const { trainer, added, saves } = makeTrainer({ config: { maxEpochs: 2 }, batches: 3 });
    expect(trainer.totalSteps).toBe(6);
    expect(await trainer.run(0)).toBe("finished");
    expect(added).toEqual(
      [0, 1].flatMap((epoch) => [0, 1, 2].map((batch) => ({ epoch, batch, step: 3 * epoch + batch + 1 }))),
    );
    expect(saves.map(({ step, epoch, batch }) => [step, epoch, batch])).toEqual([
      [3, 1, 0],
      [6, 2, 0],
    ]);
  });

  it("adds up batches for a step, fewer at the end of an epoch", async () => {
    const { trainer, added, updates } = makeTrainer({ config: { maxEpochs: 2, accumulate: 2 } });
    expect(trainer.totalSteps).toBe(6);
    await trainer.run(0);
    expect(added.map(({ step }) => step)).toEqual([1, 1, 2, 2, 3, 4, 4, 5, 5, 6]);
    expect(updates.length).toBe(6);
  });

  it("that is stopped by its signal saves where it stands, without a new checkpoint to keep", async () => {
    const controller = new AbortController();
    const onEvent = ({ type }: TrainingEvent): void => {
      if (type === "step") controller.abort();
    };
    const { trainer, saves } = makeTrainer({ config: { maxEpochs: 2 }, onEvent });
    expect(await trainer.run(0, controller.signal)).toBe("interrupted");
    expect(trainer.state.step).toBe(1);
    expect(saves.at(-1)).toEqual(trainer.state);
    expect(saves.at(-1)!.kept).toEqual({ best: [], last: [] });
  });

  it.each([
    ["in the middle", 4],
    ["at the end", 6],
  ])("that is stopped while it validates, %s, does so first when it goes on", async (_, at) => {
    const config = { maxSteps: 6, maxEpochs: null, validateEvery: 2 };
    const whole = makeTrainer({ config, bleus: [1, 2, 3] });
    await whole.trainer.run(0);
    const controller = new AbortController();
    let validations = 0;
    const onValidation = (): void => {
      if (++validations === at / 2) controller.abort(new Error("Ctrl-C"));
    };
    const first = makeTrainer({ config, bleus: [1, 2, 3], onValidation });
    expect(await first.trainer.run(0, controller.signal)).toBe("interrupted");
    const saved = first.saves.at(-1)!;
    expect([saved.step, saved.validations.length]).toEqual([at, at / 2 - 1]);
    const second = makeTrainer({ config, bleus: [1, 2, 3].slice(at / 2 - 1), state: saved });
    expect(await second.trainer.run(0)).toBe("finished");
    expect(second.trainer.state).toEqual(whole.trainer.state);
    expect(second.updates.length).toBe(6 - at);
  });

  it("validates every so many epochs, and at its end", async () => {
    const config = { maxEpochs: 5, validateEveryEpochs: 2 };
    const { trainer } = makeTrainer({ config, batches: 2, bleus: [1, 2, 3] });
    await trainer.run(0);
    expect(trainer.state.validations.map(({ step }) => step)).toEqual([4, 8, 10]);
  });

  it("ends when patience does, and says so by what it returns", async () => {
    const config = { maxEpochs: 9, validateEvery: 2, patience: 2 };
    const { trainer, saves } = makeTrainer({ config, bleus: [5, 4, 6, 6, 5] });
    expect(await trainer.run(0)).toBe("patience");
    expect(trainer.state.step).toBe(10);
    expect(trainer.state.kept.best).toEqual([6]);
    expect(saves.at(-1)).toEqual(trainer.state);
    expect(await trainer.run(0)).toBe("patience");
  });

  it("lowers the rate on a plateau", async () => {
    const config = { maxSteps: 10, validateEvery: 2, schedule: "plateau", plateauPatience: 1 } as const;
    const { trainer, updates } = makeTrainer({ config, bleus: [5, 4, 6, 5, 5] });
    await trainer.run(0);
    expect(updates.map(({ rate }) => rate)).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]);
  });
});

describe("a step whose loss or gradient is not finite", () => {
  const broken = (steps: readonly number[]) => (step: number) =>
    steps.includes(step) ? { loss: Number.NaN, norm: Number.NaN } : {};

  it("changes nothing, is counted and told of; the next one goes on with the next batch", async () => {
    const gradients = (step: number) => (step === 3 ? { norm: Number.POSITIVE_INFINITY } : broken([2])(step));
    const config = { maxSteps: 5, maxEpochs: null, logEvery: 5 };
    const { trainer, added, updates, events } = makeTrainer({ config, gradients });
    await trainer.run(0);
    expect(added.map(({ batch }) => batch)).toEqual([0, 1, 2, 3, 4]);
    expect(updates.map(({ update }) => update)).toEqual([1, 2, 3]);
    expect(trainer.state).toMatchObject({ step: 5, skipped: 2, skippedInARow: 0 });
    expect(events.filter(({ type }) => type === "skipped")).toEqual([
      { type: "skipped", step: 2, what: "loss", skipped: 1, inARow: 1 },
      { type: "skipped", step: 3, what: "gradient", skipped: 2, inARow: 2 },
    ]);
    const [log] = events.flatMap((event) => (event.type === "log" ? [event.record] : []));
    expect(log).toMatchObject({ loss: 2, skipped: 2, targetTokens: 9 });
  });

  it("is not saved in the place of steps before it", async () => {
    const config = { maxSteps: 8, maxEpochs: null, saveEvery: 1, validateEvery: 2 };
    const { trainer, saves } = makeTrainer({ config, gradients: broken([2, 3, 6, 8]) });
    await trainer.run(0);
    expect(saves.map(({ step }) => step)).toEqual([1, 4, 5, 7, 8]);
  });

  it("in a validation ends the run before it is saved", async () => {
    const config = { maxSteps: 4, maxEpochs: null, validateEvery: 2 };
    const { trainer, saves } = makeTrainer({ config, bleus: [5, Number.NaN] });
    expect(await oneLineAsync(() => trainer.run(0))).toMatch(
      /^step 4: the loss of the validation is not a finite number\. The last good checkpoint is kept\. /,
    );
    expect(saves.map(({ step }) => step)).toEqual([2]);
  });

  it("ends the run after too many in a row, those of an earlier session included", async () => {
    const config = { maxSteps: 30, maxEpochs: null, maxSkips: 2 };
    const apart = makeTrainer({ config, gradients: broken([1, 2, 4, 5, 7]) });
    expect(await apart.trainer.run(0)).toBe("finished");
    const together = makeTrainer({ config, gradients: broken([4, 5]), state: { step: 3, skippedInARow: 1 } });
    expect(await oneLineAsync(() => together.trainer.run(0))).toBe(
      "step 5: the loss is not a finite number, as in 2 before it. The last good checkpoint is kept. " +
        "Begin again with a lower --lr, a longer --warmup or a smaller --clip.",
    );
    expect(together.saves).toEqual([]);
    const never = makeTrainer({ config: { ...config, maxSkips: 0 }, gradients: broken([1]) });
    expect(await oneLineAsync(() => never.trainer.run(0))).toMatch(
      /^step 1: the loss is not a finite number\. /,
    );
  });
});
