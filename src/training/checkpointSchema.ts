import { MODEL_RULES } from "../model/config.ts";
import { show } from "../text/jsonFields.ts";
import { accepts, describeType, type Rule } from "../valueType.ts";
import { DEFAULT_TRAINING, type SettledTraining } from "./config.ts";
import { DATA_SETTINGS, TOKENIZER_SETTINGS, tokenizerSettingsOf } from "./settings/dataSettings.ts";
import type { Setting } from "./settings/setting.ts";
import { TRAINING_SETTINGS } from "./settings/trainingSettings.ts";

/** What a value of the metadata has to be: by a rule, an object of such values, or a list of them. */
type Shape = Rule | Fields | List;
interface Fields {
  readonly fields: Readonly<Record<string, Shape>>;
  /** Fields that files written before them lack. */
  readonly later?: readonly string[];
}
interface List {
  readonly each: Shape;
}

const COUNT: Rule = { type: { kind: "number", whole: true, from: 0 } };
const NUMBER: Rule = { type: { kind: "number" } };
const SCORE: Rule = { type: { kind: "number", from: 0 } };
const TEXT: Rule = { type: { kind: "text" } };

/** The rules of settings, field by field; of a setting that is a list of numbers each has a field. */
function rulesOf(settings: readonly Setting[]): Readonly<Record<string, Rule>> {
  return Object.fromEntries(
    settings.flatMap(({ fields, type, nullMeans }) => {
      const rule = type.kind === "numbers" ? { type: { kind: "number", ...type.each } as const } : { type };
      return fields.map((field) => [field, nullMeans === undefined ? rule : { ...rule, nullMeans }]);
    }),
  );
}

/** What was settled when the run began is a number, where its setting may be null. */
const TOKENIZER_RULES = rulesOf(TOKENIZER_SETTINGS);
const { validSplit, testSplit } = rulesOf(DATA_SETTINGS);
const settled = ({ type }: Rule): Rule => ({ type });

const LATER: readonly string[] = TRAINING_SETTINGS.filter(({ later }) => later).flatMap(
  ({ fields }) => fields,
);

/** The state of a training, as `TrainingState` has it. */
const TRAINING: Fields = {
  fields: {
    config: { fields: rulesOf(TRAINING_SETTINGS), later: LATER },
    corpus: TEXT,
    validation: { ...TEXT, nullMeans: "no validation pairs" },
    tokenizer: {
      fields: {
        ...TOKENIZER_RULES,
        unkReplace: settled(TOKENIZER_RULES.unkReplace!),
        source: { fields: rulesOf(tokenizerSettingsOf("source")) },
        target: { fields: rulesOf(tokenizerSettingsOf("target")) },
      },
      later: ["source", "target"],
    },
    splits: { fields: { validSplit: settled(validSplit!), testSplit: settled(testSplit!) } },
    origin: { fields: { sha256: TEXT, step: COUNT, updates: COUNT } },
    step: COUNT,
    skipped: COUNT,
    skippedInARow: COUNT,
    epoch: COUNT,
    batch: COUNT,
    window: { fields: { loss: NUMBER, sourceTokens: COUNT, targetTokens: COUNT } },
    validations: {
      each: {
        fields: {
          step: COUNT,
          valid: {
            fields: {
              ...{ loss: NUMBER, perplexity: NUMBER, bleu: SCORE, chrf: SCORE, exactMatch: SCORE },
              corpora: {
                each: {
                  fields: {
                    ...{ name: TEXT, pairs: COUNT },
                    ...{ loss: NUMBER, bleu: SCORE, chrf: SCORE, exactMatch: SCORE },
                  },
                },
              },
            },
            later: ["corpora"],
          },
        },
      },
    },
    kept: { fields: { best: { each: COUNT }, last: { each: COUNT } } },
  },
  later: ["validation", "tokenizer", "splits", "origin"],
};

/** Everything that a checkpoint says as JSON, but for its tokenizers, which have a format of their own. */
const METADATA: Fields = {
  fields: {
    model: { fields: MODEL_RULES },
    translation: {
      fields: {
        sourceLanguage: TEXT,
        targetLanguage: TEXT,
        outputLimit: { type: { kind: "number", whole: true, from: 1, to: 1_000_000 } },
        lengths: { fields: { source: COUNT, target: COUNT, sentences: COUNT } },
      },
      later: ["lengths"],
    },
    training: TRAINING,
  },
};

/** A training as checkpoints keep it: without settings that came later, where these have their defaults. */
export function storedTraining(config: SettledTraining): Partial<SettledTraining> {
  const isUsual = (name: string): boolean =>
    LATER.includes(name) &&
    config[name as keyof SettledTraining] === DEFAULT_TRAINING[name as keyof SettledTraining];
  return Object.fromEntries(Object.entries(config).filter(([name]) => !isUsual(name)));
}

/** A training from a checkpoint, with the settings that came later. */
export function wholeTraining(stored: Partial<SettledTraining>): SettledTraining {
  const later = Object.fromEntries(
    LATER.map((name) => [name, DEFAULT_TRAINING[name as keyof SettledTraining]]),
  );
  return { ...later, ...stored } as unknown as SettledTraining;
}

/**
 * What is wrong with the metadata of a checkpoint.
 *
 * @param metadata `model`, `translation` and `training`, parsed
 * @returns the first field that is not what it has to be, in words; undefined when all are
 */
export function faultOfMetadata(metadata: unknown): string | undefined {
  return faultOf(metadata, METADATA, "");
}

function faultOf(value: unknown, shape: Shape, path: string): string | undefined {
  const wrong = (expected: string): string =>
    `${path} in its metadata is ${show(value)}, expected ${expected}`;
  if ("type" in shape) {
    const { type, nullMeans } = shape;
    const isRight = value === null ? nullMeans !== undefined : accepts(type, value);
    return isRight ? undefined : wrong(`${describeType(type)}${nullMeans === undefined ? "" : ", or null"}`);
  }
  if ("each" in shape) {
    if (!Array.isArray(value)) return wrong("a list");
    return first(value.map((item, i) => () => faultOf(item, shape.each, `${path}[${i}]`)));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("an object");
  const { fields, later = [] } = shape;
  return first(
    Object.entries(fields)
      .filter(([name]) => Object.hasOwn(value, name) || !later.includes(name))
      .map(([name, field]) => () => {
        const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
        return faultOf(own, field, path === "" ? name : `${path}.${name}`);
      }),
  );
}

/** The first fault that there is. */
function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) return fault;
  }
  return undefined;
}
