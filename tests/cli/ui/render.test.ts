import { Chalk } from "chalk";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../../src/cli/ui/layout.ts";
import { render } from "../../../src/cli/ui/render.ts";
import { type Block, line, table, toned } from "../../../src/report/document.ts";

const plain = { colours: new Chalk({ level: 0 }), bar: "#", breaks: true };

function shown(width: number, ...blocks: readonly Block[]): string {
  return render(blocks, { ...plain, width });
}

describe("histograms", () => {
  const bars = (...counts: readonly number[]) =>
    counts.map((count, i) => ({ label: `${2 * i + 1}-${2 * i + 2}`, count }));
  const block: Block = {
    kind: "histograms",
    sides: [
      { title: "source, words", bars: bars(0, 1800, 900, 1) },
      { title: "target, words", bars: bars(2) },
    ],
  };

  it("sides stand beside each other, and what is rare is still seen", () => {
    expect(shown(80, block)).toBe(
      [
        "  source, words                    target, words",
        "  1-2                              1-2  ################## 2",
        "  3-4  ################## 1,800",
        "  5-6  ######### 900",
        "  7-8  # 1",
        "",
      ].join("\n"),
    );
  });

  it("one stands below the other where there is no room", () => {
    const lines = shown(40, block).split("\n");
    expect(lines.indexOf("  target, words")).toBe(6);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });
});

describe("facts", () => {
  const block: Block = {
    kind: "facts",
    rows: [
      ["model", "one two three"],
      ["", "four"],
    ],
  };

  it("go on below where the line ends", () => {
    expect(shown(17, block)).toBe("  model  one two\n         three\n         four\n");
  });

  it("are one line where there is no end", () => {
    expect(shown(Number.POSITIVE_INFINITY, block)).toBe("  model  one two three\n         four\n");
  });
});

describe("tables", () => {
  it("of numbers go on below, with their first column once more", () => {
    const numbers = table(
      [
        ["tokens", "segments", "loss", "BLEU"],
        ["0 to 5", "50", "3.1654", "1.36"],
      ],
      [1, 2, 3],
    );
    expect(shown(80, numbers).split("\n")).toHaveLength(3);
    expect(shown(28, numbers)).toBe(
      [
        "  tokens  segments    loss",
        "  0 to 5        50  3.1654",
        "",
        "  tokens  BLEU",
        "  0 to 5  1.36",
        "",
      ].join("\n"),
    );
  });

  it("of words have what stands last in lines of its own where there is no room beside the others", () => {
    const words = table([
      ["BLEU", "3.42", "nrefs:1|case:mixed|version:2.6.0"],
      ["a", "b", "one two ".repeat(6).trim()],
    ]);
    expect(shown(42, words)).toBe(
      [
        "  BLEU  3.42",
        "    nrefs:1|case:mixed|version:2.6.0",
        "  a     b",
        "    one two one two one two one two one",
        "    two one two",
        "",
      ].join("\n"),
    );
  });
});

describe("pairs", () => {
  const block: Block = {
    kind: "pairs",
    rows: [
      { left: "我很好。", right: "I am good." },
      {
        left: "他们到学校的时候，张先生正在游泳。",
        right: toned("good", "When they got to school, he was swimming."),
      },
    ],
  };

  it.each([48, 80, 200])("take %i columns at most, the left one less than half of them", (width) => {
    const lines = shown(width, block).trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    const arrows = lines.map((line) => displayWidth(line.slice(0, line.indexOf("→"))));
    expect(arrows[0]).toBe(arrows[1]);
    expect(arrows[0]).toBeLessThan(width / 2);
    if (width < 200) expect(lines[1]).toMatch(/^ {4}他们到学校.*… {2}→ {2}When they .*…$/);
    else expect(lines[1]).toContain("swimming.");
  });

  it("are whole where a program may read them", () => {
    const text = render([block], { ...plain, width: 11, breaks: false });
    expect(text).toContain(
      "他们到学校的时候，张先生正在游泳。  →  When they got to school, he was swimming.\n",
    );
  });
});

it("heat maps are as wide as the terminal allows, and are told what they mean", () => {
  const map = { rows: ["a"], columns: ["one", "two", "three"], values: [1, 0, 0.5], stride: 3 };
  expect(shown(11, { kind: "heatMap", map })).toBe(
    "  one two\na ███\n\n  three\na ▒▒▒▒▒\n\npercent of the row, from ░ 20  ▒ 40  ▓ 60  █ 80\n",
  );
});

it("what a program may read is not broken", () => {
  const blocks = [line("one two three"), table([["BLEU", "3.42", "nrefs:1|case:mixed|version:2.6.0"]])];
  expect(render(blocks, { ...plain, width: 11, breaks: false })).toBe(
    "one two three\n  BLEU  3.42  nrefs:1|case:mixed|version:2.6.0\n",
  );
});

it("lines are broken between words", () => {
  expect(shown(11, line("one two three"))).toBe("one two\nthree\n");
});

describe("quotes", () => {
  const quote: Block = { kind: "quote", place: "a.tsv:3", remark: "invisible", text: "我".repeat(60) };

  it("stand beside what is said of them, as far as there is room", () => {
    expect(shown(80, quote)).toBe(`  a.tsv:3  invisible  ${"我".repeat(28)}…\n`);
  });

  it("have a line of their own where little would be seen", () => {
    expect(shown(50, quote)).toBe(`  a.tsv:3  invisible\n    ${"我".repeat(22)}…\n`);
  });

  it("are left out where there is none", () => {
    expect(shown(80, { ...quote, text: "" })).toBe("  a.tsv:3  invisible\n");
  });
});

it("text from elsewhere cannot steer the terminal", () => {
  const evil = "\u001b[2Ja";
  const blocks: Block[] = [
    { kind: "heading", text: evil },
    line(evil, toned("good", evil)),
    { kind: "command", text: evil },
    { kind: "facts", rows: [["path", evil]] },
    table([[evil, toned("dim", evil)]]),
    { kind: "quote", place: evil, remark: evil, text: evil },
    { kind: "pairs", rows: [{ left: evil, right: toned("good", evil) }] },
    { kind: "heatMap", map: { rows: [evil], columns: [evil], values: [1], stride: 1 } },
  ];
  expect(shown(80, ...blocks)).not.toContain("\u001b");
});

it("tones are colours", () => {
  const blocks = [line(toned("strong", "a"), toned("bad", "b"))];
  const text = render(blocks, { colours: new Chalk({ level: 1 }), bar: "#", width: 80, breaks: true });
  expect(text).toBe("\u001b[1ma\u001b[22m\u001b[31mb\u001b[39m\n");
});
