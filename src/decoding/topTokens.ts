/** Up to so many tokens are kept in order as they are found; for more it is faster to sort them all. */
const FEW = 64;

/**
 * The ids of the `count` largest of some logits, largest first, ties by lower id; fewer where fewer are above
 * `floor`. NaNs are passed over.
 */
export function topTokens(
  logits: Float32Array,
  count: number,
  floor: number = Number.NEGATIVE_INFINITY,
): number[] {
  if (count > FEW) {
    // Sorting is stable: ties stay in the order of their ids.
    return possibleTokens(logits, floor)
      .sort((a, b) => logits[b]! - logits[a]!)
      .slice(0, count);
  }
  const ids: number[] = [];
  let least = floor; // what a logit has to be above to get in
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (!(logit > least)) continue;
    let place = ids.length;
    while (place > 0 && logits[ids[place - 1]!]! < logit) place--;
    ids.splice(place, 0, id);
    if (ids.length > count) ids.pop();
    if (ids.length === count) least = logits[ids[count - 1]!]!;
  }
  return ids;
}

/** The ids of all logits above `floor`, in order. */
export function possibleTokens(logits: Float32Array, floor: number = Number.NEGATIVE_INFINITY): number[] {
  const ids: number[] = [];
  for (let id = 0; id < logits.length; id++) if (logits[id]! > floor) ids.push(id);
  return ids;
}
