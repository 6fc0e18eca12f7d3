import { expect, it } from "vitest";
import { revealed, suspectCharacters } from "../../../src/data/check/characters.ts";

it.each([
  ["a\u200bb", ["zero-width U+200B"]],
  ["\ufeffa", ["byte-order mark U+FEFF"]],
  ["a\ufffd\ufffd", ["replacement U+FFFD"]],
  ["\u202eabc\u202c", ["bidi control U+202E"]],
  ["\u001b[31m", ["control U+001B"]],
  ["a\u0085b\u2028", ["line separator U+0085"]],
  ["Wort\u00adteil", ["soft hyphen U+00AD"]],
  ["\ue000", ["private use U+E000"]],
  ["\u{f0000}", ["private use U+F0000"]],
  ["\u200b\u0007\u200f", ["zero-width U+200B", "bidi control U+200F", "control U+0007"]],
])("%j has what nobody means to train on", (text, found) => {
  expect(suspectCharacters(text)).toEqual(found);
});

it.each(["plain", "a\tb", "می\u200cخواهم", "👩\u200d💻", "É e\u0301 漢字 \u3000"])(
  "%j is only text",
  (text) => {
    expect(suspectCharacters(text)).toEqual([]);
  },
);

it("what cannot be seen is written out", () => {
  expect(revealed("a\u200b\u202e\u001bb\u2028👩\u200d💻é")).toBe(
    "a⟨U+200B⟩⟨U+202E⟩⟨U+001B⟩b⟨U+2028⟩👩\u200d💻é",
  );
});
