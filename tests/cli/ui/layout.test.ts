import { describe, expect, it } from "vitest";
import { clip, displayWidth, fitParts, padEnd, padStart, table, wrap } from "../../../src/cli/ui/layout.ts";
import type { Part } from "../../../src/report/document.ts";

describe("displayWidth", () => {
  it.each([
    ["abc", 3],
    ["我很好。", 8],
    ["ｆ！", 4],
    ["ひカ한", 6],
    ["「ㄅ」・ー", 10],
    ["e\u0301", 1],
    ["a\u200b", 1],
    ["😀", 2],
    ["👍🏽", 2],
    ["👩‍👩‍👧", 2],
    ["🇫🇷", 2],
    ["\u001b[1m门\u001b[22m", 2],
    ["━█…±", 4],
    ["", 0],
  ])("%s takes %d columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
    expect(displayWidth(padEnd(text, 10))).toBe(10);
    expect(padStart(text, 10)).toBe(" ".repeat(10 - width) + text);
  });
});

it("a table lines its columns up, and colours do not count", () => {
  const rows = [
    ["a", "\u001b[1m1\u001b[22m"],
    ["long", "100"],
  ];
  expect(table(rows, [1])).toBe("  a       \u001b[1m1\u001b[22m\n  long  100\n");
  expect(table([])).toBe("");
});

it("a table of wide characters lines up too", () => {
  const rows = [
    ["我很好。", "1"],
    ["good", "我"],
    ["👍🏽 e\u0301", "22"],
  ];
  expect(table(rows, [1])).toBe("  我很好。   1\n  good      我\n  👍🏽 e\u0301      22\n");
});

it("parts that matter least go first where there is no room", () => {
  const parts: Part[] = [
    ["step 10", 3],
    ["lr 1.0e-3", 1],
    ["loss 2.0", 2],
    ["", 2],
  ];
  expect(fitParts(parts, 80)).toBe("step 10  lr 1.0e-3  loss 2.0");
  expect(fitParts(parts, 20)).toBe("step 10  loss 2.0");
  expect(fitParts(parts, 10)).toBe("step 10");
  expect(fitParts(parts, 2)).toBe("step 10");
});

it("parts of wide characters take twice the room", () => {
  const parts: Part[] = [
    ["我很好", 2],
    ["good", 1],
  ];
  expect(fitParts(parts, 12)).toBe("我很好  good");
  expect(fitParts(parts, 11)).toBe("我很好");
});

it("text is broken between words", () => {
  expect(wrap("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrap("incomprehensible to me", 6)).toEqual(["incomprehensible", "to me"]);
  expect(wrap("one two", Number.POSITIVE_INFINITY)).toEqual(["one two"]);
  expect(wrap("我 很好 吗", 7)).toEqual(["我 很好", "吗"]);
});

describe("clip", () => {
  it.each([
    ["short", 5, "short"],
    ["longer", 5, "long…"],
    ["漢字漢字", 8, "漢字漢字"],
    ["漢字漢字", 7, "漢字漢…"],
    ["漢字漢字", 6, "漢字…"],
    ["e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"],
    ["😀😀😀", 5, "😀😀…"],
    ["👍🏽👍🏽", 3, "👍🏽…"],
    ["", 3, ""],
  ])("%j in %i columns is %j", (text, columns, clipped) => {
    expect(clip(text, columns)).toBe(clipped);
  });
});
