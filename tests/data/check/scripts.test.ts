import { expect, it } from "vitest";
import { isOutOfPlace, mainScript } from "../../../src/data/check/scripts.ts";

it.each([
  ["Hello, Мир", "Latin"],
  ["Привет, Bob", "Cyrillic"],
  ["我很好。OK", "Han"],
  ["私は元気です", "Japanese"],
  ["カタカナ", "Japanese"],
  ["中文有一个日语的字の", "Japanese"],
  ["这句中文里只有一个日语的假名字の", "Han"],
  ["안녕하세요", "Hangul"],
  ["สวัสดี", "Thai"],
  ["مرحبا", "Arabic"],
  ["नमस्ते", "Devanagari"],
  ["𐌰𐌱𐌲", "Other"],
  ["1 + 1 = 2 😀", undefined],
  ["", undefined],
])("most letters of %j are %s", (text, script) => {
  expect(mainScript(text)).toBe(script);
});

it("a Japanese line may be without kana, a Chinese one may not have them", () => {
  expect(isOutOfPlace("Han", "Japanese")).toBe(false);
  expect(isOutOfPlace("Japanese", "Han")).toBe(true);
  expect(isOutOfPlace("Latin", "Latin")).toBe(false);
  expect(isOutOfPlace("Cyrillic", "Latin")).toBe(true);
});
