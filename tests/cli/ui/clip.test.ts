import { expect, it } from "vitest";
import { clip } from "../../../src/cli/ui/clip.ts";

it.each([
  ["short", 5, "short"],
  ["longer", 5, "long…"],
  ["漢字漢字", 8, "漢字漢字"],
  ["漢字漢字", 7, "漢字漢…"],
  ["漢字漢字", 6, "漢字…"],
  ["e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"],
  ["😀😀😀", 5, "😀😀…"],
  ["", 3, ""],
])("%j in %i columns is %j", (text, columns, clipped) => {
  expect(clip(text, columns)).toBe(clipped);
});
