import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BleuTokenizer, bleuTokenizers } from "../../src/evaluation/tokenizers.ts";

/** Made by tests/fixtures/bleu/make_fixtures.py. */
const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/bleu/tokens.json", import.meta.url), "utf8"),
) as {
  readonly texts: string[];
  readonly tokens: Record<BleuTokenizer, string[][]>;
};
const names = Object.keys(bleuTokenizers) as BleuTokenizer[];

describe.each(names)("tokenizer %s", (name) => {
  const tokenize = bleuTokenizers[name];

  it.each(fixture.texts.map((text, index) => [text, index] as const))(
    "cuts %j as sacreBLEU does",
    (text, index) => {
      expect(tokenize(text)).toEqual(fixture.tokens[name][index]);
    },
  );

  it("gives tokens without white space, none of them empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(tokenize(text).filter((token) => token === "" || /\p{White_Space}/u.test(token))).toEqual([]);
      }),
    );
  });

  it("comes to an end with a long run of spaces, points or digits", () => {
    const long = `a${" ".repeat(100_000)}b${".".repeat(100_000)}${"7".repeat(100_000)}`;
    expect(tokenize(long).length).toBeGreaterThan(1);
  });
});

describe("the tokenizers differ in", () => {
  const text = "价格是1,000元(约 140 dollars).";

  it.each([
    ["13a", ["价格是1,000元", "(", "约", "140", "dollars", ")", "."]],
    ["zh", ["价", "格", "是", "1,000", "元", "(", "约", "140", "dollars", ")", "."]],
    ["none", ["价格是1,000元(约", "140", "dollars)."]],
    ["char", [...text.replaceAll(" ", "")]],
  ] as const)("how %s cuts Chinese, numbers and brackets", (name, tokens) => {
    expect(bleuTokenizers[name](text)).toEqual(tokens);
  });
});
