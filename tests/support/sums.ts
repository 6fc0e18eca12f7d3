/**
 * The sum of a row as the kernels define it (docs/kernels.md): element j goes to partial sum j mod 16, and the sixteen are
 * added by halves.
 *
 * @param round what is done to every sum: `Math.fround` for floats
 */
export function sumOfPartials(terms: ArrayLike<number>, round: (sum: number) => number): number {
  const partials = new Array<number>(16).fill(0);
  for (let j = 0; j < terms.length; j++) partials[j % 16] = round(partials[j % 16]! + terms[j]!);
  for (let half = 8; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) partials[i] = round(partials[i]! + partials[i + half]!);
  }
  return partials[0]!;
}
