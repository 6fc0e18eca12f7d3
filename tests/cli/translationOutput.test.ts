import { describe, expect, it } from "vitest";
import { formatTranslation, type OutputFlags } from "../../src/cli/translationOutput.ts";
import type { TranslatedHypothesis, Translation } from "../../src/decoding/translation.ts";

const hypothesis = (text: string): TranslatedHypothesis => ({
  ...{ text, tokens: [text], logProbability: -1, score: -0.5, tokenLogProbabilities: [-1], ended: true },
  alignment: [],
});
const TEXTS = ["a\nb", "c\r\td", "e\0f\u0085g\u2028h"];
const translation: Translation = {
  ...{ text: TEXTS[0]!, sourceTokens: 1, unknownTokens: 0, overLong: false, overLongPieces: 0, pieces: 1 },
  hypotheses: TEXTS.map(hypothesis),
};

describe("what a model says with line ends and tabs in it", () => {
  it.each<[OutputFlags, lines: number, columns: number]>([
    [{}, 1, 1],
    [{ scores: true }, 1, 3],
    [{ scores: true, alignments: "words" }, 1, 4],
    [{ nBest: 3 }, 3, 1],
    [{ nBest: 3, alignments: "words" }, 3, 1],
  ])("is one line a translation, with the columns asked for: %j", (flags, lines, columns) => {
    const text = formatTranslation(1, "x", translation, flags);
    const split = text.split("\n");
    expect(split).toHaveLength(lines + 1);
    expect(split[0]!.split("\t")).toHaveLength(columns);
    expect(text.replaceAll("\n", "").replaceAll("\t", "")).not.toMatch(/[\p{Cc}\u2028]/u);
  });

  it("is kept in JSON", () => {
    const { nBest } = JSON.parse(formatTranslation(1, "x", translation, { json: true }));
    expect(nBest.map((each: { translation: string }) => each.translation)).toEqual(TEXTS);
  });
});
