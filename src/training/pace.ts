import type { Pairs } from "../data/corpus.ts";
import type { Translator } from "../decoding/translator.ts";
import { XformerError } from "../errors.ts";
import type { SettledTraining } from "./config.ts";
import type { BatchFeed, BatchPosition } from "./feed.ts";
import { isLearnable, type StepBatch, type TrainingStep } from "./step.ts";

/** What a run of some steps takes, in seconds. */
export interface Costs {
  readonly secondsPerStep: number;
  readonly secondsPerValidation: number;
  readonly secondsPerSave: number;
  /** What is measured after the last step. */
  readonly closingSeconds: number;
  /** Steps from one validation to the next; Infinity for one at the end only. */
  readonly validateEvery: number;
  /** Whether there is a validation before the first step. */
  readonly validatesFirst: boolean;
}

/** How the steps of a run were fitted to a time. */
export interface FittedTime extends Costs {
  readonly minutes: number;
  /** The steps that fit. */
  readonly steps: number;
  /** Source and target tokens that are learned from in a second. */
  readonly tokensPerSecond: number;
}

/** The share of the time that is planned with: speed goes up and down. */
const PLANNED = 0.95;
/** Steps that are taken before the clock counts, so that kernels are compiled and caches warm, and seconds at most. */
const WARM_UP = { steps: 10, seconds: 2 };
/** Seconds of steps that are timed: a share of the whole time, within bounds; at least so many steps. */
const TIMED = { share: 0.02, least: 1, most: 10, steps: 3 };
/** Seconds of decoding that are timed at most, and pairs at a time. */
const DECODED = { seconds: 2, pairs: 16 };
/** Bytes that are saved in a second, flushed to the disk: less than any disk of today takes. */
const BYTES_PER_SECOND = 150e6;

/** What a run of so many steps takes, in seconds. */
export function secondsFor(steps: number, costs: Costs): number {
  const { secondsPerStep, secondsPerValidation, secondsPerSave, closingSeconds } = costs;
  const validations = Math.ceil(steps / costs.validateEvery) + (costs.validatesFirst ? 1 : 0);
  return steps * secondsPerStep + validations * (secondsPerValidation + secondsPerSave) + closingSeconds;
}

/** The most steps that a run can have in so many seconds; 0 when not even one fits. */
export function stepsWithin(seconds: number, costs: Costs): number {
  // One step more than a division would have it: what rounding takes away is not missed.
  let [fits, tooMany] = [0, Math.floor(seconds / costs.secondsPerStep) + 2];
  while (fits + 1 < tooMany) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (secondsFor(middle, costs) <= seconds) fits = middle;
    else tooMany = middle;
  }
  return fits;
}

/** Everything that is timed, and what for. */
export interface Timing {
  readonly minutes: number;
  /** When the time began, as `performance.now()` has it. */
  readonly began: number;
  readonly training: SettledTraining;
  readonly step: TrainingStep;
  readonly feed: BatchFeed;
  readonly translator: Translator;
  /** Source and target tokens of the corpus, ENDs included. */
  readonly tokens: number;
  readonly validation: Pairs | null;
  readonly test: Pairs | null;
  /** Where the run goes on; the beginning for a new one. */
  readonly position: BatchPosition & { readonly step: number };
  readonly validatesFirst: boolean;
  /** Bytes of what is saved at a validation. */
  readonly bytes: number;
  /** Epochs between two validations of a run of so many steps in all. */
  readonly validateEveryEpochs: (maxSteps: number) => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds out how many steps fit into a time, from steps that are taken and pairs that are translated. Weights, moments and
 * average are then something else: they have to be filled anew.
 *
 * @throws XformerError CONFIG when not even one fits
 */
export async function fitSteps(timing: Timing): Promise<FittedTime> {
  const { minutes, began, training, feed, validation, test, position, validatesFirst } = timing;
  const tokensPerSecond = await timeSteps(timing);
  const batches = feed.batchesIn(position.epoch);
  const stepsPerEpoch = Math.ceil(batches / training.accumulate);
  const { validateEvery, validatePairs, average, validBeam, testBeam } = training;
  const validating = await timeDecoding(timing, validBeam);
  const isOther = test !== null && testBeam !== null && testBeam !== validBeam;
  const testing = isOther ? await timeDecoding(timing, testBeam) : validating;
  const secondsPerValidation = measuringSeconds(validation, validatePairs, timing, validating);
  const onTest = measuringSeconds(test, null, timing, testing);
  const costs = (validateEveryEpochs: number): Costs => ({
    secondsPerStep: timing.tokens / stepsPerEpoch / tokensPerSecond,
    secondsPerValidation,
    secondsPerSave: timing.bytes / BYTES_PER_SECOND,
    closingSeconds: onTest + (average > 1 ? secondsPerValidation + onTest : 0),
    validateEvery: validateEvery ?? validateEveryEpochs * stepsPerEpoch,
    validatesFirst,
  });
  const spent = (performance.now() - began) / 1000;
  const seconds = PLANNED * 60 * minutes - spent;
  // How often it is validated follows from the steps, which follow from that: the second round is near enough.
  const rough = stepsWithin(seconds, costs(training.validateEveryEpochs));
  const found = costs(timing.validateEveryEpochs(position.step + Math.max(1, rough)));
  const steps = stepsWithin(seconds, found);
  if (steps === 0) {
    const least = Math.ceil((spent + secondsFor(1, found)) / PLANNED);
    throw new XformerError("CONFIG", `minutes is ${minutes}, in which not even one step fits`, {
      hint: `To prepare, to take a step and to measure takes ${least} seconds.`,
    });
  }
  return { ...found, minutes, steps, tokensPerSecond };
}

/** Takes steps and tells how many tokens a second they learn from. */
async function timeSteps({ minutes, training, step, feed, position, signal }: Timing): Promise<number> {
  const { epoch } = position;
  const batches = feed.batchesIn(epoch);
  let [taken, batch] = [0, position.batch];
  const takeOne = async (): Promise<{ tokens: number; seconds: number }> => {
    signal?.throwIfAborted();
    const start = performance.now();
    const several = async function* (): AsyncGenerator<StepBatch, void, undefined> {
      for (let i = 0; i < training.accumulate; i++, batch = (batch + 1) % batches)
        yield { shards: await feed.at({ epoch, batch }), next: null };
    };
    taken++;
    const gradients = await step.take(several(), taken);
    // What Adam does costs time whatever the rate.
    if (isLearnable(gradients)) await step.update(taken, 0, gradients);
    return {
      tokens: gradients.sourceTokens + gradients.targetTokens,
      seconds: (performance.now() - start) / 1000,
    };
  };
  const warmUntil = performance.now() + 1000 * WARM_UP.seconds;
  do await takeOne();
  while (taken < WARM_UP.steps && performance.now() < warmUntil);
  const wanted = Math.min(TIMED.most, Math.max(TIMED.least, TIMED.share * 60 * minutes));
  let [tokens, seconds] = [0, 0];
  for (let steps = 0; steps < TIMED.steps || seconds < wanted; steps++) {
    const one = await takeOne();
    tokens += one.tokens;
    seconds += one.seconds;
  }
  return tokens / seconds;
}

/** Seconds that a target token takes to be scored, and to be translated. */
interface DecodingPace {
  readonly scored: number;
  readonly translated: number;
}

async function timeDecoding(
  { validation, test, translator, signal }: Timing,
  beam: number,
): Promise<DecodingPace> {
  const pairs = validation ?? test;
  if (pairs === null) return { scored: 0, translated: 0 };
  const time = { scoring: 0, scored: 0, translating: 0, translated: 0 };
  const until = performance.now() + 1000 * DECODED.seconds;
  for (let first = 0; first < pairs.source.length && performance.now() < until; first += DECODED.pairs) {
    const source = pairs.source.slice(first, first + DECODED.pairs);
    const target = pairs.target.slice(first, first + DECODED.pairs);
    const start = performance.now();
    const scores = await translator.score(source, target, signal);
    const between = performance.now();
    const translations = await translator.translate(source, { ...(beam > 1 ? { beam } : {}), signal });
    time.scoring += between - start;
    time.translating += performance.now() - between;
    for (const { tokens } of scores) time.scored += tokens;
    for (const { hypotheses } of translations) time.translated += (hypotheses[0]?.tokens.length ?? 0) + 1;
  }
  return {
    scored: time.scoring / 1000 / Math.max(1, time.scored),
    translated: time.translating / 1000 / Math.max(1, time.translated),
  };
}

/** What it takes to score all pairs, and to translate as many of them as is wanted into targets of their length. */
function measuringSeconds(
  pairs: Pairs | null,
  most: number | null,
  { translator }: Timing,
  { scored, translated }: DecodingPace,
): number {
  if (pairs === null) return 0;
  const { target } = pairs;
  const tokens = target.reduce((sum, line) => sum + translator.targetTokenizer.encode(line).length + 1, 0);
  return tokens * (scored + translated * Math.min(1, (most ?? target.length) / target.length));
}
