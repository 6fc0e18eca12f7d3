import { Translator } from "../decoding/translator.ts";
import type { Pool } from "../replicas/pool.ts";
import { type RunConfig, type SettledConfig, tokenizerOf } from "./config.ts";
import { epochOf } from "./epoch.ts";
import { BatchFeed } from "./feed.ts";
import { type FittedTime, fitSteps } from "./pace.ts";
import type { PreparedCorpus } from "./prepare.ts";
import { describe, type RunOptions, type RunParts } from "./run.ts";
import { settleTraining, weightsOf } from "./settle.ts";
import type { TrainingState } from "./state.ts";
import { TrainingStep } from "./step.ts";

/** What every step of a run is taken with. */
export function toolsOf(
  { training, tokenizer, model }: SettledConfig,
  prepared: PreparedCorpus,
  pool: Pool,
): Pick<RunParts, "step" | "feed"> {
  const { corpus, tokenizers } = prepared;
  const { vocabulary } = tokenizers.target;
  const step = new TrainingStep(pool, training);
  const feed = new BatchFeed(pool, corpus, tokenizers, {
    ...training,
    special: { bosId: vocabulary.bosId, eosId: vocabulary.eosId },
    shards: step.shards,
    corpora: weightsOf(prepared),
    maxLength: model.maxLength,
    bpeDropout: {
      source: tokenizerOf(tokenizer, "source").bpeDropout,
      target: tokenizerOf(tokenizer, "target").bpeDropout,
    },
    unkReplace: tokenizer.unkReplace,
  });
  return { step, feed };
}

/** A run whose steps may have to be fitted to a time. */
export interface RunToFit extends Omit<RunParts, "directory" | "origin" | "fitted"> {
  /** What it was asked to be, with all that its steps are to decide still open. */
  readonly asked: RunConfig;
  /** Where it begins or goes on. */
  readonly position: Pick<TrainingState, "step" | "epoch" | "batch">;
  /** When its time began. */
  readonly began: number;
  /** Whether it begins with a model, which is validated first. */
  readonly isFromModel: boolean;
  /** Epochs between two validations, where they follow from the steps in all; by default as they are. */
  readonly validateEveryEpochs?: ((maxSteps: number) => number) | undefined;
}

/** Decides how many steps a run has that is to take so many minutes; what is timed leaves other weights behind. */
export async function fitToTime(
  run: RunToFit,
  { minutes, signal, onEvent }: RunOptions & { readonly minutes?: number | undefined },
): Promise<{ readonly settled: SettledConfig; readonly fitted?: FittedTime }> {
  const { asked, config, prepared, validation, test, pool, step, feed, position, began, isFromModel } = run;
  if (minutes === undefined) return { settled: config };
  const { corpus, tokenizers } = prepared;
  onEvent?.({ type: "preparing", phase: "timing", pairs: corpus.pairs });
  const { model } = pool.main;
  const { training } = config;
  const { validateEveryEpochs = () => training.validateEveryEpochs } = run;
  const fitted = await fitSteps({
    validateEveryEpochs,
    ...{ minutes, began, training, step, feed, validation, test, position, signal },
    translator: new Translator(pool, tokenizers.source, tokenizers.target, describe(run)),
    tokens: epochOf(prepared).tokens,
    validatesFirst: isFromModel && validation !== null,
    // The last state has weights, moments and average, the best one weights.
    bytes: 4 * model.parameters.size * (training.ema > 0 ? 5 : 4),
  });
  const maxSteps = position.step + fitted.steps;
  // As with --max-steps: warm-up, peak and validations follow from the steps where nothing else is said.
  const { warmupSteps, learningRate } = asked.training;
  const every = validateEveryEpochs(maxSteps);
  const steps = { warmupSteps, learningRate, maxSteps, validateEveryEpochs: every };
  const chosen = { ...config, training: { ...training, ...steps } };
  return { settled: { ...config, training: settleTraining(chosen, prepared, validation) }, fitted };
}
