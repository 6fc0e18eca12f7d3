import { createRandom, type Random } from "../random.ts";
import { type Pair, type Task, takeDistinct } from "./task.ts";

/** A vowel that is heard gets the stress mark when it is the last but one. */
const VOWELS = new Set(["A", "E", "I", "O", "U"]);

/** What letters sound like, by what stands around them; the first rule that fits counts. */
const RULES: readonly (readonly [letters: RegExp, sounds: string])[] = [
  [/sci(?=[aou])|sc(?=[ei])/y, "SH"],
  [/gli(?=[aeou])/y, "LY"],
  [/gn/y, "NY"],
  [/cci(?=[aou])|cc(?=[ei])/y, "CCH"],
  [/ci(?=[aou])|c(?=[ei])/y, "CH"],
  [/cch|cc/y, "KK"],
  [/ch|c/y, "K"],
  [/ggi(?=[aou])|gg(?=[ei])/y, "JJH"],
  [/gi(?=[aou])|g(?=[ei])/y, "JH"],
  [/ggh|gg/y, "GG"],
  [/gh|g/y, "G"],
  [/qu/y, "K W"],
  [/(?<=[aeiou])s(?=[aeiou])/y, "Z"],
  [/zz/y, "TTS"],
  [/z/y, "TS"],
];

const ONSETS = "b c ch d f g gh gl gn l m n p qu r s sc t v z br cr dr fr gr pr tr st sp".split(" ");
const DOUBLED = "b c d f g l m n p r s t v z".split(" ");

/**
 * How a made-up word is spoken, in phonemes with spaces between them: as in Italian, letters sound by what stands around
 * them, a doubled consonant is long, and the last vowel but one has the stress.
 *
 * @param word of the letters a to v and z, without h alone
 *
 * @example
 * pronounce("scoccia"); // "S K O1 CCH A"
 */
export function pronounce(word: string): string {
  const sounds: string[] = [];
  for (let at = 0; at < word.length; ) {
    const [length, sound] = soundAt(word, at);
    sounds.push(...sound.split(" "));
    at += length;
  }
  const vowels = [...sounds.keys()].filter((i) => VOWELS.has(sounds[i]!));
  const stressed = vowels.at(-2) ?? vowels[0];
  return sounds.map((sound, i) => (i === stressed ? `${sound}1` : sound)).join(" ");
}

function soundAt(word: string, at: number): [length: number, sound: string] {
  for (const [letters, sound] of RULES) {
    letters.lastIndex = at;
    const [found] = letters.exec(word) ?? [];
    if (found !== undefined) return [found.length, sound];
  }
  const letter = word[at]!;
  const isLong = !/[aeiou]/.test(letter) && word[at + 1] === letter;
  return isLong ? [2, letter.toUpperCase().repeat(2)] : [1, letter.toUpperCase()];
}

/** A consonant or a few, and a vowel or two. */
function syllable(random: Random, isFirst: boolean): string {
  const isDoubled = !isFirst && random.next() < 0.25;
  const onset = isDoubled ? random.pick(DOUBLED).repeat(2) : random.pick(ONSETS);
  const isSoft = /(?:gl|[cg])$/.test(onset) && random.next() < 0.4;
  const vowel = isSoft ? `i${random.pick(["a", "o", "u"])}` : random.pick([..."aeiou"]);
  const coda = random.next() < 0.15 ? random.pick(["n", "r", "l"]) : "";
  return onset + vowel + coda;
}

function* pairs(seed: number): Generator<Pair> {
  const random = createRandom(seed);
  for (;;) {
    const syllables = 2 + random.below(3);
    const word = Array.from({ length: syllables }, (_, i) => syllable(random, i === 0)).join("");
    yield { source: word, target: pronounce(word) };
  }
}

/** Says made-up words aloud: a dictionary of spellings and phonemes. */
export const sounds: Task = {
  name: "sounds",
  description: "spellings of made-up words to phonemes: scoccia to S K O1 CCH A",
  sourceLang: "letters",
  targetLang: "phonemes",
  flags:
    "--source-tokenizer char --target-tokenizer word --preset tiny --norm post --max-epochs 10 --batch-tokens 1024 --lr 0.003 --warmup 500 --schedule linear --metric exact-match",
  generate: ({ seed, count }) => takeDistinct(pairs(seed), count, "sounds"),
};
