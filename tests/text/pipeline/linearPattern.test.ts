import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinearPattern, patternOf, replaceMatches } from "../../../src/text/pipeline/linearPattern.ts";
import { translateRegex } from "../../../src/text/pipeline/regex.ts";
import { oneLine } from "../../io/oneLine.ts";

/** The words of Llama 3, whose tokenizer.json is the one most often copied. */
const LLAMA_3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

function linear(source: string, text: string): (readonly [number, number])[] {
  return [...new LinearPattern(source).matches(text)];
}

/** By the flag `u`: V8 of Node 20 finds nothing but "" for `(?:(?:[^b]a){2})*` in "aaaa" with `v`. */
function native(source: string, text: string, flags = "gu"): (readonly [number, number])[] {
  return [...patternOf(new RegExp(source, flags)).matches(text)];
}

function mayBeEmpty(source: string): boolean {
  return new RegExp(`^(?:${source})$`, "v").test("");
}

describe("LinearPattern", () => {
  const character = fc.constantFrom("a", "b", "c", ".", "[ab]", "[^b]", "\\p{L}", "\\n");
  const pattern = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      character,
      fc.tuple(tie("any"), tie("any")).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie("any"), tie("any")).map(([a, b]) => `(?:${a}|${b})`),
      fc
        .tuple(tie("any"), fc.constantFrom("*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}"))
        // Engines differ in what repetitions of nothing find.
        .filter(([a]) => !a.includes("(?=") && !a.includes("(?!") && !a.includes("(?<") && !mayBeEmpty(a))
        .map(([a, quantifier]) => `(?:${a})${quantifier}`),
      fc.tuple(fc.constantFrom("(?=", "(?!", "(?<=", "(?<!"), tie("any")).map(([look, a]) => `${look}${a})`),
      fc.constantFrom("", "^", "$", "(?:)", "|"),
    ),
  })).any;
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "\n", "d"), maxLength: 12 });

  it("finds what JavaScript finds, for any pattern and text", () => {
    fc.assert(
      fc.property(pattern, text, (source, line) => {
        expect(linear(source, line)).toEqual(native(source, line));
      }),
      { numRuns: 3000 },
    );
  });

  it("finds the words of Llama 3 as JavaScript does", () => {
    const source = translateRegex(LLAMA_3);
    const unit = fc.constantFrom(..."aé学3½ \t\n\r'.-😀", "'s", "'LL", "  ");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (line) => {
        expect(linear(source, line)).toEqual(native(source, line, "gv"));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["(a+)+$", `${"a".repeat(200_000)}!`],
    ["(a|a)*b", "a".repeat(200_000)],
    ["a*a*a*a*a*b", "a".repeat(200_000)],
    ["(?=(a*)*b)a", "a".repeat(200_000)],
    ["(?=.*x)a", `${"a".repeat(200_000)}x`],
    ["(?<=(a+)+b)c", "a".repeat(200_000)],
    ["(.*)*(.*)*(.*)*$", "a\n".repeat(50_000)],
    [LLAMA_3, " ".repeat(200_000)],
    [LLAMA_3, " \n".repeat(100_000)],
  ])("%s takes linear time", (source, line) => {
    const started = performance.now();
    linear(translateRegex(source), line);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("replacements of replacements end", () => {
    const pattern = patternOf(/a/gu);
    let line = "a";
    const grow = (): void => {
      for (let i = 0; i < 60; i++) line = replaceMatches(line, pattern, "aaaaaaaa");
    };
    expect(oneLine(grow)).toMatch(
      /^the tokenizer's replacements make a line longer than 67108864 characters\. /,
    );
  });

  it.each(["(a)\\1", "(?:(?:.{1000}){1000}){1000}", "\\b", "(?<name>a)\\k<name>"])("refuses %s", (source) => {
    expect(() => new LinearPattern(source)).toThrow(SyntaxError);
  });
});
