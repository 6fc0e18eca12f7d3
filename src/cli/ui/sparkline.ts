const LEVELS = [..."▁▂▃▄▅▆▇█"];

/** Numbers as a row of blocks (Tufte 2006), the least lowest and the largest highest; a character each. */
export function sparkline(values: readonly number[]): string {
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  const range = largest - least;
  return values
    .map((value) => LEVELS[range === 0 ? 0 : Math.round(((value - least) / range) * (LEVELS.length - 1))])
    .join("");
}
