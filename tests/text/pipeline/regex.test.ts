import { describe, expect, it } from "vitest";
import { translateRegex } from "../../../src/text/pipeline/regex.ts";

function matches(source: string, text: string): string[] {
  return text.match(new RegExp(translateRegex(source), "gv")) ?? [];
}

describe("regular expressions of Oniguruma", () => {
  it.each([
    ["\\s+", "a\u0085\ufeffb \u3000c", ["\u0085", " \u3000"]],
    ["\\w+", "naïve_学习-½", ["naïve_学习", "½"]],
    ["[\\w]+", "naïve-½", ["naïve"]],
    ["[^\\W_]+", "é_学", ["é", "学"]],
    ["\\d", "3٣½", ["3", "٣"]],
    ["\\p{Han}|\\p{^L}", "a学 ", ["学", " "]],
    ["(?i:'s|'k)", "'s'S'ſ'K", ["'s", "'S", "'ſ", "'K"]],
    ["'(?i:[sd]|ll)", "'D 'LL 's", ["'D", "'LL", "'s"]],
    ["^.", "ab\ncd\re", ["a", "c"]],
    [".$", "ab\ncd\r", ["b", "\r"]],
    ["\\bé\\w", "éa xéa", ["éa"]],
    ["[-/(&]+", "a-/(&", ["-/(&"]],
    ["[a\\-]|\\-|\\'", "-a'", ["-", "a", "'"]],
    ["\\p{L}{1,3}\\/", "abcd/", ["bcd/"]],
  ])("%s finds in %j what it finds there", (source, text, found) => {
    expect(matches(source, text)).toEqual(found);
  });

  it.each(["(?>a)", "a++", "[[:alpha:]]", "(?s:a)", "(?x) a", "\\h", "\\X", "(", "\\p{Nonsense}"])(
    "%s is refused",
    (source) => {
      expect(() => matches(source, "a")).toThrow(SyntaxError);
    },
  );
});
