/**
 * A number with so many decimals, as Python prints it: halves go to the even neighbour, 3.125 to 3.12, where
 * `toFixed` goes up.
 */
export function formatDecimal(value: number, digits: number): string {
  // A tie is a number of halves of the last decimal, so an odd multiple of 2^-(digits + 1); that product is exact.
  const isTie = Math.abs(value * 2 ** (digits + 1)) % 2 === 1;
  if (!isTie) return value.toFixed(digits);
  const units = Math.trunc(value * 10 ** digits);
  return ((units % 2 === 0 ? units : units + Math.sign(value)) / 10 ** digits).toFixed(digits);
}
