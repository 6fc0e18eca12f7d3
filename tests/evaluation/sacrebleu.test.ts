import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bleu } from "../../src/evaluation/bleu.ts";
import { chrf } from "../../src/evaluation/chrf.ts";
import { formatDecimal, type Metric, measureSegments, sumStatistics } from "../../src/evaluation/metric.ts";
import { referenceCount } from "../../src/evaluation/references.ts";
import { pairedBootstrap, pairedRandomisation } from "../../src/evaluation/significance.ts";
import { ter } from "../../src/evaluation/ter.ts";
import { CORNER_PAIRS, congruential, generatePairs } from "./generatedPairs.ts";

type MetricName = "bleu" | "chrf" | "ter";

interface Expected {
  readonly metric: MetricName;
  readonly references: number;
  /** sacreBLEU's own. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly signature: string;
  readonly corpus: number;
  /** Every seventh pair of corners. */
  readonly corners: readonly number[];
  /** Of all segments' scores with two decimals. */
  readonly sha256: string;
}

interface TestOutcome {
  readonly p: number | null;
  readonly mean: number | null;
  readonly ci: number | null;
}

/** Made by tests/fixtures/metrics/make_fixtures.py. */
const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/metrics/scores.json", import.meta.url), "utf8"),
) as {
  readonly text: string;
  readonly scores: readonly Expected[];
  readonly tests: {
    readonly begin: number;
    readonly size: number;
    readonly trials: number;
    readonly results: Record<MetricName, Record<"bs" | "ar", [baseline: TestOutcome, system: TestOutcome]>>;
  };
};

const { hypotheses, references } = generatePairs();
const NAMES: Readonly<Record<string, string>> = {
  tokenize: "tokenizer",
  max_ngram_order: "maxOrder",
};

function makeMetric({ metric, options }: Pick<Expected, "metric" | "options">): Metric {
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const ours = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [NAMES[name] ?? camel(name), value]),
  );
  return { bleu, chrf, ter }[metric](ours);
}

it("the pairs are those that sacreBLEU has scored", () => {
  const text = [...hypotheses, ...references.flat()].join("\n");
  expect(createHash("sha256").update(text).digest("hex")).toBe(fixture.text);
});

describe("ten thousand pairs have sacreBLEU's scores to the last printed digit, the corpus within 1e-9", () => {
  it.each(
    fixture.scores.map((expected) => [expected.metric, JSON.stringify(expected.options), expected] as const),
  )("%s %s", (_, __, expected) => {
    const metric = makeMetric(expected);
    const used = references.slice(0, expected.references);
    const rows = measureSegments(metric, hypotheses, used);
    const scores = rows.map((row) => metric.score(row));
    for (const [i, corner] of expected.corners.entries())
      expect(
        scores[7 * i],
        JSON.stringify([hypotheses[7 * i], used.map((stream) => stream[7 * i])]),
      ).toBeCloseTo(corner, 8);
    expect(expected.corners).toHaveLength(Math.ceil(CORNER_PAIRS / 7));
    expect(metric.score(sumStatistics(rows))).toBeCloseTo(expected.corpus, 9);
    expect(metric.signature(referenceCount(used, hypotheses.length))).toBe(expected.signature);
    const printed = scores.map((score) => formatDecimal(score, 2)).join("\n");
    expect(createHash("sha256").update(printed).digest("hex")).toBe(expected.sha256);
  });
});

describe("significance tests on the same resamples have sacreBLEU's p-values and intervals", () => {
  const { begin, size, trials, results } = fixture.tests;
  const slice = (lines: readonly string[]) => lines.slice(begin, begin + size);
  const below = congruential(12345);
  const draw = (bound: number) =>
    Array.from({ length: trials }, () => Int32Array.from({ length: size }, () => below(bound)));
  const samples = draw(size);
  const swaps = draw(2);

  it.each(["bleu", "chrf", "ter"] as const)("%s", (name) => {
    const metric = makeMetric({ metric: name, options: {} });
    const measure = (lines: readonly string[]) =>
      measureSegments(metric, slice(lines), [slice(references[0]!)]);
    const [baseline, system] = [measure(references[1]!), measure(hypotheses)];
    const bootstrap = pairedBootstrap(metric, baseline, system, samples);
    const [expectedBaseline, expectedSystem] = results[name].bs;
    expect(bootstrap.trials).toBe(trials);
    expect(bootstrap.pValue).toBeCloseTo(expectedSystem.p!, 12);
    for (const [interval, expected] of [
      [bootstrap.baseline, expectedBaseline],
      [bootstrap.system, expectedSystem],
    ] as const) {
      // sacreBLEU works with 24 bits of precision here.
      expect(interval.mean).toBeCloseTo(expected.mean!, 3);
      expect(interval.halfWidth).toBeCloseTo(expected.ci!, 3);
    }
    const randomisation = pairedRandomisation(metric, baseline, system, swaps);
    expect(randomisation).toEqual({ trials, pValue: expect.closeTo(results[name].ar[1].p!, 12) });
  });
});
