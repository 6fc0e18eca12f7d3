import { encodePng } from "../../io/png.ts";
import type { HeatMap } from "../../report/document.ts";
import { type Colour, colourOf, inkOn } from "../../report/palette.ts";
import { type Bitmap, LINE_HEIGHT, textBitmap, turned } from "./bitmapFont.ts";
import { printable } from "./terminal.ts";

/** Pixels: the side of a cell, of a dot of the letters, and the margin. */
const [CELL, DOT, MARGIN] = [40, 2, 12];
const [BLACK, WHITE]: readonly [Colour, Colour] = [
  [0, 0, 0],
  [255, 255, 255],
];

/** A heat map as the bytes of a PNG: labels on both sides, percentages in the cells. */
export function heatMapPng({ rows, columns, values, stride }: HeatMap, title: string): Uint8Array {
  const names = rows.map((row) => textBitmap(printable(row)));
  const heads = columns.map((column) => turned(textBitmap(printable(column))));
  const heading = textBitmap(title);
  const left = MARGIN + DOT * (4 + Math.max(0, ...names.map(({ width }) => width)));
  const top = 2 * MARGIN + DOT * (4 + LINE_HEIGHT + Math.max(0, ...heads.map(({ height }) => height)));
  const page = new Page(
    Math.max(left + CELL * heads.length, MARGIN + DOT * heading.width) + MARGIN,
    top + CELL * names.length + MARGIN,
  );
  const middle = (CELL - DOT * LINE_HEIGHT) / 2;
  page.draw(heading, MARGIN, MARGIN, BLACK);
  for (const [j, head] of heads.entries())
    page.draw(head, left + j * CELL + middle, top - DOT * (4 + head.height), BLACK);
  for (const [i, name] of names.entries()) {
    page.draw(name, left - DOT * (4 + name.width), top + i * CELL + middle, BLACK);
    for (let j = 0; j < heads.length; j++) {
      const value = values[i * stride + j]!;
      if (Number.isNaN(value)) continue;
      const ground = colourOf(value);
      const [x, y] = [left + j * CELL, top + i * CELL];
      page.fill(x, y, CELL, CELL, ground);
      const number = textBitmap(String(Math.round(100 * value)));
      page.draw(number, x + (CELL - DOT * number.width) / 2, y + middle, inkOn(ground));
    }
  }
  return encodePng(page);
}

/** White paper. */
class Page {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    [this.width, this.height] = [width, height];
    this.pixels = new Uint8Array(3 * width * height);
    this.fill(0, 0, width, height, WHITE);
  }

  fill(left: number, top: number, width: number, height: number, colour: Colour): void {
    for (let y = Math.floor(top); y < Math.floor(top) + height; y++)
      for (let x = Math.floor(left); x < Math.floor(left) + width; x++)
        this.pixels.set(colour, 3 * (y * this.width + x));
  }

  draw({ width, height, has }: Bitmap, left: number, top: number, colour: Colour): void {
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        if (has(x, y)) this.fill(left + DOT * x, top + DOT * y, DOT, DOT, colour);
  }
}
