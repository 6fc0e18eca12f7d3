/** The smallest and the middle of some numbers. */
export function summary(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return { best: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

/** The middle of some numbers. */
export function median(numbers) {
  return summary(numbers).median;
}

/** A number with a few decimals. */
export function rounded(number, decimals = 1) {
  return Number(number.toFixed(decimals));
}
