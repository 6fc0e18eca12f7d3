import { BeamEditDistance, type EditAlignment } from "./beamEditDistance.ts";

/** Tercom's limits on the words of a shift and on how far they go; sacreBLEU's on the shifts tried for a pair. */
const MAX_SHIFT_SIZE = 10;
const MAX_SHIFT_DISTANCE = 50;
const MAX_CANDIDATES = 1000;

/** Words of the hypothesis that stand elsewhere in the reference. */
interface Match {
  readonly hypothesisStart: number;
  readonly referenceStart: number;
  readonly length: number;
}

/** A hypothesis with some of its words moved. */
interface Shift {
  readonly words: Int32Array;
  /** How much smaller the edit distance gets. */
  readonly gain: number;
  readonly length: number;
  readonly start: number;
  readonly target: number;
}

/**
 * Counts the edits that make a reference out of a hypothesis: words put in, left out, replaced, and runs of words
 * moved, each move one edit (Snover et al. 2006, algorithm 1: moves are chosen greedily, the one that saves most
 * first).
 */
export function countEditsWithShifts(hypothesis: readonly string[], reference: readonly string[]): number {
  if (hypothesis.length === 0 || reference.length === 0) return hypothesis.length + reference.length;
  const ids = new Map<string, number>();
  const numbered = (words: readonly string[]): Int32Array =>
    Int32Array.from(words, (word) => {
      const id = ids.get(word) ?? ids.size;
      ids.set(word, id);
      return id;
    });
  const wanted = numbered(reference);
  let words: Int32Array = numbered(hypothesis);
  const distances = new BeamEditDistance(wanted, words);
  let tried = 0;
  for (let shifts = 0; ; shifts++) {
    const { best, candidates } = bestShift(words, wanted, distances, MAX_CANDIDATES - tried);
    tried += candidates;
    if (tried >= MAX_CANDIDATES || best === undefined || best.gain <= 0) return shifts + distances.distance;
    words = best.words;
    distances.rebase(words);
  }
}

/** The shift that Tercom ranks highest, among as many as may be tried. */
function bestShift(
  words: Int32Array,
  reference: Int32Array,
  distances: BeamEditDistance,
  mayTry: number,
): { readonly best: Shift | undefined; readonly candidates: number } {
  const alignment = distances.align();
  let best: Shift | undefined;
  let candidates = 0;
  for (const match of matches(words, reference)) {
    if (!isWorthTrying(match, alignment)) continue;
    const { hypothesisStart: start, length } = match;
    for (const target of targets(match, alignment.places)) {
      const shifted = move(words, start, length, target);
      const gain = distances.distance - distances.distanceOf(shifted, Math.min(start, target));
      const shift: Shift = { words: shifted, gain, length, start, target };
      if (best === undefined || isBetter(shift, best)) best = shift;
      candidates++;
    }
    if (candidates >= mayTry) break;
  }
  return { best, candidates };
}

/** Runs of words that both sides have, longer ones after the shorter ones they begin with. */
function* matches(words: Int32Array, reference: Int32Array): Generator<Match, void, undefined> {
  for (let i = 0; i < words.length; i++) {
    const end = Math.min(reference.length, i + MAX_SHIFT_DISTANCE + 1);
    for (let j = Math.max(0, i - MAX_SHIFT_DISTANCE); j < end; j++) {
      const longest = Math.min(MAX_SHIFT_SIZE, words.length - i, reference.length - j);
      for (let length = 1; length <= longest && words[i + length - 1] === reference[j + length - 1]; length++)
        yield { hypothesisStart: i, referenceStart: j, length };
    }
  }
}

/** Only words that are wrong where they are can gain, at a place where words are wrong, and elsewhere. */
function isWorthTrying(
  { hypothesisStart, referenceStart, length }: Match,
  alignment: EditAlignment,
): boolean {
  const { places, hypothesisErrors, referenceErrors } = alignment;
  const hasError = (errors: Uint8Array, start: number): boolean =>
    errors.subarray(start, start + length).includes(1);
  const place = places[referenceStart]!;
  return (
    hasError(hypothesisErrors, hypothesisStart) &&
    hasError(referenceErrors, referenceStart) &&
    !(hypothesisStart <= place && place < hypothesisStart + length)
  );
}

/** Where to put the words: behind what is aligned with each word before the end of the match. */
function* targets({ referenceStart, length }: Match, places: Int32Array): Generator<number, void, undefined> {
  let previous = -1;
  for (let j = referenceStart - 1; j < referenceStart + length; j++) {
    const target = j === -1 ? 0 : places[j]! + 1;
    if (target !== previous) yield target;
    previous = target;
  }
}

/** Larger gains first, then longer runs, then earlier ones, then earlier targets. */
function isBetter(shift: Shift, than: Shift): boolean {
  const order =
    shift.gain - than.gain ||
    shift.length - than.length ||
    than.start - shift.start ||
    than.target - shift.target;
  return order > 0;
}

/** Moves `length` words from `start` to before the word that is at `target` now, or `target` words on if within. */
function move(words: Int32Array, start: number, length: number, target: number): Int32Array {
  const rest = Int32Array.from([...words.subarray(0, start), ...words.subarray(start + length)]);
  const at = Math.min(target > start + length ? target - length : target, rest.length);
  const moved = new Int32Array(words.length);
  moved.set(rest.subarray(0, at));
  moved.set(words.subarray(start, start + length), at);
  moved.set(rest.subarray(at), at + length);
  return moved;
}
