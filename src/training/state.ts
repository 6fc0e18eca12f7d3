import type { MetricName, SettledData, SettledTokenizer, SettledTraining, Side } from "./config.ts";

/** How a model does on one of several corpora. */
export interface CorpusScores {
  readonly name: string;
  readonly pairs: number;
  readonly loss: number;
  readonly bleu: number;
  readonly chrf: number;
  readonly exactMatch: number;
}

/** Where a run that did not begin with random weights has them from. */
export interface OriginRecord {
  /** SHA-256 of the checkpoint that it started from. */
  readonly sha256: string;
  /** The step of that checkpoint. */
  readonly step: number;
  /** Updates that Adam's moments had gone through there; 0 where they were begun anew. */
  readonly updates: number;
}

/** One validation, as a line of `metrics.jsonl` has it; rates and scores from 0 to 100. */
export interface ValidationRecord {
  readonly step: number;
  readonly valid: {
    /** Cross-entropy of a target token in nats. */
    readonly loss: number;
    readonly perplexity: number;
    readonly bleu: number;
    readonly chrf: number;
    readonly exactMatch: number;
    /** The same for each corpus, of the pairs that were translated, where there are several. */
    readonly corpora?: readonly CorpusScores[];
  };
}

/** Sums since the last line of the log. */
export interface LogWindow {
  readonly loss: number;
  readonly sourceTokens: number;
  readonly targetTokens: number;
}

/** The checkpoints of a run, by the steps they are of. */
interface KeptCheckpoints {
  /** From the best on; without a validation corpus the newest is taken for the best. */
  readonly best: readonly number[];
  /** From the newest on. */
  readonly last: readonly number[];
}

/** What a run was begun with, besides its model and how it is trained; older runs do not say. */
export interface Beginnings {
  /** SHA-256 of the validation pairs, as scores of others cannot be compared; null without. */
  readonly validation?: string | null;
  /** How text becomes tokens; of a `tokenizer.json` the name, as it may lie elsewhere now. */
  readonly tokenizer?: (Omit<SettledTokenizer, Side> & Partial<Pick<SettledTokenizer, Side>>) | undefined;
  /** How many of the training pairs are held out. */
  readonly splits?: Pick<SettledData, "validSplit" | "testSplit"> | undefined;
  /** Where the weights were from at step 0; none when they were random. */
  readonly origin?: OriginRecord;
}

/**
 * Where a run stands: all it takes, with the parameters, their average and Adam's moments, to go on as if never
 * stopped. Nothing in it depends on the clock or on the machine, so that the same run gives the same bytes.
 * What follows from the validations, such as patience, is worked out from them and not stored.
 */
export interface TrainingState extends Beginnings {
  readonly config: SettledTraining;
  /** SHA-256 of the training corpus: a run goes on only with the data it began with. */
  readonly corpus: string;
  /** Steps done, those that were skipped included. */
  readonly step: number;
  /** Steps whose loss or gradient was not finite, so that they changed nothing. */
  readonly skipped: number;
  /** How many of the last steps were such, one after the other. */
  readonly skippedInARow: number;
  /** The epoch that is under way, from 0. */
  readonly epoch: number;
  /** Batches of that epoch that are done. */
  readonly batch: number;
  readonly window: LogWindow;
  readonly validations: readonly ValidationRecord[];
  readonly kept: KeptCheckpoints;
}

export const EMPTY_WINDOW: LogWindow = { loss: 0, sourceTokens: 0, targetTokens: 0 };

/** The state of a run that is about to begin. */
export function initialState(
  config: SettledTraining,
  corpus: string,
  beginnings: Beginnings = { validation: null },
): TrainingState {
  return {
    config,
    corpus,
    ...beginnings,
    step: 0,
    skipped: 0,
    skippedInARow: 0,
    epoch: 0,
    batch: 0,
    window: EMPTY_WINDOW,
    validations: [],
    kept: { best: [], last: [] },
  };
}

/** What a validation is worth by a metric: higher is better. */
function scoreBy({ valid }: ValidationRecord, metric: MetricName): number {
  switch (metric) {
    case "bleu":
      return valid.bleu;
    case "chrf":
      return valid.chrf;
    case "exact-match":
      return valid.exactMatch;
    case "loss":
      return -valid.loss;
  }
}

/** Whether a validation beats another: better by the metric, or as good and with a lower loss. */
export function isBetter(
  record: ValidationRecord,
  than: ValidationRecord | null,
  metric: MetricName,
): boolean {
  if (than === null) return true;
  const gain = scoreBy(record, metric) - scoreBy(than, metric);
  return gain > 0 || (gain === 0 && record.valid.loss < than.valid.loss);
}

/** The best validation so far; of two that are as good, the earlier. */
export function bestOf({ validations, config }: TrainingState): ValidationRecord | null {
  return validations.reduce<ValidationRecord | null>(
    (best, record) => (isBetter(record, best, config.metric) ? record : best),
    null,
  );
}

/** How validations went on: what patience and the plateau schedule look at. */
export interface Progress {
  /** Validations since the best one. */
  readonly sinceBest: number;
  /** How often `plateauPatience` validations in a row have brought nothing better. */
  readonly reductions: number;
}

/** Works {@link Progress} out. */
export function progressOf({ validations, config }: TrainingState): Progress {
  let best: ValidationRecord | null = null;
  let [sinceBest, waited, reductions] = [0, 0, 0];
  for (const record of validations) {
    if (isBetter(record, best, config.metric)) {
      best = record;
      sinceBest = waited = 0;
      continue;
    }
    sinceBest++;
    waited++;
    if (waited < config.plateauPatience) continue;
    reductions++;
    waited = 0;
  }
  return { sinceBest, reductions };
}

/** The share of the validations that is the end of a run, and the one that it is held against. */
const [END, BEGINNING] = [0.2, 0.5];
/** What has to be gained between these to be worth going on for, as a share of what was left, and what has to be left. */
const [WORTH, LEAST_LEFT] = [0.04, 1];

/**
 * Whether a run ends while it still gets better: its best validation is among the last, and gained on those of the first
 * half. The last ones alone would not tell, as a rate that falls to 0 brings less and less, however much is left.
 */
function stillImproves({ validations, config }: TrainingState): boolean {
  const scores = validations.map((record) => scoreBy(record, config.metric));
  const middle = Math.floor(BEGINNING * scores.length);
  const end = scores.length - Math.max(1, Math.floor(END * scores.length));
  const best = Math.max(...scores);
  const [perfect, least] = config.metric === "loss" ? [0, 0] : [100, LEAST_LEFT];
  const before = Math.max(...scores.slice(0, middle));
  return (
    middle > 0 &&
    scores.indexOf(best) >= end &&
    perfect - best > least &&
    best - before > WORTH * (perfect - before)
  );
}

/** Another end for a run, as settings. */
export type LongerEnd = { readonly maxEpochs: number } | { readonly maxSteps: number };

/** Half as long again, for a run that ends while it still gets better; null for another. */
export function longerEnd(state: TrainingState): LongerEnd | null {
  const { maxEpochs, maxSteps } = state.config;
  if (!stillImproves(state)) return null;
  const isByEpochs = maxEpochs !== null && state.epoch >= maxEpochs;
  return isByEpochs ? { maxEpochs: Math.ceil(1.5 * maxEpochs) } : { maxSteps: Math.ceil(1.5 * maxSteps!) };
}

/** How many checkpoints are kept of each kind: as many as asked for, and as many as are averaged at the end. */
export function keptCounts({ keepBest, keepLast, average, averageOf }: SettledTraining): {
  readonly best: number;
  readonly last: number;
} {
  return {
    best: Math.max(keepBest, averageOf === "best" ? average : 0),
    last: Math.max(keepLast, averageOf === "last" ? average : 0),
  };
}

/**
 * The kept checkpoints when one of the present step is saved.
 *
 * @param measured whether it was time for a validation, though there may be no corpus for it
 */
export function withCheckpoint(state: TrainingState, measured: boolean): TrainingState {
  const { step, validations, config, kept } = state;
  const counts = keptCounts(config);
  const last = [step, ...kept.last.filter((other) => other !== step)].slice(0, counts.last);
  const record = validations.at(-1);
  if (!measured) return { ...state, kept: { ...kept, last } };
  if (record?.step !== step) return { ...state, kept: { best: [step], last } };
  const rivals = validations.filter(({ step: other }) => kept.best.includes(other) && other !== step);
  const worse = rivals.filter((rival) => isBetter(record, rival, config.metric)).map((rival) => rival.step);
  const better = kept.best.filter((other) => other !== step && !worse.includes(other));
  const best = [...better, step, ...kept.best.filter((other) => worse.includes(other))];
  return { ...state, kept: { best: best.slice(0, counts.best), last } };
}
