/**
 * The fewest insertions, deletions and substitutions that turn one sequence into the other (Levenshtein 1966).
 *
 * @example
 * editDistance([..."kitten"], [..."sitting"]); // 3
 */
export function editDistance(from: readonly string[], to: readonly string[]): number {
  // One row of the matrix at a time: costs[j] turns what has been read of `from` into the first j of `to`.
  const costs = Int32Array.from({ length: to.length + 1 }, (_, j) => j);
  for (const [i, item] of from.entries()) {
    let diagonal = costs[0]!;
    costs[0] = i + 1;
    for (const [j, wanted] of to.entries()) {
      const above = costs[j + 1]!;
      costs[j + 1] = Math.min(above + 1, costs[j]! + 1, diagonal + (item === wanted ? 0 : 1));
      diagonal = above;
    }
  }
  return costs[to.length]!;
}
