import { expect, it } from "vitest";
import { measureText } from "../../src/evaluation/metrics.ts";
import { compareSystems } from "../../src/evaluation/significance.ts";

const REFERENCES = [Array.from({ length: 60 }, (_, i) => `line ${i} of ${i * 3} words`)];
const TRIALS = { bootstrapTrials: 400, randomisationTrials: 400 };
const measured = (lines: readonly string[]) => [measureText("wer", lines, REFERENCES)];
const damaged = (share: number) =>
  REFERENCES[0]!.map((line, i) => (i % 10 < share ? line.replace("words", "things") : line));

it("a system is no better than itself; its p-value is none of chance, as sacreBLEU has it", () => {
  const [comparison] = compareSystems(measured(damaged(3)), measured(damaged(3)), TRIALS);
  expect(comparison).toMatchObject({ difference: 0, randomisation: { pValue: 1 / 401 } });
});

it("what is clearly better has small p-values and intervals around the scores", () => {
  const [comparison] = compareSystems(measured(damaged(1)), measured(damaged(8)), TRIALS);
  const { difference, baselineScore, bootstrap, randomisation } = comparison!;
  expect(difference).toBeCloseTo(-14, 10);
  expect(bootstrap.pValue).toBeLessThan(0.01);
  expect(randomisation.pValue).toBeLessThan(0.01);
  expect(Math.abs(bootstrap.baseline.mean - baselineScore)).toBeLessThan(0.5);
  // Of 60 segments with 0.8 errors of 5 words each: 1.96 standard errors of a proportion.
  expect(bootstrap.baseline.halfWidth).toBeCloseTo((196 * Math.sqrt((0.8 * 0.2) / 60)) / 5, 0);
});

it("what differs by chance has large ones", () => {
  const swapped = REFERENCES[0]!.map((line, i) =>
    i % 10 > 4 || i === 0 ? line.replace("words", "things") : line,
  );
  const [comparison] = compareSystems(measured(swapped), measured(damaged(5)), TRIALS);
  expect(comparison!.difference).toBeCloseTo(100 / 300, 10);
  expect(comparison!.bootstrap.pValue).toBeGreaterThan(0.1);
  expect(comparison!.randomisation.pValue).toBeGreaterThan(0.5);
});

it("the seed decides", () => {
  const run = (seed: number) =>
    compareSystems(measured(damaged(4)), measured(damaged(5)), { ...TRIALS, seed });
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});
