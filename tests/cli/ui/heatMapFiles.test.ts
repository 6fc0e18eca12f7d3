import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { textBitmap, turned } from "../../../src/cli/ui/bitmapFont.ts";
import { heatMapPng } from "../../../src/cli/ui/heatMapPng.ts";
import { heatMapSvg } from "../../../src/cli/ui/heatMapSvg.ts";
import { colourOf } from "../../../src/report/palette.ts";

const MAP = {
  rows: ["I", "<&\"'>\u0007"],
  columns: ["我", "very good"],
  values: [0.25, 0.75, 1, Number.NaN],
  stride: 2,
};

/** A bitmap as lines of text. */
function drawn({ width, height, has }: ReturnType<typeof textBitmap>): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (has(x, y) ? "#" : ".")).join(""),
  );
}

describe("as SVG", () => {
  const svg = heatMapSvg(MAP, "cross <1>");

  it("has every label and value once, as XML takes them", () => {
    expect(svg).toContain("<title>cross &#60;1&#62;</title>");
    expect(svg).toContain(">我</text>");
    expect(svg).toContain(">&#60;&#38;&#34;'&#62;␇</text>");
    expect(svg.match(/<title>.* → .*<\/title>/g)).toEqual([
      "<title>I → 我: 0.2500</title>",
      "<title>I → very good: 0.7500</title>",
      "<title>&#60;&#38;&#34;'&#62;␇ → 我: 1.0000</title>",
    ]);
    expect(svg.match(/>(25|75|100)<\/text>/g)).toHaveLength(3);
    expect(svg).not.toContain("NaN");
  });

  it("is well formed: tags close in the order in which they open", () => {
    const open: string[] = [];
    for (const [, end, name, empty] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (end === "/") expect(open.pop()).toBe(name);
      else if (empty === "") open.push(name!);
    }
    expect(open).toEqual([]);
    expect(svg).not.toMatch(/&(?!#\d+;)/);
  });
});

describe("as PNG", () => {
  it("has a square of its colour for every value, and paper where there can be none", () => {
    const file = Buffer.from(heatMapPng(MAP, "cross"));
    const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
    const rows = inflateSync(file.subarray(41, 41 + file.readUInt32BE(33)));
    const pixel = (x: number, y: number): string =>
      [...rows.subarray(y * (3 * width + 1) + 1 + 3 * x, y * (3 * width + 1) + 4 + 3 * x)].join();
    const counts = new Map<string, number>();
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) counts.set(pixel(x, y), (counts.get(pixel(x, y)) ?? 0) + 1);
    // Cells of 40 pixels, less what the numbers in them take.
    for (const value of [0.25, 0.75, 1]) expect(counts.get(colourOf(value).join())).toBeGreaterThan(1200);
    expect(pixel(width - 1, height - 1)).toBe("255,255,255");
  });
});

describe("the letters of pictures", () => {
  it("are those of ASCII", () => {
    expect(drawn(textBitmap("A"))).toEqual([
      ...[".###.", "#...#", "#...#", "#...#", "#####", "#...#", "#...#", ".....", "....."],
    ]);
    const letters = Array.from({ length: 0x7f - 0x21 }, (_, i) => String.fromCharCode(0x21 + i));
    const pictures = letters.map((letter) => drawn(textBitmap(letter)).join("\n"));
    expect(new Set(pictures).size).toBe(letters.length);
    for (const picture of pictures) expect(picture).toContain("#");
    expect(drawn(textBitmap(" ")).join("")).not.toContain("#");
  });

  it("beyond it are boxes with code points", () => {
    const box = drawn(textBitmap("é"));
    expect(box[0]).toBe("#".repeat(17));
    expect(new Set(box.map((row) => row.length))).toEqual(new Set([17]));
    expect(drawn(textBitmap("😀"))[0]).toHaveLength(21);
    expect(drawn(textBitmap("é"))).not.toEqual(drawn(textBitmap("ê")));
  });

  it("can be turned to the left", () => {
    const flat = textBitmap("L");
    expect(drawn(flat)).toContain("#####");
    expect(drawn(turned(flat)).at(-1)).toBe("#######..");
  });
});
