import type { HeatMap } from "../../report/document.ts";
import { type Colour, colourOf, inkOn } from "../../report/palette.ts";
import { displayWidth } from "./layout.ts";
import { printable } from "./terminal.ts";

/** Pixels: the side of a cell, the size of letters, what a column of a terminal takes of them, and the margin. */
const [CELL, FONT, LETTER, MARGIN] = [30, 14, 8.5, 12];

/** A heat map as a page of vectors: labels on both sides, percentages in the cells, and exact values to hover over. */
export function heatMapSvg({ rows, columns, values, stride }: HeatMap, title: string): string {
  const names = rows.map(printable);
  const heads = columns.map(printable);
  const widest = (labels: readonly string[]): number => LETTER * Math.max(0, ...labels.map(displayWidth)) + 8;
  const left = MARGIN + widest(names);
  const top = MARGIN + 2 * FONT + widest(heads);
  const width = Math.max(left + CELL * heads.length, MARGIN + LETTER * displayWidth(title)) + MARGIN;
  const height = top + CELL * names.length + MARGIN;
  const cells = names.flatMap((name, i) =>
    heads.map((head, j) =>
      cell(values[i * stride + j]!, left + j * CELL, top + i * CELL, `${name} → ${head}`),
    ),
  );
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="${FONT}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${MARGIN + FONT}" font-weight="bold">${escaped(title)}</text>`,
    ...heads.map((head, j) => {
      const [x, y] = [round(left + (j + 0.5) * CELL + FONT / 3), round(top - 6)];
      return `<text x="${x}" y="${y}" transform="rotate(-90 ${x} ${y})">${escaped(head)}</text>`;
    }),
    ...names.map((name, i) => {
      const y = round(top + (i + 0.5) * CELL + FONT / 3);
      return `<text x="${round(left - 6)}" y="${y}" text-anchor="end">${escaped(name)}</text>`;
    }),
    ...cells,
    "</svg>",
  ];
  return `${lines.filter((text) => text !== "").join("\n")}\n`;
}

function cell(value: number, x: number, y: number, what: string): string {
  if (Number.isNaN(value)) return "";
  const ground = colourOf(value);
  const [left, top] = [round(x), round(y)];
  return [
    `<g><title>${escaped(what)}: ${value.toFixed(4)}</title>`,
    `<rect x="${left}" y="${top}" width="${CELL}" height="${CELL}" fill="${hex(ground)}"/>`,
    `<text x="${round(x + CELL / 2)}" y="${round(y + CELL / 2 + 4)}" font-size="11" text-anchor="middle" fill="${hex(inkOn(ground))}">${Math.round(100 * value)}</text></g>`,
  ].join("");
}

function hex(colour: Colour): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

function round(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}

/** Text as XML takes it: a token may be any character. What XML cannot say at all is replaced. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\p{Cs}\ufffe\uffff]/gu, "\ufffd");
}
