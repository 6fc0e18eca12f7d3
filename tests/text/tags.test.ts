import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTag, leadingTag, tagged } from "../../src/text/tags.ts";
import { createTokenizerLearner, learnTokenizer, tokenizerFromJSON } from "../../src/text/tokenizerKinds.ts";
import { oneLine } from "../io/oneLine.ts";

const KINDS = ["word", "char", "bpe"] as const;
const LINES = ["I am good.", "She said <2de> twice.", "我很好。", "I <3 you"];
const TAGS = ["<2de>", "<2fr>", "<2deu>"];

it.each([
  ...["<2de>", ">>de<<", "__de__", "[to-de]", "@2de@"].map((tag) => [tag, true] as const),
  ...["2de", "de", "<>", "<2 de>", "<2de", "<s>", "</s>", "<unk>", "<2\\>", "<2é>", "", "▁2▁"].map(
    (tag) => [tag, false] as const,
  ),
])("%s is a tag: %s", (text, is) => {
  expect(isTag(text)).toBe(is);
});

describe.each(KINDS)("tags of %s", (kind) => {
  const tokenizer = learnTokenizer(LINES, { kind, tags: TAGS, language: "en" });
  const plain = learnTokenizer(
    LINES.map((line) => line.replace("<2de>", "")),
    { kind, language: "en" },
  );

  it("have the first ids, whether they were seen or not", () => {
    expect(tokenizer.vocabulary.tokens.slice(3, 6)).toEqual(TAGS);
    expect(tokenizer.tags).toEqual(TAGS);
  });

  it("are one token, wherever they stand, and the rest is as without", () => {
    const tokens = (text: string): string[] =>
      Array.from(tokenizer.encode(text), (id) => tokenizer.vocabulary.token(id));
    expect(tokens("<2de> I am good.")).toEqual(["<2de>", ...tokens("I am good.")]);
    expect(tokens("<2deu>I am good.")).toEqual(["<2deu>", ...tokens("I am good.")]);
    expect(tokens("I am <2fr> good.").filter((token) => token === "<2fr>")).toHaveLength(1);
    expect(tokenizer.encodeTokens("<2de> 我很好。")[0]).toBe("<2de>");
  });

  it("come back with the text", () => {
    for (const text of ["<2de> I am good.", "<2de>", "I <2fr> good", "I am good."])
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it("are in no token that was learned from the text", () => {
    const learned = tokenizer.vocabulary.tokens.slice(6);
    expect(learned).toEqual(plain.vocabulary.tokens.slice(3));
  });

  it("are still known when the tokenizer was stored", () => {
    const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
    expect(again.tags).toEqual(TAGS);
    expect(JSON.stringify(again)).toBe(JSON.stringify(tokenizer));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...TAGS, " ", "I am", "good"), fc.string())), (parts) => {
        const text = parts.join("");
        expect(again.encode(text)).toEqual(tokenizer.encode(text));
      }),
      { numRuns: 50 },
    );
  });

  it("count to the size of the vocabulary", () => {
    const size = kind === "bpe" ? 262 : 6;
    expect(oneLine(() => learnTokenizer(LINES, { kind, tags: TAGS, vocabularySize: size - 1 }))).toContain(
      "3 tags",
    );
    const least = kind === "bpe" ? size : size + 1;
    expect(learnTokenizer(LINES, { kind, tags: TAGS, vocabularySize: least }).vocabulary.size).toBe(least);
  });

  it("are put in front of lines without one", () => {
    expect(leadingTag(tokenizer, " <2deu> x")).toBe("<2deu>");
    expect(leadingTag(tokenizer, "x <2de>")).toBe(undefined);
    expect(tagged("x", "<2de>", tokenizer)).toBe("<2de> x");
    expect(tagged("<2fr> x", "<2de>", tokenizer)).toBe("<2fr> x");
    expect(tagged(" ", "<2de>", tokenizer)).toBe(" ");
    expect(tagged("x", undefined, tokenizer)).toBe("x");
  });
});

it("words are written for unknown tokens in their order, around tags too", () => {
  const tokenizer = learnTokenizer(["a b"], { kind: "word", tags: ["<2de>"] });
  const ids = tokenizer.encode("x a <2de> y b");
  expect(tokenizer.decode(ids, tokenizer.surfaces!("x y"))).toBe("x a <2de> y b");
  expect(tokenizer.surfaces!("x <2de> y")).toEqual(["x", "<2de>", "y"]);
});

it("what can be no tag is refused", () => {
  expect(oneLine(() => createTokenizerLearner({ kind: "word", tags: ["de"] }))).toBe(
    '"de" can be no tag. Give signs around ASCII letters or digits, without spaces, such as <2de>.',
  );
});

it("a stored tag that is not in the vocabulary is a damage", () => {
  const json = JSON.parse(JSON.stringify(learnTokenizer(["a"], { kind: "char", tags: ["<2de>"] })));
  json.added_tokens.at(-1).content = "<2fr>";
  expect(oneLine(() => tokenizerFromJSON(json, "t.json"))).toContain("no tag of the vocabulary");
});
