import { XformerError } from "../errors.ts";
import type { SettledTraining } from "./config.ts";
import type { TrainingEvent } from "./events.ts";
import type { BatchFeed } from "./feed.ts";
import type { LoggedValidation, LogRecord } from "./runDirectory.ts";
import { learningRate, peakOf, type Schedule } from "./schedule.ts";
import { lengthOf } from "./settle.ts";
import { bestOf, EMPTY_WINDOW, isBetter, progressOf, type TrainingState, withCheckpoint } from "./state.ts";
import { isLearnable, type StepBatch, type StepGradients, type TrainingStep } from "./step.ts";
import type { Validation } from "./validation.ts";

/** What the trainer leaves to others. */
export interface TrainerHooks {
  /**
   * Measures the model as it is on the validation corpus; undefined when there is none. Fails with the reason of the
   * signal when that aborts.
   */
  readonly validate: ((signal?: AbortSignal) => Promise<Validation>) | undefined;
  /** Keeps the weights and a state. */
  readonly save: (state: TrainingState) => Promise<void>;
  readonly log: (record: LogRecord | LoggedValidation) => void;
  readonly emit: (event: TrainingEvent) => void;
  /** Lets signals and timers have their turn. */
  readonly pause: () => Promise<void>;
}

/** How a run of the trainer ended. */
export type TrainingEnd = "finished" | "patience" | "interrupted";

/**
 * The training loop: batches, forward, backward, clip, Adam; now and then a line of the log, a validation and a
 * save (Vaswani et al. 2017, section 5).
 */
export class Trainer {
  /** The steps of the whole run, taking every epoch to have as many batches as the first. */
  readonly totalSteps: number;
  /** The steps of the first epoch. */
  readonly stepsPerEpoch: number;
  readonly #step: TrainingStep;
  readonly #feed: BatchFeed;
  readonly #schedule: Schedule;
  readonly #config: SettledTraining;
  readonly #hooks: TrainerHooks;
  #state: TrainingState;
  /** Tokens and seconds of the steps since the last line of the log; validating and saving is not training. */
  #pace = { tokens: 0, seconds: 0 };

  /** @param dModel the width of the model, on which the paper's learning rate depends */
  constructor(
    step: TrainingStep,
    feed: BatchFeed,
    dModel: number,
    state: TrainingState,
    hooks: TrainerHooks,
  ) {
    const { config } = state;
    this.#step = step;
    this.#feed = feed;
    this.#config = config;
    this.#hooks = hooks;
    this.#state = state;
    this.stepsPerEpoch = Math.ceil(feed.batchesIn(0) / config.accumulate);
    this.totalSteps = lengthOf(config, feed.batchesIn(0));
    this.#schedule = { ...config, peak: peakOf(config, dModel), totalSteps: this.totalSteps };
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** Whether the epoch that is under way has the batch that comes next. */
  get isWithinEpoch(): boolean {
    const { epoch, batch } = this.#state;
    return batch < this.#feed.batchesIn(epoch);
  }

  /** Source and target tokens a second, from trying the next batch for a second without learning from it. */
  async measureSpeed(): Promise<number> {
    const shards = await this.#feed.at(this.#state);
    const deadline = performance.now() + 1000;
    const speeds: number[] = [];
    // So often that the kernels are compiled for speed, unless a step takes so long that one has to do.
    while (speeds.length === 0 || (performance.now() < deadline && speeds.length < 30)) {
      const start = performance.now();
      const { sourceTokens, targetTokens } = await this.#step.take([{ shards, next: null }], 0);
      speeds.push((1000 * (sourceTokens + targetTokens)) / (performance.now() - start));
    }
    return speeds.sort((a, b) => a - b)[speeds.length >> 1]!;
  }

  /**
   * Trains until the configured end, until nothing better has come for as long as patience lasts, or until
   * `signal` aborts: then the step under way is finished and saved. A validation under way is dropped, and made up
   * for before the first step of the session after.
   *
   * @param elapsedSeconds what earlier sessions of the run took
   * @throws XformerError DIVERGED when too many steps in a row had a loss or gradient that was not finite;
   *   nothing is saved after that
   */
  async run(elapsedSeconds: number, signal?: AbortSignal): Promise<TrainingEnd> {
    const started = performance.now() - 1000 * elapsedSeconds;
    for (;;) {
      const isOwed = this.#owesValidation();
      const end = isOwed ? undefined : this.#end();
      if (end !== undefined) return end;
      if (signal?.aborted) {
        await this.#hooks.save(this.#state);
        return "interrupted";
      }
      if (!isOwed) await this.#takeStep(started);
      await this.#validateAndSave(signal);
      await this.#hooks.pause();
    }
  }

  /** Whether a validation has to come first: one that was interrupted, or that of the model that a run starts from. */
  #owesValidation(): boolean {
    const { step, validations } = this.#state;
    if (this.#hooks.validate === undefined || validations.at(-1)?.step === step) return false;
    // A model that a run starts from is measured before it learns anything.
    if (step === 0) return this.#state.origin !== undefined;
    return this.#isValidationDue() || this.#end() !== undefined;
  }

  async #takeStep(started: number): Promise<void> {
    const stepped = performance.now();
    const step = this.#state.step + 1;
    const lr = learningRate(step, this.#schedule, progressOf(this.#state).reductions);
    // Moments that were kept have been through updates before.
    const before = this.#state.origin?.updates ?? 0;
    const learn = { update: before + step - this.#state.skipped, rate: lr };
    const gradients = await this.#step.take(this.#batches(), step, learn);
    this.#advance(gradients);
    const now = performance.now();
    this.#reportStep(gradients, lr, (now - stepped) / 1000);
    if (this.#state.step % this.#config.logEvery === 0 && this.#state.window.targetTokens > 0) {
      this.#log(lr, gradients.norm, (now - started) / 1000);
    }
  }

  /** Whether the run is at its end, and why. */
  #end(): TrainingEnd | undefined {
    const { maxSteps, maxEpochs, patience } = this.#config;
    const { step, epoch } = this.#state;
    if (step >= (maxSteps ?? Number.POSITIVE_INFINITY) || epoch >= (maxEpochs ?? Number.POSITIVE_INFINITY))
      return "finished";
    return patience !== null && progressOf(this.#state).sinceBest >= patience ? "patience" : undefined;
  }

  /** The batches of the next step: `accumulate` of them, or those that are left of the epoch. */
  async *#batches(): AsyncGenerator<StepBatch, void, undefined> {
    const { epoch, batch: first } = this.#state;
    const end = this.#stepEnd();
    for (let batch = first; batch < end; batch++) {
      const position = { epoch, batch };
      yield { shards: await this.#feed.at(position), next: this.#feed.prepareNext(position) };
    }
  }

  /** The batch of the epoch that comes after the next step. */
  #stepEnd(): number {
    const { epoch, batch } = this.#state;
    return Math.min(this.#feed.batchesIn(epoch), batch + this.#config.accumulate);
  }

  /** Counts a step; one whose gradients were not finite has changed nothing, as the moments would never forget them. */
  #advance(gradients: StepGradients): void {
    const { epoch, step, window } = this.#state;
    const { loss, sourceTokens, targetTokens } = gradients;
    const end = this.#stepEnd();
    const next = end === this.#feed.batchesIn(epoch) ? { epoch: epoch + 1, batch: 0 } : { batch: end };
    this.#state = { ...this.#state, step: step + 1, ...next };
    if (!isLearnable(gradients)) {
      this.#skip(Number.isFinite(loss) ? "gradient" : "loss");
      return;
    }
    this.#state = {
      ...this.#state,
      skippedInARow: 0,
      window: {
        loss: window.loss + loss,
        sourceTokens: window.sourceTokens + sourceTokens,
        targetTokens: window.targetTokens + targetTokens,
      },
    };
  }

  #skip(what: "loss" | "gradient"): void {
    const { step } = this.#state;
    const skipped = this.#state.skipped + 1;
    const skippedInARow = this.#state.skippedInARow + 1;
    this.#state = { ...this.#state, skipped, skippedInARow };
    this.#hooks.emit({ type: "skipped", step, what, skipped, inARow: skippedInARow });
    if (skippedInARow <= this.#config.maxSkips) return;
    const many = skippedInARow === 1 ? "" : `, as in ${skippedInARow - 1} before it`;
    throw diverged(`step ${step}: the ${what}`, many);
  }

  #reportStep({ loss, sourceTokens, targetTokens }: StepGradients, lr: number, seconds: number): void {
    const { step, epoch, batch } = this.#state;
    const tokens = sourceTokens + targetTokens;
    this.#pace = { tokens: this.#pace.tokens + tokens, seconds: this.#pace.seconds + seconds };
    this.#hooks.emit({
      type: "step",
      step,
      totalSteps: this.#lastStep(),
      epoch: batch === 0 ? epoch - 1 : epoch,
      loss: loss / targetTokens,
      lr,
      tokensPerSecond: tokens / seconds,
    });
  }

  /** The step that the run will end with: exact in the last epoch, as epochs differ by a step or two. */
  #lastStep(): number {
    const { maxSteps, maxEpochs, accumulate } = this.#config;
    const { step, epoch, batch } = this.#state;
    if (maxEpochs === null) return this.totalSteps;
    const ofThisEpoch = epoch < maxEpochs ? Math.ceil((this.#feed.batchesIn(epoch) - batch) / accumulate) : 0;
    const ofLaterOnes = Math.max(0, maxEpochs - epoch - 1) * this.stepsPerEpoch;
    return Math.min(maxSteps ?? Number.POSITIVE_INFINITY, step + ofThisEpoch + ofLaterOnes);
  }

  #log(lr: number, gradNorm: number, elapsedSeconds: number): void {
    const { step, epoch, batch, window, skipped } = this.#state;
    const { sourceTokens, targetTokens } = window;
    const record: LogRecord = {
      step,
      epoch: batch === 0 ? epoch - 1 : epoch,
      loss: window.loss / targetTokens,
      lr,
      gradNorm,
      sourceTokens,
      targetTokens,
      skipped,
      tokensPerSecond: Math.round(this.#pace.tokens / this.#pace.seconds),
      elapsedSeconds: Math.round(100 * elapsedSeconds) / 100,
    };
    this.#state = { ...this.#state, window: EMPTY_WINDOW };
    this.#pace = { tokens: 0, seconds: 0 };
    this.#hooks.log(record);
    this.#hooks.emit({ type: "log", record });
  }

  #isValidationDue(): boolean {
    const { validateEvery, validateEveryEpochs } = this.#config;
    const { step, epoch, batch } = this.#state;
    return validateEvery === null
      ? batch === 0 && epoch % validateEveryEpochs === 0
      : step % validateEvery === 0;
  }

  async #validateAndSave(signal: AbortSignal | undefined): Promise<void> {
    const { saveEvery } = this.#config;
    const { step, skippedInARow } = this.#state;
    const due = this.#isValidationDue();
    const measured = due || this.#end() !== undefined;
    try {
      if (measured) await this.#validate(signal);
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return;
      throw error;
    }
    const atEnd = this.#end() !== undefined;
    // While steps come to nothing the weights may be spoilt already: unless measured to be better, they do not take
    // the place of what was saved before.
    const trusted = skippedInARow === 0 || atEnd;
    const saveDue = trusted && (saveEvery === null ? due : step % saveEvery === 0);
    const saved = withCheckpoint(this.#state, measured && (trusted || this.#hooks.validate !== undefined));
    if (!saveDue && !saved.kept.best.includes(step) && !atEnd) return;
    this.#state = saved;
    await this.#hooks.save(saved);
  }

  async #validate(signal: AbortSignal | undefined): Promise<void> {
    const validation = await this.#hooks.validate?.(signal);
    if (validation === undefined) return;
    const { valid, samples } = validation;
    const { step } = this.#state;
    if (!Number.isFinite(valid.loss)) throw diverged(`step ${step}: the loss of the validation`);
    const record = { step, valid };
    const improved = isBetter(record, bestOf(this.#state), this.#config.metric);
    this.#state = { ...this.#state, validations: [...this.#state.validations, record] };
    this.#hooks.log(samples.length === 0 ? record : { ...record, samples });
    this.#hooks.emit({ type: "validation", record, improved, samples });
  }
}

/** Training that went where no number can follow; what was saved before is good. */
function diverged(what: string, more = ""): XformerError {
  return new XformerError("DIVERGED", `${what} is not a finite number${more}`, {
    hint: "The last good checkpoint is kept. Begin again with a lower --lr, a longer --warmup or a smaller --clip.",
  });
}
