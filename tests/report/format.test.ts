import { expect, it } from "vitest";
import { count, counted, duration, rate, shellWord } from "../../src/report/format.ts";

it("numbers", () => {
  expect([0, 999, 1000, 1234567].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([counted(1, "pair"), counted(2000, "pair")]).toEqual(["1 pair", "2,000 pairs"]);
  expect([0, 949, 1000, 12_345, 99_960, 999_499, 999_500].map(rate)).toEqual([
    ...["0", "949", "1.0k", "12.3k", "100k", "999k", "1.0M"],
  ]);
});

it("durations", () => {
  expect([-1, 0.04, 0.94, 0.96, 59.4, 59.6, 100, 3599.4, 3599.6, 7500, Number.NaN].map(duration)).toEqual([
    ...["0.0 s", "0.0 s", "0.9 s", "1 s", "59 s", "1 min 00 s", "1 min 40 s", "59 min 59 s"],
    ...["1 h 00 min", "2 h 05 min", "?"],
  ]);
});

it("words for a shell", () => {
  expect(["runs/zh-en-1", "my run", "runs\\zh-en-1"].map(shellWord)).toEqual([
    "runs/zh-en-1",
    '"my run"',
    '"runs\\zh-en-1"',
  ]);
  expect(["it's", "it's $5", "a\\\\b", "a\\"].map(shellWord)).toEqual([
    '"it\'s"',
    "'it'\\''s $5'",
    "'a\\\\b'",
    "'a\\'",
  ]);
});
