import { expect, it } from "vitest";
import { nearest } from "../src/nearest.ts";

it.each([
  ["smal", "small"],
  ["papre", "paper"],
  ["TINY", "tiny"],
  ["bse", "base"],
  ["large", undefined],
  ["", undefined],
])("%j was probably meant to be %j", (word, candidate) => {
  expect(nearest(word, ["tiny", "small", "base", "paper"])).toBe(candidate);
});
