const DIGITS = "〇一二三四五六七八九";

/**
 * A Chinese numeral from 1 to 999.
 *
 * @example
 * numeral(25); // "二十五"
 */
export function numeral(value: number): string {
  const digit = (n: number): string => DIGITS.charAt(n);
  if (value < 10) return digit(value);
  if (value < 100) {
    const tens = Math.floor(value / 10);
    const units = value % 10;
    return `${tens === 1 ? "" : digit(tens)}十${units === 0 ? "" : digit(units)}`;
  }
  const below = value % 100;
  const head = `${digit(Math.floor(value / 100))}百`;
  if (below === 0) return head;
  // Inside a larger number ten is 一十, and a missing place is said 零.
  return head + (below < 10 ? `零${digit(below)}` : below < 20 ? `一${numeral(below)}` : numeral(below));
}

/** A numeral before a measure word or a unit: two is 两 there, and so is the two of 200. */
export function counting(value: number): string {
  return value === 2 || (value >= 200 && value < 300) ? `两${numeral(value).slice(1)}` : numeral(value);
}

/** A year, read digit by digit: 2024 is 二〇二四. */
export function yearDigits(year: number): string {
  return [...String(year)].map((digit) => DIGITS.charAt(Number(digit))).join("");
}
