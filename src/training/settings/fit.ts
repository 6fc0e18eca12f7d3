import { type ModelConfig, PRESETS, type PresetName } from "../../model/config.ts";
import type { ConfigOptions, RunConfig, TrainingConfig } from "../config.ts";

/** What of the pairs that are trained on decides the settings that nobody gives. */
export interface CorpusShape {
  readonly pairs: number;
  /** Tokens of all sources and of all targets, ENDs included. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
  /** Different tokens of the side that has more. */
  readonly vocabulary: number;
  /** Pairs that are validated on; 0 without. */
  readonly validPairs: number;
}

/** What a value is called that is not known before the data are. */
export const FITTED = "fitted to the data";

/** The fields that are fitted where they are not given; the rest has defaults. */
export const FITTED_FIELDS = {
  model: ["dModel", "nHeads", "dFF", "nEncoderLayers", "nDecoderLayers", "dropout", "norm"],
  training: ["maxEpochs", "batchTokens", "schedule", "learningRate", "validateEveryEpochs", "validatePairs"],
} as const satisfies {
  readonly model: readonly (keyof RunConfig["model"])[];
  readonly training: readonly (keyof TrainingConfig)[];
};

type FittedModel = Pick<ModelConfig, (typeof FITTED_FIELDS.model)[number]>;
type FittedTraining = Pick<TrainingConfig, (typeof FITTED_FIELDS.training)[number]>;

/** Settings that were fitted to a corpus: those that were not given. */
export interface FittedSettings {
  readonly shape: CorpusShape;
  /** What the sizes that are not given are those of. */
  readonly preset: PresetName;
  readonly model: Partial<FittedModel>;
  readonly training: Partial<FittedTraining>;
}

/** What is given, as far as it matters to what is fitted. */
type Given = Pick<ConfigOptions, "preset" | "model" | "training">;

/** Epochs times the square root of the pairs: 80 epochs of 3,600 pairs, 28 of 30,000. */
const EPOCHS_TIMES_ROOT = 4800;
const MOST_EPOCHS = 200;
const FEWEST_EPOCHS = 5;
/** Tokens that a run goes over at most, unless that is less than the fewest epochs: twenty minutes or so of two cores. */
const MOST_TOKENS = 40_000_000;
/** Tokens of a corpus from which on `base` is worth its time. */
const TOKENS_FOR_BASE = 10_000_000;
/** About how many steps an epoch has as long as a batch is within its bounds. */
const STEPS_AN_EPOCH = 64;
const BATCH = { least: 512, most: 1024 };
/** Dropout falls with the logarithm of the pairs, from 1,000 to where there are enough: of signs sooner than of words. */
const DROPOUT = { most: 0.3, least: 0.1, from: 1000, enoughOfSigns: 10_000, enoughOfWords: 1_000_000 };
/** Larger vocabularies than this are of words or their pieces, smaller ones of letters, phonemes or commands. */
const SIGNS = 200;
/** The peak of the learning rate at a width of 128; it falls with the root of the width. */
const PEAK_AT_128 = 0.002;
/** About how often a run is validated, and on how many pairs at most. */
const VALIDATIONS = 24;
const VALIDATED = 1000;

/**
 * Fits settings to a corpus where they are not given, by the rule of docs/training.md and the measurements behind it.
 *
 * @param given what stays as it is, and is gone by: the peak of the learning rate is that of the width
 */
export function fitSettings(shape: CorpusShape, given: Given = {}): FittedSettings {
  const preset = given.preset ?? presetFor(shape);
  const model = { ...PRESETS[preset], dropout: dropoutFor(shape), norm: "pre" } as const;
  const width = given.model?.dModel ?? model.dModel;
  const maxEpochs = epochsFor(shape);
  const batchTokens = batchFor(shape);
  const ofPreset = given.preset === undefined ? {} : PRESETS[given.preset];
  return {
    shape,
    preset,
    model: without(model, { ...ofPreset, ...given.model }),
    training: without(
      {
        maxEpochs,
        batchTokens,
        schedule: "linear",
        learningRate: rounded(PEAK_AT_128 * Math.sqrt(128 / width), 2),
        validateEveryEpochs: Math.ceil(
          epochsOf(shape, batchTokens, { maxEpochs, ...given.training }) / VALIDATIONS,
        ),
        validatePairs: shape.validPairs > VALIDATED ? VALIDATED : null,
      },
      given.training ?? {},
    ),
  };
}

function presetFor({ sourceTokens, targetTokens }: CorpusShape): PresetName {
  return sourceTokens + targetTokens >= TOKENS_FOR_BASE ? "base" : "small";
}

function epochsFor({ pairs, sourceTokens, targetTokens }: CorpusShape): number {
  const byPairs = Math.min(MOST_EPOCHS, Math.round(EPOCHS_TIMES_ROOT / Math.sqrt(pairs)));
  const byTokens = Math.floor(MOST_TOKENS / (sourceTokens + targetTokens));
  return Math.max(FEWEST_EPOCHS, Math.min(byPairs, byTokens));
}

/**
 * About how many epochs a run has.
 *
 * @param usual the tokens of a batch, where nobody says how many
 */
function epochsOf(
  { sourceTokens, targetTokens }: CorpusShape,
  usual: number,
  { maxEpochs, maxSteps, batchTokens, accumulate = 1 }: Partial<TrainingConfig>,
): number {
  const batches = (maxSteps ?? Number.POSITIVE_INFINITY) * accumulate;
  const bySteps = (batches * (batchTokens ?? usual)) / Math.max(sourceTokens, targetTokens);
  return Math.max(1, Math.min(maxEpochs ?? Number.POSITIVE_INFINITY, bySteps));
}

/** A power of two. */
function batchFor({ sourceTokens, targetTokens }: CorpusShape): number {
  const tokens = Math.max(sourceTokens, targetTokens) / STEPS_AN_EPOCH;
  return Math.min(BATCH.most, Math.max(BATCH.least, 2 ** Math.round(Math.log2(tokens))));
}

function dropoutFor({ pairs, vocabulary }: CorpusShape): number {
  const { most, least, from, enoughOfSigns, enoughOfWords } = DROPOUT;
  const enough = vocabulary > SIGNS ? enoughOfWords : enoughOfSigns;
  const share = Math.log(pairs / from) / Math.log(enough / from);
  return rounded(most + Math.min(1, Math.max(0, share)) * (least - most), 2);
}

function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** What is in the first and not given in the second. */
function without<Fields extends object>(fields: Fields, given: object): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([field]) => !Object.hasOwn(given, field)),
  ) as Partial<Fields>;
}
