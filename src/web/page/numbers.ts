/** A number as a matrix shows it: three digits that say something. */
export function shortNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000 || size < 0.001) return value.toExponential(1);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share >= 0.0995 ? 0 : 1)} %`;
}

/** A whole number with its thousands. */
export function thousands(value: number): string {
  return value.toLocaleString("en-US");
}
