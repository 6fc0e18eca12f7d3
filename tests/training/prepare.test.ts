import { describe, expect, it } from "vitest";
import type { Corpus } from "../../src/data/corpus.ts";
import { learnTokenizers, prepareCorpus, type TokenizerConfig } from "../../src/training/prepare.ts";
import { oneLine } from "../io/oneLine.ts";

const CONFIG: TokenizerConfig = { kind: "char", lowercase: false, minFrequency: 1, vocabularySize: null };
const LANGUAGES = { source: "zh", target: "en" };

function corpus(...pairs: [source: string, target: string][]): Corpus {
  const [source, target] = [pairs.map(([text]) => text), pairs.map(([, text]) => text)];
  return { name: "test", source, target, files: { source: "train.zh", target: "train.en" } };
}

describe("learnTokenizers", () => {
  it("learns each side from its own text", () => {
    const { source, target } = learnTokenizers(corpus(["ab", "xy"], ["a", "z"]), CONFIG, LANGUAGES, false);
    expect(source.vocabulary.tokens.slice(3)).toEqual(["a", "b"]);
    expect(target.vocabulary.tokens.slice(3)).toEqual(["x", "y", "z"]);
  });

  it("learns one for both sides when their embeddings are one", () => {
    const { source, target } = learnTokenizers(corpus(["ab", "by"]), CONFIG, LANGUAGES, true);
    expect(source).toBe(target);
    expect(source.vocabulary.tokens.slice(3)).toEqual(["b", "a", "y"]);
  });

  it("each side in its own language, by which words are told apart", () => {
    const words = { ...CONFIG, kind: "word" } as const;
    const text = corpus(["我们学习。", "We learn."], ["We learn.", "我们学习。"]);
    const { source, target } = learnTokenizers(text, words, LANGUAGES, false);
    expect(source.decode(source.encode("我们学习。"))).toBe("我们学习。");
    expect(target.decode(target.encode("We learn."))).toBe("We learn.");
    expect(JSON.stringify(source.toJSON())).not.toBe(JSON.stringify(target.toJSON()));
  });

  it("passes the limits on", () => {
    const pairs = corpus(["aabbc", "XXy"], ["a", "x"]);
    const rare = learnTokenizers(pairs, { ...CONFIG, minFrequency: 2, lowercase: true }, LANGUAGES, false);
    expect(rare.source.vocabulary.tokens.slice(3)).toEqual(["a", "b"]);
    expect(rare.target.vocabulary.tokens.slice(3)).toEqual(["x"]);
    const few = learnTokenizers(pairs, { ...CONFIG, vocabularySize: 4 }, LANGUAGES, false);
    expect(few.source.vocabulary.tokens.slice(3)).toEqual(["a"]);
    expect(oneLine(() => learnTokenizers(pairs, { ...CONFIG, vocabularySize: 3 }, LANGUAGES, true))).toBe(
      "the vocabulary size is 3. Give a whole number from 4: 3 entries are special tokens.",
    );
  });
});

describe("prepareCorpus", () => {
  const tokenizers = learnTokenizers(corpus(["abc", "xyz"]), CONFIG, LANGUAGES, false);

  it("encodes the pairs, leaves out those with a side that is too long, and counts", () => {
    const pairs = corpus(["a?b", "x"], ["abca", "x"], ["c", "xy?!"], ["c", "xyz"], ["abc", "?yz"]);
    expect(prepareCorpus(pairs, tokenizers, 3)).toEqual({
      pairs: [
        { source: Int32Array.of(3, 0, 4), target: Int32Array.of(3), index: 0 },
        { source: Int32Array.of(5), target: Int32Array.of(3, 4, 5), index: 3 },
        { source: Int32Array.of(3, 4, 5), target: Int32Array.of(0, 4, 5), index: 4 },
      ],
      skipped: 2,
      ...{ sourceTokens: 7, targetTokens: 7, unknownSource: 1, unknownTarget: 1, longestTarget: 3 },
    });
    expect(prepareCorpus(pairs, tokenizers, 4)).toMatchObject({ skipped: 0, longestTarget: 4 });
  });

  it("refuses a corpus of which nothing is left", () => {
    expect(oneLine(() => prepareCorpus(corpus(["abc", "x"], ["a", "xyz"]), tokenizers, 2))).toBe(
      "train.zh: every pair has a side of more than 2 tokens. Raise --max-length.",
    );
  });
});
