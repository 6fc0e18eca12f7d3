/** Numbers that are kept; means of neighbours take their place when there are twice as many. */
const MOST = 256;

/** A curve that goes on for ever in bounded memory, drawn finer where it is short. */
export class Curve {
  /** Means of `#each` numbers that follow each other. */
  #means: number[] = [];
  #each = 1;
  /** Of the numbers since the last mean. */
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
    if (this.#count < this.#each) return;
    this.#means.push(this.#sum / this.#count);
    [this.#sum, this.#count] = [0, 0];
    if (this.#means.length < 2 * MOST) return;
    this.#means = condensed(this.#means, MOST);
    this.#each *= 2;
  }

  /** The curve in so many points at most, from its beginning to its end. */
  points(most: number): number[] {
    return condensed(this.#means, most);
  }
}

/** Means of equally many neighbours, or all numbers where there are few. */
function condensed(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, i) => {
    const begin = Math.floor((i * values.length) / most);
    const part = values.slice(begin, Math.floor(((i + 1) * values.length) / most));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
