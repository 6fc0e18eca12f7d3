import { expect, it } from "vitest";
import { fitParts, type Part } from "../../../src/cli/ui/fitParts.ts";
import { table } from "../../../src/cli/ui/table.ts";
import { wrap } from "../../../src/cli/ui/wrap.ts";

it("a table lines its columns up, and colours do not count", () => {
  const rows = [
    ["a", { text: "1", shown: "\u001b[1m1\u001b[22m" }],
    ["long", "100"],
  ];
  expect(table(rows, [1])).toBe("  a       \u001b[1m1\u001b[22m\n  long  100\n");
  expect(table([])).toBe("");
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

it("text is broken between words", () => {
  expect(wrap("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrap("incomprehensible to me", 6)).toEqual(["incomprehensible", "to me"]);
  expect(wrap("one two", Number.POSITIVE_INFINITY)).toEqual(["one two"]);
});
