import { XformerError } from "../errors.ts";

/** What is done with lines of more tokens than any sentence the model was trained on. */
export const LONG_LINES = ["split", "truncate", "refuse", "keep"] as const;
export type LongLines = (typeof LONG_LINES)[number];

/** What is written where a model says that it does not know a word. */
export const UNKNOWN = ["keep", "copy"] as const;
export type Unknown = (typeof UNKNOWN)[number];

/** What alignments number: tokens, as `xformer tokenize` shows them, or the words between spaces. */
export const ALIGNMENT_UNITS = ["tokens", "words"] as const;
export type AlignmentUnit = (typeof ALIGNMENT_UNITS)[number];

/** The most hypotheses of a sentence at a time: larger beams translate worse (Koehn and Knowles 2017, section 3.6). */
export const MOST_HYPOTHESES = 256;

/** How to translate; greedily unless something else is asked for. */
export interface DecodingOptions {
  /** Hypotheses that beam search keeps at a time, {@link MOST_HYPOTHESES} at most; 1, the default, is greedy search. */
  readonly beam?: number | undefined;
  /** alpha of the length penalty ((5 + |Y|) / 6)^alpha of Wu et al. 2016; 0 for none, 1 by default. */
  readonly lengthPenalty?: number | undefined;
  /** Translations of a line: the best that beam search finds, or so many samples; 1 by default. */
  readonly nBest?: number | undefined;
  /** Draw tokens at random, by their probabilities. */
  readonly sample?: boolean | undefined;
  /** Logits are divided by it before a token is drawn; 1 by default. */
  readonly temperature?: number | undefined;
  /** Draw from so many most probable tokens only (Fan et al. 2018). */
  readonly topK?: number | undefined;
  /** Draw from the fewest tokens that have this probability together (Holtzman et al. 2020). */
  readonly topP?: number | undefined;
  /** What samples depend on, with the number of their line; 1 by default. */
  readonly seed?: number | undefined;
  /** The most tokens of a translation: a number, or by the tokens of the source as in "2x" and "1.5x+10". */
  readonly maxLength?: number | string | undefined;
  /** The fewest tokens of a translation, END not counted: a number, or by the tokens of the source as in "0.5x". */
  readonly minLength?: number | string | undefined;
  /** Words that translations have to contain: those of every line, or an entry a line. */
  readonly constraints?: readonly string[] | readonly (readonly string[])[] | undefined;
  /** Whether constraints have to come in the order in which they are given; by default in any. */
  readonly orderedConstraints?: boolean | undefined;
  /** No sequence of so many tokens occurs twice in a translation. */
  readonly noRepeatNgram?: number | undefined;
  /** Above 1, makes tokens less likely that are there already (Keskar et al. 2019, section 4.1). */
  readonly repetitionPenalty?: number | undefined;
  /** The unknown token is not given out. */
  readonly banUnk?: boolean | undefined;
  /** What translations begin with: of every line, or an entry a line. */
  readonly prefix?: string | readonly string[] | undefined;
  /** What is put in front of every line that has no tag of its own: one that the model was trained with, `<2de>`. */
  readonly tag?: string | undefined;
  /** Aligns what is found with its source, by tokens or by what stands between spaces. */
  readonly alignments?: AlignmentUnit | undefined;
  /** Gives what each token of a translation attended to in its source. */
  readonly attention?: boolean | undefined;
  /** Lines longer than any the model was trained on: split by default. */
  readonly longLines?: LongLines | undefined;
  /** `copy` writes the source's word for an unknown token, where the tokens are words; `<unk>` by default. */
  readonly unknown?: Unknown | undefined;
  /** The number of the first line in its text, from 1; for samples, which depend on it. */
  readonly firstLine?: number | undefined;
  /** Ends the search when it aborts, after the tokens under way. */
  readonly signal?: AbortSignal | undefined;
}

/** Tokens of a translation, the most or the fewest: `factor` times those of the source, and `plus` more. */
export interface LengthLimit {
  readonly factor: number;
  readonly plus: number;
}

/** {@link DecodingOptions}, checked and complete: what a thread needs to know. */
export interface Decoding {
  readonly beam: number;
  readonly lengthPenalty: number;
  readonly nBest: number;
  /** Undefined when nothing is drawn. */
  readonly sampling: Sampling | undefined;
  /** Undefined for the model's own limit. */
  readonly maxLength: LengthLimit | undefined;
  /** Undefined for none. */
  readonly minLength: LengthLimit | undefined;
  readonly orderedConstraints: boolean;
  /** 0 for any. */
  readonly noRepeatNgram: number;
  readonly repetitionPenalty: number;
  readonly banUnk: boolean;
}

/** How tokens are drawn. */
export interface Sampling {
  readonly temperature: number;
  /** Undefined for all. */
  readonly topK: number | undefined;
  readonly topP: number;
  readonly seed: number;
}

/** Hypotheses of a sentence that are open at a time, at most. */
export function widthOf({ beam, nBest, sampling }: Decoding): number {
  return sampling === undefined ? beam : nBest;
}

/** The most tokens of a translation, END included. */
export function lengthLimit({ factor, plus }: LengthLimit, sourceTokens: number): number {
  return Math.max(1, Math.floor(factor * sourceTokens + plus));
}

/** The fewest tokens of a translation, END not counted: what the limit leaves room for, at most. */
export function leastLength({ factor, plus }: LengthLimit, sourceTokens: number, limit: number): number {
  return Math.min(limit - 1, Math.max(0, Math.ceil(factor * sourceTokens + plus)));
}

/**
 * The limit on the tokens of translations where options say none: the model's, with room for what they have to have at
 * least.
 */
export function usualLimit({ minLength }: Decoding, outputLimit: number): LengthLimit {
  if (minLength === undefined) return { factor: 0, plus: outputLimit };
  return { factor: minLength.factor, plus: Math.max(outputLimit, minLength.plus + 1) };
}

/**
 * Checks options and fills in what they leave out.
 *
 * @throws XformerError USAGE naming the option
 */
export function resolveDecoding(options: DecodingOptions = {}): Decoding {
  const { beam = 1, lengthPenalty = 1, nBest = 1, noRepeatNgram = 0, repetitionPenalty = 1 } = options;
  check("beam", beam, WIDTH);
  check("length penalty", lengthPenalty, FROM_0);
  check("n-best", nBest, WIDTH);
  if (options.noRepeatNgram !== undefined) check("no-repeat n-gram", noRepeatNgram, WHOLE_FROM_1);
  check("repetition penalty", repetitionPenalty, FACTOR);
  check("first line", options.firstLine ?? 1, WHOLE_FROM_0);
  checkChoice("long lines are", options.longLines, LONG_LINES);
  checkChoice("alignments are", options.alignments, ALIGNMENT_UNITS);
  checkChoice("unknown words are", options.unknown, UNKNOWN);
  const sampling = resolveSampling(options);
  if (sampling !== undefined && options.beam !== undefined && beam > 1) {
    throw new XformerError("USAGE", "beam search and sampling exclude each other", {
      hint: "Leave one of --beam and --sample out.",
    });
  }
  if (sampling === undefined && nBest > beam) {
    throw new XformerError("USAGE", `the ${nBest} best are wanted of a beam of ${beam}`, {
      hint: `Use --beam ${nBest} or more, or --sample.`,
    });
  }
  const { maxLength, minLength, banUnk = false, orderedConstraints = false } = options;
  refuseConstraintsOfSamples(options);
  return {
    beam,
    lengthPenalty,
    nBest,
    sampling,
    noRepeatNgram,
    repetitionPenalty,
    banUnk,
    orderedConstraints,
    ...parseLengths(minLength, maxLength),
  };
}

function refuseConstraintsOfSamples({ sample, constraints, orderedConstraints }: DecodingOptions): void {
  if (!sample || (orderedConstraints === undefined && [...(constraints ?? [])].flat().length === 0)) return;
  throw new XformerError("USAGE", "constraints are searched for: samples cannot have any", {
    hint: "Leave one of --constraints and --sample out.",
  });
}

function parseLengths(
  minLength: number | string | undefined,
  maxLength: number | string | undefined,
): Pick<Decoding, "minLength" | "maxLength"> {
  const least = minLength === undefined ? undefined : parseLengthLimit("min", minLength);
  const most = maxLength === undefined ? undefined : parseLengthLimit("max", maxLength);
  if (least !== undefined && most !== undefined && least.factor >= most.factor && least.plus >= most.plus) {
    const problem = `the min length is ${minLength}, but the max length ${maxLength}, which counts END`;
    throw new XformerError("USAGE", problem, { hint: "Raise --max-length, or lower --min-length." });
  }
  return { minLength: least, maxLength: most };
}

function resolveSampling(options: DecodingOptions): Sampling | undefined {
  const { sample = false, temperature = 1, topK, topP = 1, seed = 1 } = options;
  if (!sample) {
    const idle = (["temperature", "topK", "topP", "seed"] as const).find(
      (name) => options[name] !== undefined,
    );
    if (idle === undefined) return undefined;
    throw new XformerError("USAGE", `${NAMES[idle]} is for sampling`, { hint: "Add --sample." });
  }
  check(NAMES.temperature, temperature, FACTOR);
  if (topK !== undefined) check(NAMES.topK, topK, WHOLE_FROM_1);
  check(NAMES.topP, topP, SHARE);
  check(NAMES.seed, seed, WHOLE_FROM_0);
  return { temperature, topK, topP, seed };
}

const NAMES = { temperature: "temperature", topK: "top-k", topP: "top-p", seed: "seed" } as const;

const LENGTHS = {
  min: { least: 0, example: "0.5x" },
  max: { least: 1, example: "2x or 1.5x+10" },
} as const;

/** Reads "50", "2x" and "1.5x+10". */
function parseLengthLimit(which: "min" | "max", text: number | string): LengthLimit {
  const parts = /^(?:(\d+(?:\.\d+)?)x)?(?:(^|\+|-)(\d+))?$/.exec(String(text));
  const [, factor, sign, plus] = parts ?? [];
  const { least, example } = LENGTHS[which];
  if (factor === undefined && (plus === undefined || sign !== "" || Number(plus) < least)) {
    throw new XformerError("USAGE", `the ${which} length is "${text}"`, {
      hint: `Give a number of tokens from ${least}, or one relative to the source such as ${example}.`,
    });
  }
  return { factor: Number(factor ?? 0), plus: Number(plus ?? 0) * (sign === "-" ? -1 : 1) };
}

interface Condition {
  readonly is: (value: number) => boolean;
  readonly hint: string;
}

const WHOLE_FROM_0: Condition = {
  is: (x) => Number.isSafeInteger(x) && x >= 0,
  hint: "a whole number from 0",
};
const WHOLE_FROM_1: Condition = {
  is: (x) => Number.isSafeInteger(x) && x >= 1,
  hint: "a whole number from 1",
};
const WIDTH: Condition = {
  is: (x) => WHOLE_FROM_1.is(x) && x <= MOST_HYPOTHESES,
  hint: `a whole number from 1 to ${MOST_HYPOTHESES}`,
};
const FROM_0: Condition = { is: (x) => Number.isFinite(x) && x >= 0, hint: "a number of at least 0" };
/** Logits are multiplied and divided by it: no further than 32 bits can follow. */
const FACTOR: Condition = { is: (x) => x >= 1e-6 && x <= 1e6, hint: "a number from 0.000001 to 1000000" };
const SHARE: Condition = { is: (x) => x > 0 && x <= 1, hint: "a number above 0 and at most 1" };

function check(name: string, value: number, { is, hint }: Condition): void {
  if (is(value)) return;
  throw new XformerError("USAGE", `the ${name} is ${value}`, { hint: `It has to be ${hint}.` });
}

function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new XformerError("USAGE", `the ${name} "${value}"`, {
    hint: `Choose one of ${choices.join(", ")}.`,
  });
}
