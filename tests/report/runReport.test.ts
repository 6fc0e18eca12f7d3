import { describe, expect, it } from "vitest";
import {
  type EvaluationMetric,
  type Measured,
  measureLikelihood,
  measureText,
} from "../../src/evaluation/metrics.ts";
import {
  comparisonOf,
  heldOut,
  REPORTED,
  samplesOver,
  scoresOf,
  secondsOf,
  tableOf,
} from "../../src/report/runReport.ts";

const SOURCE = ["s0", "s1", "s2"];
const TARGET = ["a b c d", "e f g h", "i j k l"];

/** What is measured of translations, with so many nats for each reference of five tokens. */
function measuredOf(translations: readonly string[], nats: readonly number[]): Measured[] {
  const rows = nats.map((each) => [each, 5, 4]);
  return REPORTED.map((metric) =>
    metric === "loss" || metric === "perplexity" || metric === "token-accuracy"
      ? measureLikelihood(metric, rows)
      : measureText(metric as "bleu", translations, [TARGET]),
  );
}

describe("sentences of a run over time", () => {
  const record = (step: number, ...translations: string[]) => ({
    step,
    valid: {},
    samples: translations.map((translation, i) => ({ source: SOURCE[i], reference: TARGET[i], translation })),
  });

  it("say what they said before once", () => {
    const records = [
      { step: 1, loss: 3 },
      record(2, "a", "e"),
      record(4, "a", "e f"),
      record(6, "a b c d", "e f"),
    ];
    expect(samplesOver(records)).toEqual([
      {
        source: "s0",
        reference: "a b c d",
        translations: [
          { from: 2, to: 4, text: "a" },
          { from: 6, to: 6, text: "a b c d" },
        ],
      },
      {
        source: "s1",
        reference: "e f g h",
        translations: [
          { from: 2, to: 2, text: "e" },
          { from: 4, to: 6, text: "e f" },
        ],
      },
    ]);
  });

  it("are none in a run that kept none, or that is damaged", () => {
    const strange = [{ step: 1, samples: "a" }, { step: 2, samples: [null, { source: 1 }] }, { samples: [] }];
    expect(samplesOver([{ step: 1, valid: { loss: 1 } }, ...strange])).toEqual([]);
  });
});

it("held-out pairs have the scores, the best and the worst, each with its own loss", () => {
  const translations = ["a b c d", "e f g x", "q"];
  const pairs = {
    source: SOURCE,
    target: TARGET,
    translations,
    measured: measuredOf(translations, [1, 2, 10]),
  };
  const found = heldOut(pairs, "test", false);
  expect(found.pairs).toBe(3);
  expect(found.scores.map(({ metric }) => metric)).toEqual(REPORTED);
  expect(found.scores.find(({ metric }) => metric === "loss")!.score).toBeCloseTo(13 / 15);
  expect(found.worst.map(({ source, loss }) => [source, loss])).toEqual([
    ["s2", 2],
    ["s1", 0.4],
  ]);
  expect(found.best[0]).toEqual({
    source: "s0",
    reference: "a b c d",
    translation: "a b c d",
    chrf: 100,
    loss: 0.2,
  });
});

describe("runs that are compared", () => {
  const good = { name: "good", measured: measuredOf(TARGET, [1, 1, 1]) };
  const bad = { name: "bad", measured: measuredOf(["q", "q", "q"], [9, 9, 9]) };
  const pairs = { from: "test", pairs: 3 };
  const metricsOf = (oneVocabulary: boolean): EvaluationMetric[] =>
    comparisonOf([good, bad], pairs, oneVocabulary).differences.map(({ metric }) => metric);

  it("are held against the first, in losses only where they have one vocabulary", () => {
    expect(metricsOf(false)).toEqual(["bleu", "chrf", "exact-match"]);
    expect(metricsOf(true)).toEqual(["bleu", "chrf", "exact-match", "loss"]);
    const { baseline, differences } = comparisonOf([good, bad, good], pairs, true);
    expect(baseline).toBe("good");
    expect(differences.map(({ run }) => run)).toEqual([...Array(4).fill("bad"), ...Array(4).fill("good")]);
    expect(differences[2]).toMatchObject({ score: 0, baselineScore: 100, difference: -100 });
    expect(differences[3]!.difference).toBeCloseTo(1.6);
    for (const { difference, bootstrap, randomisation } of differences.slice(4))
      expect([difference, bootstrap, randomisation]).toEqual([0, 1, 1]);
  });

  it("stand in a table, in which losses of unlike vocabularies are not better or worse", () => {
    const row = ({ name, measured }: typeof good) => ({
      ...{ name, parameters: 10, steps: 5, seconds: null, bestStep: 4 },
      scores: scoresOf(measured),
    });
    const better = (oneVocabulary: boolean) =>
      tableOf([row(good), row(bad)], oneVocabulary).columns.map((column) => column.better);
    expect(better(true).slice(4)).toEqual(["higher", "higher", "higher", "lower", "lower", "higher"]);
    expect(better(false).slice(4)).toEqual(["higher", "higher", "higher", undefined, undefined, undefined]);
    const { rows, columns } = tableOf([row(good), { ...row(bad), scores: [] }], true);
    expect(rows[0]!.cells.slice(0, 5)).toEqual([10, 5, null, 4, expect.closeTo(100)]);
    expect(rows[1]!.cells).toEqual([10, 5, null, 4, ...Array(columns.length - 4).fill(null)]);
  });
});

it("a run has trained as long as its last line with a time says", () => {
  expect(secondsOf([{ step: 1, elapsedSeconds: 2 }, { step: 2, elapsedSeconds: 5.5 }, { step: 2 }])).toBe(
    5.5,
  );
  expect(secondsOf([{ step: 1 }])).toBeNull();
});
