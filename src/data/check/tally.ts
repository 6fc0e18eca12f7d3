/** How often each number occurred: as much memory as there are different ones. */
export class Tally {
  readonly #times = new Map<number, number>();
  /** How many were added. */
  total = 0;
  /** Their sum. */
  sum = 0;

  add(value: number, times = 1): void {
    this.#times.set(value, (this.#times.get(value) ?? 0) + times);
    this.total += times;
    this.sum += value * times;
  }

  /**
   * The least of the numbers that a share of them does not exceed; 0 when there are none.
   *
   * @param share from 0 for the least to 1 for the greatest, 0.5 for the median
   */
  quantile(share: number): number {
    let passed = 0;
    for (const [value, times] of [...this.#times].sort(([a], [b]) => a - b)) {
      passed += times;
      if (passed >= share * this.total) return value;
    }
    return 0;
  }

  /** Every number with how often it occurred. */
  entries(): Iterable<readonly [value: number, times: number]> {
    return this.#times;
  }
}
