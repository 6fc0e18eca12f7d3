/** What the length of a side is counted in. */
export type Unit = "words" | "characters" | "tokens";

/** Lengths from one to another, both included, and how many sides have one. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** The lengths of the sides of a corpus in a few numbers. */
export interface LengthSummary {
  readonly least: number;
  readonly median: number;
  readonly mean: number;
  /** 99 of 100 sides are not longer. */
  readonly percentile99: number;
  readonly most: number;
}

/** 1 for every UTF-16 code unit that is white space to `String.prototype.trim`. */
const IS_SPACE = Uint8Array.from({ length: 0x1_0000 }, (_, unit) =>
  String.fromCharCode(unit).trim() === "" ? 1 : 0,
);

/** Words between white space. */
export function countWords(text: string): number {
  let words = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const isSpace = IS_SPACE[text.charCodeAt(i)] === 1;
    if (!isSpace && !inWord) words++;
    inWord = !isSpace;
  }
  return words;
}

/** Code points but white space. */
export function countCharacters(text: string): number {
  let characters = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const endsPair = unit >= 0xdc00 && unit < 0xe000;
    if (!endsPair && IS_SPACE[unit] === 0) characters++;
  }
  return characters;
}

/** A few numbers about lengths. */
export function summarize(lengths: Tally): LengthSummary {
  return {
    least: lengths.quantile(0),
    median: lengths.quantile(0.5),
    mean: lengths.total === 0 ? 0 : lengths.sum / lengths.total,
    percentile99: lengths.quantile(0.99),
    most: lengths.quantile(1),
  };
}

/**
 * Lengths from 1 on in bins of one width, the last of them open: it takes in all that is longer.
 *
 * @param count how many bins
 */
export function histogram(lengths: Tally, width: number, count: number): Bin[] {
  const sides = new Array<number>(count).fill(0);
  for (const [length, times] of lengths.entries()) {
    sides[Math.min(count - 1, Math.max(0, Math.ceil(length / width) - 1))]! += times;
  }
  const last = Math.max(lengths.quantile(1), count * width);
  return sides.map((times, i) => ({
    from: i * width + 1,
    to: i === count - 1 ? last : (i + 1) * width,
    count: times,
  }));
}

/** Bins of a histogram. */
const BINS = 10;
/** The widths a bin may have, times a power of ten. */
const WIDTHS = [1, 2, 3, 4, 5];

/** Lengths in ten bins of a width that suits them; none where there are no lengths. */
export function usualHistogram(lengths: Tally): Bin[] {
  return lengths.total === 0 ? [] : histogram(lengths, binWidth(lengths.quantile(0.99)), BINS);
}

/** The least of 1 to 5, 10, 20, ... 50, 100, ... with which nearly all lengths are in the bins before the last. */
function binWidth(percentile99: number): number {
  for (let scale = 1; ; scale *= 10) {
    const width = WIDTHS.find((width) => width * scale * (BINS - 1) >= percentile99);
    if (width !== undefined) return width * scale;
  }
}

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
