import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extenderOf } from "../../src/text/extend.ts";
import type { Extension, Tokenizer } from "../../src/text/tokenizer.ts";
import { learnTokenizer, tokenizerFromJSON } from "../../src/text/tokenizerKinds.ts";
import type { VocabularyLimits } from "../../src/text/vocabulary.ts";
import { oneLine } from "../io/oneLine.ts";

function extended(tokenizer: Tokenizer, lines: readonly string[], limits: VocabularyLimits = {}): Extension {
  const extender = extenderOf(tokenizer, limits);
  for (const line of lines) extender.add(line);
  return extender.finish();
}

function added(before: Tokenizer, { tokenizer }: Extension): readonly string[] {
  const { tokens } = tokenizer.vocabulary;
  expect(tokens.slice(0, before.vocabulary.size)).toEqual(before.vocabulary.tokens);
  return tokens.slice(before.vocabulary.size);
}

describe("words", () => {
  const before = learnTokenizer(["the cat sat", "the dog ran"], { kind: "word" });

  it("that are lacking come after the old ones, the most frequent first", () => {
    const after = extended(before, ["a bird sang", "the bird ran"]);
    expect(added(before, after)).toEqual(["bird", "a", "sang"]);
    expect(after.parts).toEqual([[], [], []]);
    expect(after.tokenizer.decode(after.tokenizer.encode("a bird sat"))).toBe("a bird sat");
  });

  it("are as many as the limits allow", () => {
    const lines = ["a bird sang", "the bird ran"];
    expect(added(before, extended(before, lines, { minFrequency: 2 }))).toEqual(["bird"]);
    const { size } = before.vocabulary;
    expect(added(before, extended(before, lines, { vocabularySize: size + 2 }))).toEqual(["bird", "a"]);
    expect(added(before, extended(before, lines, { vocabularySize: size }))).toEqual([]);
    expect(oneLine(() => extenderOf(before, { vocabularySize: size - 1 }))).toBe(
      `the vocabulary size is ${size - 1}, but the model has ${size}. Give a whole number above ${size}.`,
    );
  });

  it("that were read as other words have these for parts", () => {
    const chinese = learnTokenizer(["说", "话"], { kind: "word", language: "zh" });
    const after = extended(chinese, ["说话"]);
    const [word] = added(chinese, after);
    expect(word).toBe("说话");
    expect(after.parts).toEqual([[...chinese.encode("说话")]]);
    expect(after.parts[0]!.map((id) => chinese.vocabulary.token(id))).toEqual(["说", "话"]);
  });

  it("never become special tokens", () => {
    expect(added(before, extended(before, ["the <s> cat </s>"]))).not.toContain("<s>");
  });
});

it("characters that are lacking come after the old ones", () => {
  const before = learnTokenizer(["abc cba"], { kind: "char" });
  const after = extended(before, ["abba dada"]);
  expect(added(before, after)).toEqual(["d"]);
  expect(after.parts).toEqual([[]]);
  expect(after.tokenizer.decode(after.tokenizer.encode("bad dad"))).toBe("bad dad");
});

it.each(["word", "char"] as const)("tags stay what they are: %s", (kind) => {
  const before = learnTokenizer(["ab ba"], { kind, tags: ["<2de>"] });
  const after = extended(before, ["<2de> abc", "cab <2de>"]);
  expect(added(before, after)).toEqual(kind === "char" ? ["c"] : ["abc", "cab"]);
  expect(after.tokenizer.tags).toEqual(["<2de>"]);
  const [tag, ...text] = after.tokenizer.encode("<2de> cab");
  expect(tag).toBe(before.vocabulary.id("<2de>"));
  expect(after.tokenizer.decode(text)).toBe("cab");
});

describe("tags that are new", () => {
  const tags = ["<2de>", "<2fr>"];

  it.each(["word", "char"] as const)(
    "come first after the old tokens, with those that there were: %s",
    (kind) => {
      const before = learnTokenizer(["ab ba"], { kind, tags: ["<2de>"] });
      const after = extended(before, ["abc"], { tags });
      expect(added(before, after)).toEqual(["<2fr>", kind === "char" ? "c" : "abc"]);
      expect(after.parts).toEqual([[], []]);
      expect(after.tokenizer.tags).toEqual(tags);
      const again = tokenizerFromJSON(after.tokenizer.toJSON());
      expect(again.encodeTokens("<2fr>ab")).toEqual(["<2fr>", ...before.encodeTokens("ab")]);
    },
  );

  it("are taken into a tokenizer that had none, also where they were words before", () => {
    const before = learnTokenizer(["__de__ ab"], { kind: "word" });
    const old = before.vocabulary.id("__de__");
    const after = extended(before, ["ab"], { tags: ["__de__", "<2fr>"] });
    expect(added(before, after)).toEqual(["<2fr>"]);
    expect([...after.tokenizer.encode("__de__ab")]).toEqual([old, before.vocabulary.id("ab")]);
  });

  it("let byte-pair encoding grow by themselves, or with merges behind them", () => {
    const before = learnTokenizer(["low lower lowest"], { kind: "bpe", vocabularySize: 270 });
    const alone = extended(before, ["newest newest"], { tags });
    expect(added(before, alone)).toEqual(tags);
    expect(alone.parts).toEqual([[], []]);
    expect(alone.tokenizer.encodeTokens("<2de> lower")).toEqual(["<2de>", ...before.encodeTokens("lower")]);
    const size = before.vocabulary.size + 3;
    const more = extended(before, ["newest newest"], { tags, vocabularySize: size });
    expect(added(before, more).slice(0, 2)).toEqual(tags);
    expect(more.tokenizer.vocabulary.size).toBe(size);
    expect(more.parts.map(({ length }) => length)).toEqual([0, 0, 2]);
    expect(tokenizerFromJSON(more.tokenizer.toJSON()).tags).toEqual(tags);
  });

  it("need room, and may not be what they cannot be", () => {
    const before = learnTokenizer(["ab"], { kind: "word" });
    const { size } = before.vocabulary;
    expect(oneLine(() => extenderOf(before, { tags, vocabularySize: size + 1 }))).toBe(
      `the vocabulary size is ${size + 1}, but the model has ${size}, and takes in <2de>, <2fr>. Give a whole number above ${size + 2}.`,
    );
    expect(oneLine(() => extenderOf(before, { tags: ["<s>"] }))).toMatch(/^"<s>" can be no tag\. /);
    const padded = learnTokenizer(["ab"], { kind: "bpe", vocabularySize: 262 });
    const json = JSON.parse(JSON.stringify(padded.toJSON()));
    json.model.vocab["<pad>"] = padded.vocabulary.size;
    json.added_tokens.push({ ...json.added_tokens[0], id: padded.vocabulary.size, content: "<pad>" });
    expect(oneLine(() => extenderOf(tokenizerFromJSON(json), { tags: ["<pad>"] }))).toBe(
      "<pad> is a special token of the model, and can be no tag. Call the tag something else.",
    );
  });
});

describe("byte-pair encoding", () => {
  const before = learnTokenizer(["low lower lowest", "new newer"], { kind: "bpe", vocabularySize: 270 });
  const lines = ["newest slowest newest slowest newest"];
  const vocabularySize = before.vocabulary.size + 4;

  it("merges pieces of the new text on top, whose parts are the old pieces", () => {
    const after = extended(before, lines, { vocabularySize });
    const tokens = added(before, after);
    expect(tokens).toHaveLength(4);
    for (const [i, token] of tokens.entries()) {
      const parts = after.parts[i]!.map((id) => before.vocabulary.token(id));
      expect(parts.join("")).toBe(token);
    }
    expect(after.tokenizer.encode(lines[0]!).length).toBeLessThan(before.encode(lines[0]!).length);
  });

  it("gives back every text, and what was read by old pieces alone is read so still", () => {
    const { tokenizer } = extended(before, lines, { vocabularySize });
    const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect([...again.encode(text)]).toEqual([...tokenizer.encode(text)]);
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(before.decode(before.encode(text)));
      }),
    );
    expect([...tokenizer.encode("lower new")]).toEqual([...before.encode("lower new")]);
  });

  it("is told how far to grow", () => {
    const { size } = before.vocabulary;
    expect(oneLine(() => extenderOf(before, {}))).toBe(
      `byte-pair encoding of ${size} entries grows only when told how far. Give --vocab-size above ${size}, or leave out --extend-vocabulary: its pieces spell new words too.`,
    );
  });

  it("of characters takes in those that it lacks", () => {
    const json = {
      version: "1.0",
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: null,
      model: {
        type: "BPE",
        unk_token: "<unk>",
        vocab: { "<unk>": 0, "<s>": 1, "</s>": 2, a: 3, b: 4, ab: 5 },
        merges: [["a", "b"]],
      },
    };
    const characters = tokenizerFromJSON(json);
    const after = extended(characters, ["abc abc"], { vocabularySize: 8 });
    expect(added(characters, after)).toEqual(["c", "abc"]);
    expect(after.parts).toEqual([[], []]);
    expect([...after.tokenizer.encode("abc")]).toEqual([7]);
    const marked = { ...json, model: { ...json.model, end_of_word_suffix: "</w>" } };
    expect(oneLine(() => extenderOf(tokenizerFromJSON(marked), { vocabularySize: 9 }))).toBe(
      "to byte-pair encoding with marks inside words, whole words or byte tokens, or of SentencePiece, no merges can be added. Leave out --extend-vocabulary.",
    );
  });
});
