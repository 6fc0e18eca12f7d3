import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import { type BleuScore, corpusBleu } from "../../src/evaluation/bleu.ts";
import type { BleuTokenizer } from "../../src/evaluation/tokenizers.ts";

interface Settings {
  readonly tokenizer: BleuTokenizer;
  readonly lowercase: boolean;
  /** How many of the streams are used. */
  readonly references: number;
}

/** Made by tests/fixtures/bleu/make_fixtures.py. */
const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/bleu/scores.json", import.meta.url), "utf8"),
) as {
  readonly sacrebleu: string;
  readonly hypotheses: string[];
  readonly references: string[][];
  readonly corpora: (Settings & BleuScore & { readonly begin: number; readonly end: number })[];
  readonly segments: (Settings & { readonly scores: number[] })[];
};

/** Far below the two decimals that are printed; only the last bits of exp and log may differ. */
const TOLERANCE = 1e-9;

function scoreSlice(settings: Settings, begin: number, end: number): BleuScore {
  const streams = fixture.references.slice(0, settings.references);
  return corpusBleu(
    fixture.hypotheses.slice(begin, end),
    streams.map((stream) => stream.slice(begin, end)),
    { tokenizer: settings.tokenizer, lowercase: settings.lowercase },
  );
}

const title = ({ tokenizer, lowercase, references }: Settings) =>
  `${tokenizer}, ${lowercase ? "lowercased" : "mixed case"}, ${references} reference(s)`;

describe("corpusBleu against sacreBLEU: within 1e-9", () => {
  it.each(
    fixture.corpora.map((corpus) => [`${title(corpus)}, [${corpus.begin}, ${corpus.end})`, corpus] as const),
  )("corpus: %s", (_, expected) => {
    const actual = scoreSlice(expected, expected.begin, expected.end);
    expect(Math.abs(actual.score - expected.score)).toBeLessThan(TOLERANCE);
    expect(Math.abs(actual.brevityPenalty - expected.brevityPenalty)).toBeLessThan(TOLERANCE);
    for (const [index, precision] of expected.precisions.entries())
      expect(Math.abs((actual.precisions[index] as number) - precision)).toBeLessThan(TOLERANCE);
    expect(actual.hypothesisLength).toBe(expected.hypothesisLength);
    expect(actual.referenceLength).toBe(expected.referenceLength);
    expect(actual.signature).toBe(expected.signature);
  });

  it.each(fixture.segments.map((settings) => [title(settings), settings] as const))(
    "each segment on its own: %s",
    (_, settings) => {
      const wrong = settings.scores
        .map((expected, index) => ({ index, expected, actual: scoreSlice(settings, index, index + 1).score }))
        .filter(({ expected, actual }) => !(Math.abs(actual - expected) < TOLERANCE));
      expect(settings.scores).toHaveLength(fixture.hypotheses.length);
      expect(wrong).toEqual([]);
    },
  );

  it("covers all, some and no matches", () => {
    const scores = fixture.segments.flatMap((settings) => settings.scores);
    expect(scores.some((score) => score > 99.999)).toBe(true);
    expect(scores.some((score) => score > 1 && score < 99)).toBe(true);
    expect(scores.some((score) => score === 0)).toBe(true);
  });
});

describe("corpusBleu by hand", () => {
  it("multiplies the geometric mean of the precisions and the brevity penalty", () => {
    // 5 of 6, 3 of 5, 1 of 4 and, smoothed, half of 3 n-grams; six tokens against seven.
    const { score, precisions, brevityPenalty } = corpusBleu(["a b c x d e"], [["a b c d e f g"]]);
    expect(precisions).toEqual([500 / 6, 60, 25, 50 / 3]);
    expect(brevityPenalty).toBeCloseTo(Math.exp(1 - 7 / 6), 12);
    expect(score).toBeCloseTo(100 * ((5 * 3 * 1 * 0.5) / (6 * 5 * 4 * 3)) ** 0.25 * Math.exp(1 - 7 / 6), 9);
  });

  it("halves the credit of each further order without a match", () => {
    expect(corpusBleu(["a b c d e"], [["a y c z e"]]).precisions).toEqual([60, 50 / 4, 25 / 3, 12.5 / 2]);
  });

  it("clips repeated words at the reference that has most of them", () => {
    const { precisions } = corpusBleu(["the the the the"], [["the cat"], ["the the cat"]]);
    expect(precisions[0]).toBe(50);
  });

  it("takes the closest reference length, of two equally close the shorter, and sums over segments", () => {
    const hypotheses = ["a b c d", "a b c d"];
    const references = [
      ["a b c d e", "a"],
      ["a b c", "a b c d e f"],
    ];
    expect(corpusBleu(hypotheses, references).referenceLength).toBe(3 + 6);
  });

  it("scores 0, not NaN, where there is nothing to count", () => {
    expect(corpusBleu([""], [[""]])).toMatchObject({ score: 0, brevityPenalty: 1, precisions: [0, 0, 0, 0] });
    expect(corpusBleu([""], [["a b c d"]])).toMatchObject({ score: 0, brevityPenalty: 0 });
    expect(corpusBleu(["a b c"], [["a b c"]]).score).toBe(0);
    expect(corpusBleu(["constructor __proto__ a b"], [["x"]]).score).toBe(0);
  });

  it("says how it was made, as sacreBLEU does", () => {
    expect(corpusBleu(["a"], [["a"]]).signature).toBe(
      `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:${fixture.sacrebleu}`,
    );
    expect(corpusBleu(["a"], [["a"], ["b"]], { tokenizer: "zh", lowercase: true }).signature).toBe(
      `nrefs:2|case:lc|eff:no|tok:zh|smooth:exp|version:${fixture.sacrebleu}`,
    );
  });

  it.each([
    [["a", "b", "c"], [["a", "b"]], "hypotheses and references differ in number: 3 and 2"],
    [["a"], [["a"], ["a", "b"]], "references of stream 2 differ in number: 1 and 2"],
    [["a"], [], "no references"],
    [[], [["a", "b"]], "differ in number: 0 and 2"],
    [[], [[]], "no hypotheses"],
  ])("refuses %j against %j", (hypotheses, references, message) => {
    const act = () => corpusBleu(hypotheses, references);
    expect(act).toThrow(XformerError);
    expect(act).toThrow(expect.objectContaining({ code: "DATA", message: expect.stringContaining(message) }));
  });
});

describe("corpusBleu always", () => {
  const line = fc
    .array(fc.constantFrom("a", "b", "c", ".", "1,5"), { maxLength: 9 })
    .map((words) => words.join(" "));
  const corpus = fc.array(fc.tuple(line, line, line), { minLength: 1, maxLength: 12 });
  const scoreOf = (rows: readonly (readonly [string, string, string])[]) =>
    corpusBleu(
      rows.map((row) => row[0]),
      [rows.map((row) => row[1]), rows.map((row) => row[2])],
    ).score;

  it("lies between 0 and 100", () => {
    fc.assert(
      fc.property(corpus, (rows) => {
        const score = scoreOf(rows);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100 + TOLERANCE);
      }),
    );
  });

  it("does not depend on the order of segments or of references", () => {
    fc.assert(
      fc.property(corpus, (rows) => {
        const swapped = [...rows].reverse().map(([a, b, c]) => [a, c, b] as const);
        expect(scoreOf(swapped)).toBe(scoreOf(rows));
      }),
    );
  });

  it("is 100 for a corpus equal to one of its references, if some segment has four tokens", () => {
    fc.assert(
      fc.property(corpus, (rows) => {
        const equal = [...rows, ["a b c d", "", "e"] as const].map(([a, b]) => [a, a, b] as const);
        expect(scoreOf(equal as never)).toBeCloseTo(100, 9);
      }),
    );
  });
});
