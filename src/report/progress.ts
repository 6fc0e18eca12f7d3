import type { MetricName } from "../training/config.ts";
import type { TrainingEvent } from "../training/events.ts";
import { Curve } from "./curve.ts";
import { type Block, type Part, toned } from "./document.ts";
import { count, counted, duration, percent, rate, scientific } from "./format.ts";

/** An event of one type. */
type EventOf<Type extends TrainingEvent["type"]> = Extract<TrainingEvent, { readonly type: Type }>;

/**
 * Steps that the estimate made before the first one counts as much as: the first steps are slow, and after resuming
 * one of the first may come with a validation.
 */
const WEIGHT = 100;

/** Knows how long what is left of a run will take, from how long its steps and validations took so far. */
export class RemainingTime {
  totalSteps = 0;
  readonly #now: () => number;
  #started = 0;
  #first = 0;
  #step = 0;
  #secondsPerStep = 0;

  /** @param now milliseconds from any moment */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  tell(event: TrainingEvent): void {
    if (event.type === "started") {
      const { totalSteps, resumedAt, estimatedSeconds } = event.summary;
      [this.totalSteps, this.#first, this.#step] = [totalSteps, resumedAt, resumedAt];
      this.#started = this.#now();
      this.#secondsPerStep = estimatedSeconds / Math.max(1, totalSteps - resumedAt);
    }
    if (event.type === "step") [this.#step, this.totalSteps] = [event.step, event.totalSteps];
  }

  get secondsLeft(): number {
    const done = this.#step - this.#first;
    const seconds = (this.#now() - this.#started) / 1000;
    const perStep = (WEIGHT * this.#secondsPerStep + seconds) / (WEIGHT + done);
    return perStep * Math.max(0, this.totalSteps - this.#step);
  }
}

/**
 * A step as it is shown while it goes by.
 *
 * @param speed tokens a second, evened out
 */
export function stepParts(
  { step, totalSteps, loss, lr }: EventOf<"step">,
  speed: number,
  secondsLeft: number,
): Part[] {
  return [
    [`${count(step)}/${count(totalSteps)}`, 4],
    [`loss ${loss.toFixed(3)}`, 3],
    [`lr ${scientific(lr)}`, 0],
    [`${rate(speed)} tok/s`, 1],
    [`${duration(secondsLeft)} left`, 2],
  ];
}

/** What stands beside a bar that does not move while the model is measured. */
export function measuringParts({ on, pairs }: EventOf<"measuring">, seconds: number): Part[] {
  return [
    [on === "validation" ? "validating" : "testing", 3],
    [`on ${counted(pairs, "pair")}`, 2],
    [duration(seconds), 1],
  ];
}

/** A line of the log, for a pipe or a file. */
export function logLine({ record }: EventOf<"log">, totalSteps: number, secondsLeft: number): string {
  const parts = [
    `step ${record.step}/${totalSteps}`,
    `loss ${record.loss.toFixed(3)}`,
    `lr ${scientific(record.lr)}`,
    `${rate(record.tokensPerSecond)} tokens/s`,
    `${duration(secondsLeft)} left`,
  ];
  return parts.join("  ");
}

/**
 * A validation, in parts that can be left out.
 *
 * @param totalSteps the steps of a run whose validations stand below each other, all in the same columns
 */
export function validationParts({ record, improved }: EventOf<"validation">, totalSteps?: number): Part[] {
  const { step, valid } = record;
  const column = (text: string, width: number): string =>
    totalSteps === undefined ? text : text.padStart(width);
  return [
    [`step ${column(String(step), String(totalSteps).length)}`, 6],
    ["validation", 2],
    [`loss ${column(valid.loss.toFixed(3), 6)}`, 4],
    [`perplexity ${column(valid.perplexity.toFixed(2), 8)}`, 0],
    [`BLEU ${column(valid.bleu.toFixed(2), 6)}`, 6],
    [`chrF ${column(valid.chrf.toFixed(2), 6)}`, 1],
    [`exact match ${column(percent(valid.exactMatch), 7)}`, 5],
    [column(improved ? "best" : "", 4), 3],
  ];
}

/** The translations of a validation, one below the other. */
export function samplesDocument({ samples }: EventOf<"validation">): Block[] {
  if (samples.length === 0) return [];
  const rows = samples.map(({ source, reference, translation }) => ({
    left: source,
    right: translation === reference ? toned("good", translation) : translation,
  }));
  return [{ kind: "pairs", rows }];
}

/** A curve with its name, and what it has come to where that does not stand elsewhere. */
export interface NamedCurve {
  readonly name: string;
  readonly curve: Curve;
  readonly now?: string;
}

/** What metrics are called. */
export const METRIC_NAMES = {
  bleu: "BLEU",
  chrf: "chrF",
  "exact-match": "exact match",
  loss: "loss",
} as const satisfies Record<MetricName, string>;

/** Knows how loss and validations have gone, from this session's steps on. */
export class RunCurves {
  readonly #loss = new Curve();
  readonly #validation = new Curve();
  #metric: MetricName = "loss";
  /** How many steps there were, and what the last validation came to. */
  #steps = 0;
  #validated: string | undefined;

  tell(event: TrainingEvent): void {
    if (event.type === "started") this.#metric = event.summary.training.metric;
    if (event.type === "step" && Number.isFinite(event.loss)) {
      this.#loss.add(event.loss);
      this.#steps++;
    }
    if (event.type === "validation") {
      const { loss, bleu, chrf, exactMatch } = event.record.valid;
      const value = { bleu, chrf, "exact-match": exactMatch, loss }[this.#metric];
      this.#validation.add(value);
      this.#validated = value.toFixed(this.#metric === "loss" ? 3 : 2);
    }
  }

  /** Those that there are so far. */
  get curves(): NamedCurve[] {
    const now = this.#validated;
    const name = this.#metric === "loss" ? "validation" : METRIC_NAMES[this.#metric];
    return [
      ...(this.#steps === 0 ? [] : [{ name: "loss", curve: this.#loss }]),
      ...(now === undefined ? [] : [{ name, curve: this.#validation, now }]),
    ];
  }
}

/** A step that changed nothing. */
export function skippedText({ step, what, inARow }: EventOf<"skipped">): string {
  const often = inARow === 1 ? "" : ` (${inARow} in a row)`;
  return `step ${count(step)} skipped${often}: the ${what} is not a finite number`;
}

/** Why a run ends before its last step. */
export function patienceText({ best, validations }: EventOf<"patience">): string {
  return `no better than at step ${count(best.step)} in ${counted(validations, "validation")}: the run ends here`;
}
