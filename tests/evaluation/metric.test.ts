import { expect, it } from "vitest";
import { formatDecimal } from "../../src/evaluation/metric.ts";

it.each([
  [3.125, 2, "3.12"],
  [3.375, 2, "3.38"],
  [0.125, 2, "0.12"],
  [-3.125, 2, "-3.12"],
  [-3.375, 2, "-3.38"],
  [2.5, 0, "2"],
  [3.5, 0, "4"],
  [1.005, 2, "1.00"], // a little less than it looks
  [0.285, 2, "0.28"],
  [100, 2, "100.00"],
  [12.34567, 3, "12.346"],
])("%d with %d decimals is %s, as in Python", (value, digits, text) => {
  expect(formatDecimal(value, digits)).toBe(text);
});
