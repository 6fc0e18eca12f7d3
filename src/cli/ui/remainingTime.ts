import type { TrainingEvent } from "../../training/events.ts";

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
