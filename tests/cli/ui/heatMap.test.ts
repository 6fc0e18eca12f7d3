import { describe, expect, it } from "vitest";
import { heatMap } from "../../../src/cli/ui/heatMap.ts";

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
});
