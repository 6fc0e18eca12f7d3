import { describe, expect, it } from "vitest";
import { printable } from "../../../src/cli/ui/terminal.ts";

describe("printable", () => {
  it("leaves no control character", () => {
    const controls = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join("");
    expect(printable(controls)).not.toMatch(/\p{Cc}/u);
    expect(printable("a\u001b[31mb\r\n")).toBe("a␛[31mb␍␊");
  });

  it("leaves text as it is", () => {
    expect(printable("我很好。 Où? 👍🏽")).toBe("我很好。 Où? 👍🏽");
  });
});
