import { setImmediate } from "node:timers/promises";
import { assembleBatch, type EncodedPair, makeBatches } from "../data/batches.ts";
import { XformerError } from "../errors.ts";
import type { Pointer } from "../kernels/kernels.ts";
import type { SpecialIds } from "../model/teacherForcing.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Workbench } from "../tensor/computation.ts";
import { Adam, clipping } from "./adam.ts";
import type { TrainingConfig } from "./config.ts";
import type { TrainingEvent } from "./events.ts";
import { type LossSums, Replica } from "./replica.ts";
import type { LogRecord } from "./runDirectory.ts";
import { learningRate, paperPeak } from "./schedule.ts";
import { EMPTY_WINDOW, isBetter, type TrainingState, type ValidationRecord } from "./state.ts";

/** What the trainer leaves to others. */
export interface TrainerHooks {
  /** Translates and scores the validation corpus with the model as it is; undefined when there is none. */
  readonly validate: (() => ValidationRecord["valid"]) | undefined;
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
  readonly adam: Adam;
  readonly #model: Transformer;
  readonly #workbench: Workbench;
  readonly #special: SpecialIds;
  readonly #pairs: readonly EncodedPair[];
  readonly #config: TrainingConfig;
  readonly #hooks: TrainerHooks;
  readonly #replica: Replica;
  readonly #gradients: Pointer;
  #state: TrainingState;

  constructor(
    model: Transformer,
    workbench: Workbench,
    special: SpecialIds,
    pairs: readonly EncodedPair[],
    state: TrainingState,
    hooks: TrainerHooks,
  ) {
    this.#model = model;
    this.#workbench = workbench;
    this.#special = special;
    this.#pairs = pairs;
    this.#config = state.config;
    this.#hooks = hooks;
    this.#state = state;
    this.#replica = new Replica(model, workbench, special);
    this.adam = new Adam(model.parameters, workbench.memory);
    this.#gradients = workbench.memory.reserve(4 * model.parameters.size);
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** The steps of the whole run, taking every epoch to have as many batches as the first. */
  get totalSteps(): number {
    const { maxSteps, maxEpochs } = this.#config;
    const byEpochs = maxEpochs === null ? Number.POSITIVE_INFINITY : maxEpochs * this.#batches(0).length;
    return Math.min(maxSteps ?? Number.POSITIVE_INFINITY, byEpochs);
  }

  /** Seconds a step takes, from trying the first batch without learning from it. */
  measureStep(): number {
    const [first] = this.#batches(0);
    let best = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < 3; trial++) {
      const start = performance.now();
      this.#gradientsOf(first!, 0);
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
      const { sums, norm, lr, sourceTokens } = this.#step(batches[this.#state.batch]!);
      const atEpochEnd = this.#state.batch === batches.length;
      const now = performance.now();
      const { step, epoch } = this.#state;
      const tokensPerSecond = (1000 * (sourceTokens + sums.tokens)) / (now - stepped);
      this.#hooks.emit({ type: "step", step, totalSteps, epoch, loss: sums.loss / sums.tokens, lr, tokensPerSecond });
      if (step % this.#config.logEvery === 0) {
        this.#log(lr, norm, (now - logged) / 1000, (now - started) / 1000);
        logged = now;
      }
      if (atEpochEnd) {
        this.#state = { ...this.#state, epoch: epoch + 1, batch: 0 };
        batches = this.#batches(epoch + 1);
      }
      this.#validateAndSave(atEpochEnd);
      await setImmediate();
    }
    return true;
  }

  #batches(epoch: number): EncodedPair[][] {
    return makeBatches(this.#pairs, { batchTokens: this.#config.batchTokens, seed: this.#config.seed, epoch });
  }

  #isDone(): boolean {
    const { maxSteps, maxEpochs } = this.#config;
    return this.#state.step >= (maxSteps ?? Number.POSITIVE_INFINITY) || this.#state.epoch >= (maxEpochs ?? Number.POSITIVE_INFINITY);
  }

  /** Forward and backward over a batch; the gradients of the mean loss are then in the gradient region. */
  #gradientsOf(pairs: EncodedPair[], step: number): { readonly sums: LossSums; readonly sourceTokens: number } {
    const { memory } = this.#workbench;
    const batch = assembleBatch(pairs, this.#special.eosId);
    const targetTokens = batch.targetTokens.length + pairs.length;
    memory.floats(this.#gradients, this.#model.parameters.size).fill(0);
    const key = { seed: this.#config.seed, step, firstSentence: 0 };
    const sums = this.#replica.run(batch, this.#gradients, key, this.#config.labelSmoothing, 1 / targetTokens);
    return { sums, sourceTokens: batch.sourceTokens.length };
  }

  #step(pairs: EncodedPair[]): { sums: LossSums; norm: number; lr: number; sourceTokens: number } {
    const { kernels, packs } = this.#workbench;
    const step = this.#state.step + 1;
    const { sums, sourceTokens } = this.#gradientsOf(pairs, step);
    const { norm, scale } = clipping(kernels, this.#gradients, this.#model.parameters.size, this.#config.clipNorm);
    if (!Number.isFinite(sums.loss) || !Number.isFinite(norm)) {
      throw new XformerError("DIVERGED", `step ${step}: the ${Number.isFinite(sums.loss) ? "gradient" : "loss"} is not a finite number`, {
        hint: "Lower --lr, raise --warmup or set --clip, and go on from the last good checkpoint with --resume.",
      });
    }
    const lr = this.#rate(step);
    this.adam.update(kernels, this.#gradients, step, lr, scale);
    packs.invalidate();
    const { window } = this.#state;
    this.#state = {
      ...this.#state,
      step,
      batch: this.#state.batch + 1,
      window: {
        loss: window.loss + sums.loss,
        sourceTokens: window.sourceTokens + sourceTokens,
        targetTokens: window.targetTokens + sums.tokens,
      },
    };
    return { sums, norm, lr, sourceTokens };
  }

  #rate(step: number): number {
    const { warmupSteps, learningRate: peak } = this.#config;
    return learningRate(step, warmupSteps, peak ?? paperPeak(this.#model.config.dModel, warmupSteps));
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

  #validateAndSave(atEpochEnd: boolean): void {
    const { validateEvery, saveEvery } = this.#config;
    const due = validateEvery === null ? atEpochEnd : this.#state.step % validateEvery === 0;
    const last = this.#isDone();
    let improved = false;
    if (due || last) {
      const valid = this.#hooks.validate?.();
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
