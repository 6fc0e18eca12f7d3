/**
 * ln x for a positive, normal x, to the last bits of double precision, without a table (kernels have no
 * static data): x = 2^n m with m in [1/sqrt 2, sqrt 2), and ln m = 2 artanh((m - 1) / (m + 1)) by its series.
 * NaN and infinity, whose exponent bits say nothing, stay: a loss that is not finite has to show.
 */
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<u64>(x);
  let n = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n += 1;
  }
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let sum: f64 = 0;
  for (let i = 23; i >= 1; i -= 2) sum = sum * s2 + 1.0 / <f64>i;
  return <f64>n * 0.6931471805599453 + 2 * s * sum;
}
