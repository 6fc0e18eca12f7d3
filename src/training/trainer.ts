import { setImmediate } from "node:timers/promises";
import { type EncodedPair, makeBatches } from "../data/batches.ts";
import { XformerError } from "../errors.ts";
import type { TrainingConfig } from "./config.ts";
import type { TrainingEvent } from "./events.ts";
import type { LogRecord } from "./runDirectory.ts";
import { learningRate, paperPeak } from "./schedule.ts";
import { EMPTY_WINDOW, isBetter, type TrainingState, type ValidationRecord } from "./state.ts";
import type { BatchGradients, TrainingStep } from "./step.ts";

/** What the trainer leaves to others. */
export interface TrainerHooks {
  /** Translates and scores the validation corpus with the model as it is; undefined when there is none. */
  readonly validate: (() => Promise<ValidationRecord["valid"]>) | undefined;
  /** Keeps a state; `best` when no earlier validation was better. */
  readonly save: (state: TrainingState, best: boolean) => void;
  readonly log: (record: LogRecord | ValidationRecord) => void;
  readonly emit: (event: TrainingEvent) => void;
}

/**
 * The training loop: batch, forward, backward, clip, Adam; now and then a line of the log, a validation and a
 * save (Vaswani et al. 2017, section 5).
 */
export class Trainer {
  /** The steps of the whole run, taking every epoch to have as many batches as the first. */
  readonly totalSteps: number;
  readonly #step: TrainingStep;
  readonly #peakRate: number;
  readonly #pairs: readonly EncodedPair[];
  readonly #config: TrainingConfig;
  readonly #hooks: TrainerHooks;
  #state: TrainingState;

  /** @param dModel the width of the model, on which the paper's learning rate depends */
  constructor(
    step: TrainingStep,
    dModel: number,
    pairs: readonly EncodedPair[],
    state: TrainingState,
    hooks: TrainerHooks,
  ) {
    this.#step = step;
    this.#peakRate = state.config.learningRate ?? paperPeak(dModel, state.config.warmupSteps);
    this.#pairs = pairs;
    this.#config = state.config;
    this.#hooks = hooks;
    this.#state = state;
    const { maxSteps, maxEpochs } = state.config;
    const byEpochs = maxEpochs === null ? Number.POSITIVE_INFINITY : maxEpochs * this.#batches(0).length;
    this.totalSteps = Math.min(maxSteps ?? Number.POSITIVE_INFINITY, byEpochs);
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** Seconds a step takes, from trying the first batch for a second without learning from it. */
  async measureStep(): Promise<number> {
    const [first] = this.#batches(0);
    let best = Number.POSITIVE_INFINITY;
    const deadline = performance.now() + 1000; // long enough for the kernels to be compiled for speed
    for (let trial = 0; trial === 0 || performance.now() < deadline; trial++) {
      const start = performance.now();
      await this.#step.gradients(first!, 0);
      best = Math.min(best, performance.now() - start);
    }
    return best / 1000;
  }

  /**
   * Trains until the configured end, or until `signal` aborts: then the step under way is finished and saved.
   *
   * @param elapsedSeconds what earlier sessions of the run took
   * @returns whether the end was reached
   * @throws XformerError DIVERGED when a loss or gradient is not finite; nothing is saved after that
   */
  async run(elapsedSeconds: number, signal?: AbortSignal): Promise<boolean> {
    const started = performance.now() - 1000 * elapsedSeconds;
    const { totalSteps } = this;
    let logged = performance.now();
    for (let batches = this.#batches(this.#state.epoch); !this.#isDone(); ) {
      if (signal?.aborted) {
        this.#save(false);
        return false;
      }
      const stepped = performance.now();
      const { loss, norm, sourceTokens, targetTokens, lr } = await this.#learn(batches[this.#state.batch]!);
      const atEpochEnd = this.#state.batch === batches.length;
      const now = performance.now();
      const { step, epoch } = this.#state;
      const tokensPerSecond = (1000 * (sourceTokens + targetTokens)) / (now - stepped);
      this.#hooks.emit({
        type: "step",
        step,
        totalSteps,
        epoch,
        loss: loss / targetTokens,
        lr,
        tokensPerSecond,
      });
      if (step % this.#config.logEvery === 0) {
        this.#log(lr, norm, (now - logged) / 1000, (now - started) / 1000);
        logged = now;
      }
      if (atEpochEnd) {
        this.#state = { ...this.#state, epoch: epoch + 1, batch: 0 };
        batches = this.#batches(epoch + 1);
      }
      await this.#validateAndSave(atEpochEnd);
      await setImmediate();
    }
    return true;
  }

  #batches(epoch: number): EncodedPair[][] {
    return makeBatches(this.#pairs, {
      batchTokens: this.#config.batchTokens,
      seed: this.#config.seed,
      epoch,
    });
  }

  #isDone(): boolean {
    const { maxSteps, maxEpochs } = this.#config;
    return (
      this.#state.step >= (maxSteps ?? Number.POSITIVE_INFINITY) ||
      this.#state.epoch >= (maxEpochs ?? Number.POSITIVE_INFINITY)
    );
  }

  /** One step of the training: its gradients, and what became of the state. */
  async #learn(pairs: EncodedPair[]): Promise<BatchGradients & { readonly lr: number }> {
    const step = this.#state.step + 1;
    const gradients = await this.#step.gradients(pairs, step);
    const { loss, norm, sourceTokens, targetTokens } = gradients;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const what = Number.isFinite(loss) ? "gradient" : "loss";
      throw new XformerError("DIVERGED", `step ${step}: the ${what} is not a finite number`, {
        hint: "The last good checkpoint is kept. Begin again with a lower --lr, a longer --warmup or a smaller --clip.",
      });
    }
    const lr = learningRate(step, this.#config.warmupSteps, this.#peakRate);
    await this.#step.update(step, lr, norm);
    const { window } = this.#state;
    this.#state = {
      ...this.#state,
      step,
      batch: this.#state.batch + 1,
      window: {
        loss: window.loss + loss,
        sourceTokens: window.sourceTokens + sourceTokens,
        targetTokens: window.targetTokens + targetTokens,
      },
    };
    return { ...gradients, lr };
  }

  #log(lr: number, gradNorm: number, seconds: number, elapsedSeconds: number): void {
    const { step, epoch, window } = this.#state;
    const { sourceTokens, targetTokens } = window;
    const record: LogRecord = {
      ...{ step, epoch, loss: window.loss / targetTokens, lr, gradNorm, sourceTokens, targetTokens },
      tokensPerSecond: Math.round((sourceTokens + targetTokens) / seconds),
      elapsedSeconds: Math.round(100 * elapsedSeconds) / 100,
    };
    this.#state = { ...this.#state, window: EMPTY_WINDOW };
    this.#hooks.log(record);
    this.#hooks.emit({ type: "log", record });
  }

  async #validateAndSave(atEpochEnd: boolean): Promise<void> {
    const { validateEvery, saveEvery } = this.#config;
    const due = validateEvery === null ? atEpochEnd : this.#state.step % validateEvery === 0;
    const last = this.#isDone();
    let improved = false;
    if (due || last) {
      const valid = await this.#hooks.validate?.();
      // Without a validation corpus the newest is the best there is.
      if (valid === undefined) improved = true;
      else improved = this.#recordValidation({ step: this.#state.step, valid });
    }
    const saveDue = saveEvery === null ? due : this.#state.step % saveEvery === 0;
    if (improved || saveDue || last) this.#save(improved);
  }

  #recordValidation(record: ValidationRecord): boolean {
    const improved = isBetter(record, this.#state.best);
    this.#state = {
      ...this.#state,
      best: improved ? record : this.#state.best,
      validations: [...this.#state.validations, record],
    };
    this.#hooks.log(record);
    this.#hooks.emit({ type: "validation", record, improved });
    return improved;
  }

  #save(best: boolean): void {
    this.#hooks.save(this.#state, best);
  }
}
