import { stripVTControlCharacters } from "node:util";
import { Chalk } from "chalk";
import { describe, expect, it } from "vitest";
import { heatMap, legend } from "../../../src/cli/ui/heatMap.ts";
import { displayWidth } from "../../../src/cli/ui/layout.ts";

describe("heatMap", () => {
  const values = [1, 0, 0.3, 0, 0.1, 0.79, 0.5, 9]; // two rows of three, and one column that is not shown
  const map = { rows: ["I", "门"], columns: ["我", "good", "。"], values, stride: 4 };

  it("lines up wide and narrow characters; 0 is blank, 1 is black", () => {
    const lines = heatMap(map, 80);
    expect(lines).toEqual(["   我 good 。", "I  ██      ░░", "门    ▓▓▓▓ ▒▒"]);
  });

  it("goes on below where the terminal ends", () => {
    expect(heatMap(map, 11)).toEqual(["   我 good", "I  ██", "门    ▓▓▓▓", "", "   。", "I  ░░", "门 ▒▒"]);
  });

  it("shows control characters as pictures", () => {
    const [head] = heatMap({ rows: ["a"], columns: ["\u001b["], values: [1], stride: 1 }, 80);
    expect(head).toBe("  ␛[");
  });

  it.each([2, 3] as const)(
    "has percentages on colours where there are %i of chalk's levels of them",
    (level) => {
      const colours = new Chalk({ level });
      const lines = heatMap(map, 80, colours);
      expect(lines.map(stripVTControlCharacters)).toEqual([
        "   我  good 。",
        "I  100    0  30 ",
        "门  10   79  50 ",
      ]);
      expect(new Set(lines.slice(1).map(displayWidth))).toEqual(new Set([16]));
      const ground = level === 2 ? "\u001b[48;5;227m" : "\u001b[48;2;253;231;37m";
      expect(lines[1]).toContain(`${ground}\u001b[38;${level === 2 ? "5;16" : "2;0;0;0"}m100`);
      expect(displayWidth(legend(colours))).toBeLessThanOrEqual(48);
    },
  );

  it.each([0, 1] as const)("has shades where there are no more than sixteen colours", (level) => {
    const colours = new Chalk({ level });
    expect(heatMap(map, 80, colours)).toEqual(heatMap(map, 80));
    expect(displayWidth(legend(colours))).toBeLessThanOrEqual(48);
  });

  it("leaves out what cannot be, which is not the same as nothing", () => {
    const masked = { rows: ["a", "b"], columns: ["x", "y"], values: [1, Number.NaN, 0, 1], stride: 2 };
    expect(heatMap(masked, 80)).toEqual(["  x  y", "a ██", "b    ██"]);
    const coloured = heatMap(masked, 80, new Chalk({ level: 3 })).map(stripVTControlCharacters);
    expect(coloured).toEqual(["  x   y", "a 100 ", "b   0 100 "]);
  });
});
