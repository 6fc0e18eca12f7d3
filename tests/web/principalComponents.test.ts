import { expect, it } from "vitest";
import { createRandom } from "../../src/random.ts";
import { principalComponents } from "../../src/web/engine/principalComponents.ts";

/** Points along three axes that are turned, with deviations of 5, 2 and 0.1 or so. */
function points(rows: number): Float32Array {
  const random = createRandom(7);
  const uniform = (size: number): number => size * (2 * random.next() - 1);
  const axes = [
    [0.6, 0.8, 0],
    [-0.8, 0.6, 0],
    [0, 0, 1],
  ];
  const values = new Float32Array(3 * rows);
  for (let i = 0; i < rows; i++) {
    const along = [uniform(9), uniform(3.5), uniform(0.2)];
    for (let d = 0; d < 3; d++)
      values[3 * i + d] = 4 + along.reduce((sum, a, k) => sum + a * axes[k]![d]!, 0);
  }
  return values;
}

it("finds the directions of largest variance: centred, uncorrelated, the largest first", () => {
  const rows = 400;
  const { values } = principalComponents({ rows, columns: 3, values: points(rows) }, 2);
  const column = (c: number): number[] => Array.from({ length: rows }, (_, i) => values[2 * i + c]!);
  const mean = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0) / of.length;
  const [x, y] = [column(0), column(1)];
  expect(mean(x)).toBeCloseTo(0, 4);
  expect(mean(y)).toBeCloseTo(0, 4);
  expect(Math.sqrt(mean(x.map((a) => a * a)))).toBeCloseTo(9 / Math.sqrt(3), 0);
  expect(Math.sqrt(mean(y.map((a) => a * a)))).toBeCloseTo(3.5 / Math.sqrt(3), 0);
  expect(mean(x.map((a, i) => a * y[i]!))).toBeCloseTo(0, 2);
});

it("puts points that are all the same in the middle", () => {
  const { values } = principalComponents({ rows: 3, columns: 2, values: new Float32Array(6).fill(2) }, 2);
  expect([...values]).toEqual([0, 0, 0, 0, 0, 0]);
});
