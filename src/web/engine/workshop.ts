import type { Pairs } from "../../data/corpus.ts";
import { Translator } from "../../decoding/translator.ts";
import { crc32 } from "../../io/crc32.ts";
import { encodeParts } from "../../io/safetensorsFormat.ts";
import { DEFAULT_MODEL, dropoutsOf, type ModelConfig } from "../../model/config.ts";
import type { Pool } from "../../replicas/pool.ts";
import { findTask, makeSplits } from "../../tasks/tasks.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { createTokenizerLearner } from "../../text/tokenizerKinds.ts";
import { metadataOf, tensorsOf } from "../../training/checkpointFormat.ts";
import { DEFAULT_TRAINING, type SettledTraining } from "../../training/config.ts";
import { BatchFeed } from "../../training/feed.ts";
import { initialState, type TrainingState } from "../../training/state.ts";
import { TrainingStep } from "../../training/step.ts";
import { Trainer } from "../../training/trainer.ts";
import { validate } from "../../training/validation.ts";
import type { Changeable, LessonEvent, Plan, WorkshopFacts } from "../protocol.ts";
import { CorpusInHeap } from "./corpusInHeap.ts";
import { turn } from "./turn.ts";

/** Held-out pairs that are translated at each validation. */
const VALIDATED = 100;
/** Held-out pairs whose translations are shown. */
const SHOWN = 4;
/** Steps between two validations, and between two pictures of the attention. */
const VALIDATE_EVERY = 50;
const LOOK_EVERY = 10;
/** The sizes of the corpora that are made. */
const SIZES = { seed: 1, train: 8000, valid: VALIDATED, test: 0 };

/**
 * Training in a page: the corpus, the model and the trainer of the command line, with a pause after each step in
 * which it can be held.
 */
export class Workshop {
  readonly facts: WorkshopFacts;
  readonly #task: { readonly name: string; readonly sourceLang: string; readonly targetLang: string };
  readonly #pool: Pool;
  readonly #translator: Translator;
  readonly #corpus: CorpusInHeap;
  readonly #validation: Pairs;
  readonly #step: TrainingStep;
  readonly #feed: BatchFeed;
  readonly #tell: (event: LessonEvent) => void;
  /** As it is now; the model's configuration has what it began with. */
  #dropout: number;
  #state: TrainingState;
  #trainer: Trainer;
  /** Steps that may still be taken before it is held. */
  #allowed = 0;
  #resume: () => void = () => {};
  #running: Promise<void> | undefined;
  #stop = new AbortController();

  /**
   * @param createPool gives what the model is to compute on; results do not depend on it
   * @param tell is told of every step, and now and then of translations and attention
   */
  constructor(plan: Plan, createPool: (model: ModelConfig) => Pool, tell: (event: LessonEvent) => void) {
    const task = findTask(plan.task);
    const splits = makeSplits(task, SIZES);
    const sides = (pairs: typeof splits.train): Pairs => ({
      source: pairs.map(({ source }) => source),
      target: pairs.map(({ target }) => target),
    });
    const [training, validation] = [sides(splits.train), sides(splits.valid)];
    const learned = (lines: readonly string[], language: string): Tokenizer => {
      const learner = createTokenizerLearner({ kind: plan.tokenizer, language });
      for (const line of lines) learner.add(line);
      return learner.finish();
    };
    const source = learned(training.source, task.sourceLang);
    const target = learned(training.target, task.targetLang);
    const model: ModelConfig = {
      ...DEFAULT_MODEL,
      ...plan.model,
      dropout: plan.dropout,
      sourceVocabSize: source.vocabulary.size,
      targetVocabSize: target.vocabulary.size,
    };
    const config = settled(plan);
    this.#task = task;
    this.#dropout = plan.dropout;
    this.#tell = tell;
    this.#validation = validation;
    this.#pool = createPool(model);
    this.#pool.main.model.initialise(config.seed);
    this.#pool.weightsChanged();
    this.#corpus = CorpusInHeap.write(
      this.#pool.main.workbench.heap,
      training.source.map((line, i) => ({
        source: source.encode(line),
        target: target.encode(training.target[i]!),
      })),
    );
    this.#pool.main.resources.adopt(this.#corpus);
    const { longest } = this.#corpus;
    const limits = { outputLimit: Math.ceil(1.5 * longest.target) + 5 };
    this.#translator = new Translator(this.#pool, source, target, limits);
    this.#step = new TrainingStep(this.#pool, config);
    this.#feed = new BatchFeed(
      this.#pool,
      this.#corpus,
      { source, target },
      {
        ...config,
        special: target.vocabulary,
        shards: this.#step.shards,
        maxLength: model.maxLength,
        bpeDropout: { source: 0, target: 0 },
        unkReplace: 0,
      },
    );
    this.#state = initialState(config, `made in a page: ${plan.task}`);
    this.#trainer = this.#newTrainer();
    this.facts = {
      pairs: this.#corpus.pairs,
      sourceVocabSize: model.sourceVocabSize,
      targetVocabSize: model.targetVocabSize,
      parameters: this.#pool.main.model.parameters.count,
      totalSteps: this.#trainer.totalSteps,
      kernels: this.#pool.kernels.name,
      threads: this.#pool.threads,
      samples: validation.source
        .slice(0, SHOWN)
        .map((line, i) => ({ source: line, target: validation.target[i]! })),
    };
  }

  /** Lets it train for so many steps, or until it is held. */
  go(steps: number): void {
    this.#allowed = steps;
    this.#resume();
    this.#running ??= this.#train();
  }

  /** Holds it after the step under way. */
  hold(): void {
    this.#allowed = 0;
  }

  /**
   * Goes on in another way from the next step on; the weights and Adam's moments stay. Batches of another size begin with
   * the next epoch.
   */
  async change({ dropout, ...changed }: Changeable): Promise<void> {
    await this.#betweenRuns(() => {
      const { state } = this.#trainer;
      const config = { ...state.config, ...changed };
      this.#dropout = dropout;
      this.#step.change({
        smoothing: config.labelSmoothing,
        dropouts: dropoutsOf({ ...this.#pool.main.model.config, dropout }),
      });
      const isResized = config.batchTokens !== state.config.batchTokens;
      if (isResized) this.#feed.resize(config.batchTokens);
      const next = isResized && state.batch > 0 ? { epoch: state.epoch + 1, batch: 0 } : {};
      this.#state = { ...state, ...next, config };
      this.#trainer = this.#newTrainer();
    });
  }

  /** The model as a checkpoint that the command line reads. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#betweenRuns(() => this.#file());
  }

  #file(): Uint8Array<ArrayBuffer> {
    const { model, workbench } = this.#pool.main;
    const { sourceTokenizer, targetTokenizer, outputLimit } = this.#translator;
    const { longest } = this.#corpus;
    const metadata = metadataOf({
      model: { ...model.config, dropout: this.#dropout },
      sourceLanguage: this.#task.sourceLang,
      targetLanguage: this.#task.targetLang,
      outputLimit,
      lengths: { ...longest, sentences: 1 },
      sourceTokenizer,
      targetTokenizer,
      training: this.#trainer.state,
    });
    const parts = encodeParts(tensorsOf(model, workbench.heap), metadata, crc32);
    const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      file.set(part, at);
      at += part.length;
    }
    return file;
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    await this.#end();
    await this.#pool.close();
  }

  async #train(): Promise<void> {
    try {
      const end = await this.#trainer.run(0, this.#stop.signal);
      if (end !== "finished") return;
      this.#allowed = 0;
      this.#tell({ type: "finished" });
    } catch (error) {
      this.#allowed = 0;
      this.#tell({ type: "failed", error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Does something between two steps, and then lets it train on as it was allowed to. */
  async #betweenRuns<T>(work: () => T): Promise<T> {
    await this.#end();
    const result = work();
    if (this.#allowed > 0) this.go(this.#allowed);
    return result;
  }

  async #end(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    this.#resume();
    await this.#running;
    this.#running = undefined;
    this.#stop = new AbortController();
  }

  #newTrainer(): Trainer {
    return new Trainer(this.#step, this.#feed, this.#pool.main.model.config.dModel, this.#state, {
      validate: (signal) => this.#validate(signal),
      save: async () => {},
      log: () => {},
      emit: (event) => {
        if (event.type === "step") {
          const { step, loss, lr, tokensPerSecond } = event;
          this.#tell({ type: "step", step, loss, rate: lr, tokensPerSecond });
          this.#allowed--;
        }
      },
      pause: () => this.#betweenSteps(),
    });
  }

  async #validate(signal: AbortSignal | undefined) {
    const options = { targetLanguage: this.#task.targetLang, lowercase: false, beam: 1, signal };
    const validation = await validate(this.#translator, this.#validation, null, 0, options);
    const found = await this.#translator.translate(this.#validation.source.slice(0, SHOWN), { signal });
    const { step } = this.#trainer.state;
    const { loss, exactMatch } = validation.valid;
    this.#tell({ type: "validation", step, loss, exactMatch, translations: found.map(({ text }) => text) });
    return validation;
  }

  async #betweenSteps(): Promise<void> {
    if (this.#trainer.state.step % LOOK_EVERY === 0 || this.#allowed <= 0) await this.#look();
    await turn();
    while (this.#allowed <= 0 && !this.#stop.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
  }

  /** Shows what the first of the shown pairs attends to under teacher forcing. */
  async #look(): Promise<void> {
    const { sourceTokenizer, targetTokenizer } = this.#translator;
    const [source, target] = [this.#validation.source[0]!, this.#validation.target[0]!];
    const pair = { source: sourceTokenizer.encode(source), target: targetTokenizer.encode(target) };
    const [weights] = await this.#translator.attention([pair]);
    const texts = (ids: Int32Array, { vocabulary }: Tokenizer): string[] =>
      [...ids, vocabulary.eosId].map((id) => vocabulary.token(id));
    this.#tell({
      type: "attention",
      step: this.#trainer.state.step,
      weights: weights!,
      rows: texts(pair.target, targetTokenizer),
      columns: texts(pair.source, sourceTokenizer),
    });
  }
}

function settled({ learningRate, labelSmoothing, batchTokens, steps, warmupSteps }: Plan): SettledTraining {
  return {
    ...DEFAULT_TRAINING,
    memory: null,
    learningRate,
    batchTokens,
    warmupSteps,
    maxSteps: steps,
    maxEpochs: null,
    schedule: "inverse-sqrt",
    metric: "exact-match",
    validateEvery: VALIDATE_EVERY,
    labelSmoothing,
  };
}
