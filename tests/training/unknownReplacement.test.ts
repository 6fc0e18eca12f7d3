import { describe, expect, it } from "vitest";
import type { EncodedPair } from "../../src/data/batches.ts";
import { createRandom } from "../../src/random.ts";
import { Heap } from "../../src/tensor/heap.ts";
import {
  replaceRare,
  takeSignatures,
  type UnknownReplacement,
} from "../../src/training/unknownReplacement.ts";

const TOKENS = 90;
const [SOURCE_UNK, TARGET_UNK] = [0, 1];

/** Words are translated by the word whose id is higher by one; a little word, of a common id, stands between them. */
const random = createRandom(1);
const pairs: EncodedPair[] = Array.from({ length: 400 }, (_, index) => {
  const words = Array.from({ length: 3 }, () => 50 + random.below(30));
  return {
    source: Int32Array.from(words.flatMap((word) => [word, 4])),
    target: Int32Array.from(words.toReversed().map((word) => word + 1)),
    index,
  };
});
const corpus = {
  file: "",
  pairs: pairs.length,
  read: (numbers: ArrayLike<number>) => Array.from(numbers, (i) => pairs[i]!),
  close: () => {},
};

const heap = Heap.shared();
const signatures = takeSignatures(corpus, { source: TOKENS, target: TOKENS }, heap);
const USUAL: UnknownReplacement = {
  ...{ probability: 0.3, seed: 1, epoch: 0, signatures },
  unkIds: { source: SOURCE_UNK, target: TARGET_UNK },
};
const replaced = (changes: Partial<UnknownReplacement> = {}) =>
  pairs.map((pair) => replaceRare(pair, { ...USUAL, ...changes }, heap));

describe("rare tokens that are replaced while training", () => {
  it("are a word and its translation, in about the share of pairs that is asked for", () => {
    let changed = 0;
    for (const [i, { source, target }] of replaced().entries()) {
      const before = pairs[i]!;
      const gone = [...before.source].filter((id, place) => source[place] !== id);
      const goneTarget = [...before.target].filter((id, place) => target[place] !== id);
      expect(gone.every((id) => id === gone[0] && id >= 50)).toBe(true);
      expect(goneTarget).toEqual(gone.map((id) => id + 1));
      expect([...source].filter((id) => id === SOURCE_UNK)).toHaveLength(gone.length);
      expect([...target].filter((id) => id === TARGET_UNK)).toHaveLength(gone.length);
      if (gone.length > 0) changed++;
    }
    expect(Math.abs(changed / pairs.length - 0.3)).toBeLessThan(0.07);
  });

  it("depend on seed, epoch and pair alone", () => {
    expect(replaced()).toEqual(replaced());
    expect(replaced({ seed: 2 })).not.toEqual(replaced());
    expect(replaced({ epoch: 1 })).not.toEqual(replaced());
    expect(replaced({ probability: 0 })).toEqual(pairs);
  });

  it("are none where a side has common tokens only, such as letters", () => {
    const letters = { source: Int32Array.of(50, 60), target: Int32Array.of(3, 4), index: 0 };
    expect(replaceRare(letters, { ...USUAL, probability: 0.999 }, heap)).toEqual(letters);
  });
});
