import { expect, it } from "vitest";
import type { CorpusReport } from "../../src/data/check/check.ts";
import type { Bin } from "../../src/data/check/lengths.ts";
import type { SideReport } from "../../src/data/check/sideStatistics.ts";
import { checkDocument } from "../../src/report/check.ts";
import { fitSettings } from "../../src/training/settings/fit.ts";

function side(...counts: readonly number[]): SideReport {
  const histogram: Bin[] = counts.map((count, i) => ({ from: 2 * i + 1, to: 2 * i + 2, count }));
  const lengths = { least: 1, median: 1, mean: 1, percentile99: 1, most: 1 };
  return {
    script: null,
    scripts: {},
    unit: "words",
    total: 1,
    lengths,
    histogram,
    vocabulary: 1,
    unknown: null,
  };
}

const CORPUS: CorpusReport = {
  path: "pairs.tsv",
  part: "train",
  files: { source: "pairs.tsv", target: "pairs.tsv" },
  rows: 2,
  pairs: 2,
  source: side(0, 1800, 900, 1, 0),
  target: side(2),
  lengthRatio: { median: 1, factor: 3 },
  findings: [],
};

const VOCABULARY = { source: 1, target: 1 };

it("lengths are shown without the empty end", () => {
  const blocks = checkDocument({ corpora: [CORPUS], vocabulary: VOCABULARY, errors: 0, warnings: 0 });
  expect(blocks.find(({ kind }) => kind === "histograms")).toEqual({
    kind: "histograms",
    sides: [
      {
        title: "source, words",
        bars: [
          { label: "1-2", count: 0 },
          { label: "3-4", count: 1800 },
          { label: "5-6", count: 900 },
          { label: "7-8", count: 1 },
        ],
      },
      { title: "target, words", bars: [{ label: "1-2", count: 2 }] },
    ],
  });
});

it("says what a training would choose", () => {
  const shape = { pairs: 3600, sourceTokens: 40_000, targetTokens: 40_000, vocabulary: 40, validPairs: 0 };
  const blocks = checkDocument(
    { corpora: [CORPUS], vocabulary: VOCABULARY, errors: 0, warnings: 0 },
    fitSettings(shape),
  );
  const rows = blocks.flatMap((block) => (block.kind === "facts" ? block.rows : []));
  expect(rows.slice(-3).map(([, text]) => text)).toEqual([
    "would choose by these lengths, of 3,600 pairs to train on:",
    expect.stringMatching(/^preset small, norm pre, dropout 0\.\d+$/),
    expect.stringMatching(/^\d+ epochs, batches of \d+ tokens, rate up to 0\.\d+, then linear$/),
  ]);
});

it("a corpus without pairs has nothing to be measured", () => {
  const kinds = checkDocument({
    corpora: [{ ...CORPUS, pairs: 0 }],
    vocabulary: VOCABULARY,
    errors: 1,
    warnings: 0,
  }).map(({ kind }) => kind);
  expect(kinds).toEqual(["line", "gap", "line"]);
});
