import { expect, it } from "vitest";
import { Curve } from "../../src/report/curve.ts";

function curveOf(count: number, value: (i: number) => number): Curve {
  const curve = new Curve();
  for (let i = 0; i < count; i++) curve.add(value(i));
  return curve;
}

it("a short curve is shown as it is", () => {
  expect(curveOf(3, (i) => 10 * i).points(5)).toEqual([0, 10, 20]);
  expect(new Curve().points(5)).toEqual([]);
});

it.each([10, 511, 512, 513, 100_000])(
  "of %i numbers so many points are left, from beginning to end",
  (count) => {
    const points = curveOf(count, (i) => i / count).points(10);
    expect(points).toHaveLength(10);
    for (const [i, point] of points.entries()) {
      expect(point).toBeGreaterThanOrEqual(i / 10 - 0.01);
      expect(point).toBeLessThan((i + 1) / 10 + 0.01);
    }
  },
);

it("a point is the mean of what it stands for", () => {
  expect(curveOf(4, (i) => i % 2).points(2)).toEqual([0.5, 0.5]);
});
