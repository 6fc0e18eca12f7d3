import { describe, expect, it } from "vitest";
import {
  align,
  hardAlignment,
  joinAlignments,
  pharaoh,
  unitsOfTokens,
} from "../../src/decoding/alignments.ts";
import { meanCrossAttention } from "../../src/decoding/crossAttention.ts";
import { createRandom } from "../../src/random.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import {
  makeModel,
  makePairs,
  makeWorkbench,
  poisonScratch,
  randomSentences,
  SMALL_MODEL,
} from "../support/engine.ts";

describe("alignments", () => {
  // Three target tokens and END, two source tokens and END, to which most goes but does not count.
  const weights = {
    rows: 4,
    columns: 3,
    values: Float32Array.of(0.1, 0.2, 0.7, 0.4, 0.3, 0.3, 0.25, 0.25, 0.5, 0, 0, 1),
  };

  it("take the source token that a target token attends to most, the first of equals, END left out", () => {
    expect(hardAlignment(weights)).toEqual([
      [1, 0],
      [0, 1],
      [0, 2],
    ]);
  });

  it("between words have each link once", () => {
    const { links } = align(weights, [0, 0], [0, 0, 1]);
    expect(pharaoh(links)).toBe("0-0 0-1");
  });

  it("of pieces count on", () => {
    const piece = { links: [[1, 0]] as const, sourceUnits: 2, targetUnits: 3 };
    expect(pharaoh(joinAlignments([piece, piece]))).toBe("1-0 3-3");
  });

  it("number tokens, or the words that they are parts of", () => {
    const line = "I'm fine, Mr. Lee.";
    const tokenizer = learnTokenizer([line], { kind: "word", language: "en" });
    const ids = tokenizer.encode(line);
    const tokens = tokenizer.encodeTokens(line);
    expect(unitsOfTokens(ids, tokenizer, "tokens")).toEqual([...tokens.keys()]);
    const byWord = unitsOfTokens(ids, tokenizer, "words");
    expect(byWord.at(-1)).toBe(3);
    expect(byWord[tokens.findIndex((token) => token.startsWith("fine"))]).toBe(1);
  });
});

describe("meanCrossAttention", () => {
  const workbench = makeWorkbench("strict");
  const model = makeModel(workbench, SMALL_MODEL);
  const random = createRandom(1);
  const sources = randomSentences([4, 1, 9], SMALL_MODEL.sourceVocabSize, random);
  const targets = randomSentences([3, 5, 0], SMALL_MODEL.targetVocabSize, random);

  it("has a row a target token with END, whose weights sum to 1, whoever the neighbours are", () => {
    poisonScratch(workbench);
    const together = meanCrossAttention(model, workbench, makePairs(workbench, sources, targets));
    expect(together.map(({ rows, columns }) => [rows, columns])).toEqual([
      [4, 4],
      [6, 1],
      [1, 9],
    ]);
    for (const [b, weights] of together.entries()) {
      for (let row = 0; row < weights.rows; row++) {
        const values = weights.values.subarray(row * weights.columns, (row + 1) * weights.columns);
        expect(Math.abs(values.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-5);
      }
      poisonScratch(workbench);
      const pair = makePairs(workbench, [sources[b]!], [targets[b]!]);
      expect(meanCrossAttention(model, workbench, pair)).toEqual([weights]);
    }
  });
});
