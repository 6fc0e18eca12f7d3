import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, onOneLine, printable, shownLines } from "../../../src/cli/ui/terminal.ts";

describe("printable", () => {
  it("leaves no control character", () => {
    const controls = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join("");
    expect(printable(controls)).not.toMatch(/\p{Cc}/u);
    expect(printable("a\u001b[31mb\r\n")).toBe("a␛[31mb␍␊");
  });

  it("leaves nothing that turns the direction of text", () => {
    expect(printable("a\u202eb\u2066c\u2069")).toBe("a\ufffdb\ufffdc\ufffd");
  });

  it("leaves text as it is", () => {
    expect(printable("我很好。 Où? 👍🏽")).toBe("我很好。 Où? 👍🏽");
  });
});

describe("onOneLine", () => {
  it("has a space for all that could end a line or a column", () => {
    expect(onOneLine("a\nb\r\tc\0d\u0085e\u2028f")).toBe("a b  c d e f");
    expect(onOneLine("我很好。 👍🏽")).toBe("我很好。 👍🏽");
  });
});

describe("on a terminal", () => {
  const { isTTY } = process.stdout;
  beforeAll(() => {
    process.stdout.isTTY = true;
  });
  afterAll(() => {
    process.stdout.isTTY = isTTY;
  });

  it("lines keep their columns, and nothing else that steers", () => {
    expect(shownLines("a\tb\u001b[2J\n\u009bc\n")).toBe("a\tb␛[2J\n\ufffdc\n");
  });

  it("JSON says the same with escapes", () => {
    const value = { text: "\u009b31m\u202e\u007f\u001b ok\n" };
    const shown = jsonLines(value, 2);
    expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(JSON.parse(shown)).toEqual(value);
  });
});
