import { createRandom, type Random } from "../random.ts";
import { type Pair, type Task, takeDistinct } from "./task.ts";

const SYMBOLS = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
const LENGTHS = [3, 12] as const;

/** Symbols in the order of the alphabet, digits after letters. */
function inOrder(symbols: readonly string[]): readonly string[] {
  return symbols.toSorted((one, other) => SYMBOLS.indexOf(one) - SYMBOLS.indexOf(other));
}

function sequence(random: Random, [shortest, longest]: readonly [number, number]): readonly string[] {
  const length = shortest + random.below(longest - shortest + 1);
  return Array.from({ length }, () => random.pick(SYMBOLS));
}

function symbolTask(
  name: string,
  description: string,
  transform: (symbols: readonly string[]) => readonly string[],
): Task {
  function* pairs(seed: number, lengths: readonly [number, number]): Generator<Pair> {
    const random = createRandom(seed);
    for (;;) {
      const symbols = sequence(random, lengths);
      yield { source: symbols.join(" "), target: transform(symbols).join(" ") };
    }
  }
  return {
    name,
    description,
    sourceLang: "src",
    targetLang: "tgt",
    hasLengths: true,
    generate: ({ seed, count, lengths = LENGTHS }) => takeDistinct(pairs(seed, lengths), count, name),
  };
}

/** Says a sequence of 3 to 12 letters and digits, or of other lengths, backwards. */
export const reverse: Task = symbolTask("reverse", "letters and digits, said backwards", (symbols) =>
  symbols.toReversed(),
);

/** Says a sequence of 3 to 12 letters and digits, or of other lengths, again. */
export const copy: Task = symbolTask("copy", "letters and digits, said again", (symbols) => symbols);

/** Puts a sequence of 3 to 12 letters and digits, or of other lengths, in the order of the alphabet. */
export const sort: Task = symbolTask("sort", "letters and digits, put in order, letters first", inOrder);
