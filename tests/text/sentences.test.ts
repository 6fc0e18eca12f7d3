import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sentencesIn } from "../../src/text/sentences.ts";

describe("sentencesIn", () => {
  it.each([
    ["我有三个本子。她想去银行。", ["我有三个本子。", "她想去银行。"]],
    ["I am. You are?  Yes!", ["I am. ", "You are?  ", "Yes!"]],
    ["It is 3.5 m wide.", ["It is 3.5 m wide."]],
    ["Wait. \u{1f355} ...", ["Wait. \u{1f355} ..."]],
    ["No end", ["No end"]],
    ["", [""]],
  ])("%s", (text, sentences) => {
    expect(sentencesIn(text)).toEqual(sentences);
  });

  it("leaves nothing out", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => sentencesIn(text).join("") === text));
  });
});
