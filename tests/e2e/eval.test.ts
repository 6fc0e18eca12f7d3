import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const REFERENCES = ["The cat sat on the mat.", "It costs 5.", "Good morning, everyone!"];
const FILES = ["eval", "--hypotheses", "system.txt", "--references", "reference.txt"];

beforeAll(async () => {
  writeFiles(cwd, {
    "reference.txt": REFERENCES,
    "second.txt": ["A cat sat on a mat.", "The price is 5.", "Morning, all!"],
    "system.txt": ["The cat lay on the mat.  ", "It costs 5.", "Good evening, everyone!"],
    "worse.txt": ["cat mat", "It is.", "Everyone!"],
    "accepted.txt": ["a | The cat lay on the mat.", "It costs 5.", "x | y"],
    "short.txt": ["one"],
    "pairs.tsv": letterPairs(60),
  });
  for (const [steps, out] of [
    ["60", "run"],
    ["2", "early"],
  ] as const) {
    const flags = ["--max-steps", steps, "--lr", "0.01", "--warmup", "10", "--out", out];
    const { code } = await xformer(["train", "--train", "pairs.tsv", ...flags, ...SMALLEST], { cwd });
    expect(code).toBe(0);
  }
});

describe("translations in files", () => {
  it("a tidy table with the scores and signatures of sacreBLEU, and nothing on stderr", async () => {
    const { stdout, stderr, code } = await xformer([...FILES, "--metrics", "bleu,chrf++,ter,exact-match"], {
      cwd,
    });
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout.split("\n")).toEqual([
      "  BLEU         54.24    nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
      "  chrF2++      73.70    nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0",
      "  TER          16.67    nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:2.6.0",
      "  exact match  33.33 %  nrefs:1|case:mixed|unit:segment|version:xformer-1",
      "",
    ]);
  });

  it("standard input, several references, and JSON with each metric under its name", async () => {
    const { stdout } = await xformer(
      ["eval", "--hypotheses", "-", "--references", "reference.txt", "second.txt", "--json"],
      { cwd, input: `${REFERENCES.join("\r\n")}\r\n` },
    );
    expect(JSON.parse(stdout)).toEqual({
      bleu: {
        score: expect.closeTo(100, 9),
        signature: "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
      },
      chrf: {
        score: expect.closeTo(100, 9),
        signature: "nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0",
      },
    });
  });

  it("accepted references, lengths and the worst", async () => {
    const flags = [
      "--accepted-separator",
      " | ",
      "--metrics",
      "exact-match,not-exact",
      "--by-length",
      "--worst",
      "5",
    ];
    const { stdout } = await xformer(
      ["eval", "--hypotheses", "system.txt", "--references", "accepted.txt", ...flags, "--json"],
      { cwd },
    );
    const result = JSON.parse(stdout);
    expect(result["exact-match"].score).toBeCloseTo(200 / 3, 10);
    expect(result["not-exact"].score).toBeCloseTo(100 / 3, 10);
    expect(result["exact-match"].signature).toContain("nrefs:var|");
    expect(result.byLength).toEqual([{ from: 0, to: 5, segments: 3, ...scoresOf(result) }]);
    expect(result.worst).toMatchObject([
      { line: 3, hypothesis: "Good evening, everyone!", references: ["x", "y"] },
    ]);
  });

  it("a baseline: both tests, in a table and in JSON", async () => {
    const flags = [
      ...FILES,
      "--baseline",
      "worse.txt",
      "--randomisation-trials",
      "200",
      "--bootstrap-trials",
      "100",
    ];
    const { stdout } = await xformer(flags, { cwd });
    expect(stdout).toMatch(
      /\nsystem\.txt against worse\.txt\n.*p bootstrap {2}p randomisation\n {2}BLEU +54\.24 +± /,
    );
    const { bleu, system, baseline } = JSON.parse((await xformer([...flags, "--json"], { cwd })).stdout);
    expect([system, baseline]).toEqual(["system.txt", "worse.txt"]);
    expect(bleu.difference).toBeCloseTo(bleu.score - bleu.baselineScore, 10);
    expect([bleu.bootstrap.trials, bleu.randomisation.trials]).toEqual([100, 200]);
  });
});

describe("models", () => {
  it("--min-length: what is measured are translations of so many tokens; it is for models", async () => {
    const flags = [
      "eval",
      "--model",
      "run",
      "--test",
      "pairs.tsv",
      "--metrics",
      "bleu",
      "--output",
      "long.txt",
    ];
    const { code } = await xformer([...flags, "--min-length", "9"], { cwd });
    expect(code).toBe(0);
    const lines = readFileSync(join(cwd, "long.txt"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(60);
    for (const line of lines) expect(line.split(" ").length).toBeGreaterThanOrEqual(9);
    const files = await xformer([...FILES, "--min-length", "9"], { cwd });
    expect(files.stderr).toMatch(/^--min-length: this is for --model, not for --hypotheses\. /);
  });

  it("--constraints: every translation has the words behind its reference", async () => {
    writeFiles(cwd, { "rows.tsv": ["a b c\ta b c\td d\th", "b c\tb c", "c\tc\towl"] });
    const flags = ["eval", "--model", "run", "--beam", "2", "--output", "constrained.txt", "--constraints"];
    const { code, stderr } = await xformer([...flags, "--test", "rows.tsv"], { cwd });
    expect(stderr).toContain(
      "warning: 1 translation of 3 without all constraints: the model has no words for them, or there was no room.\n",
    );
    expect(code).toBe(0);
    const [first] = readFileSync(join(cwd, "constrained.txt"), "utf8").split("\n");
    expect(` ${first} `).toMatch(/^(?=.* d d )(?=.* h )/);
    const ordered = await xformer([...flags, "ordered", "--test", "rows.tsv"], { cwd });
    expect(ordered.code).toBe(0);
    expect(readFileSync(join(cwd, "constrained.txt"), "utf8").split("\n")[0]).toMatch(/d d (.* )?h/);
    writeFiles(cwd, { "rows.tsv": ["a b c\ta b c\td d", "b c"] });
    const short = await xformer([...flags, "--test", "rows.tsv"], { cwd });
    expect(short.stderr).toBe(
      "rows.tsv:2: expected 2 or more tab-separated columns, found 1. Separate source and target with one tab.\n",
    );
    const prefix = await xformer([...flags, "--test", "rows"], { cwd });
    expect(prefix.stderr).toBe(
      "--constraints: they stand in a .tsv, and rows is none. Give one of source, reference, and a column for each constraint.\n",
    );
    expect(prefix.code).toBe(2);
    const files = await xformer([...FILES, "--constraints"], { cwd });
    expect(files.stderr).toMatch(/^--constraints: this is for --model, not for --hypotheses\. /);
  });

  it("any metric, a file of translations that scores the same, and a baseline", async () => {
    const flags = ["--metrics", "loss,token-accuracy,wer,bleu", "--json", "--bleu-tokenizer", "none"];
    const { stdout, stderr } = await xformer(
      [
        "eval",
        "--model",
        "run",
        "--baseline",
        "early",
        "--test",
        "pairs.tsv",
        ...flags,
        "--output",
        "out.txt",
      ],
      { cwd },
    );
    expect(stderr).toBe("");
    const result = JSON.parse(stdout);
    expect(result.loss.difference).toBeLessThan(0);
    expect(result.loss.randomisation.pValue).toBeLessThan(0.01);
    writeFiles(cwd, { "target.txt": letterPairs(60).map((line) => line.split("\t")[1]!) });
    const again = await xformer(
      ["eval", "--hypotheses", "out.txt", "--references", "target.txt", "--metrics", "wer", "--json"],
      { cwd },
    );
    expect(JSON.parse(again.stdout).wer.score).toBe(result.wer.score);
    expect(readFileSync(join(cwd, "out.txt"), "utf8").split("\n")).toHaveLength(61);
  });

  it("--beam measures what translate finds with it", async () => {
    const beam = ["--beam", "3", "--length-penalty", "0.6", "--quiet"];
    writeFiles(cwd, { "source.txt": letterPairs(60).map((line) => line.split("\t")[0]!) });
    await xformer(["eval", "--model", "early", "--test", "pairs.tsv", ...beam, "--output", "beam.txt"], {
      cwd,
    });
    const { stdout } = await xformer(["translate", "--model", "early", "--input", "source.txt", ...beam], {
      cwd,
    });
    expect(readFileSync(join(cwd, "beam.txt"), "utf8")).toBe(stdout);
    const greedy = await xformer(["translate", "--model", "early", "--input", "source.txt"], { cwd });
    expect(greedy.stdout).not.toBe(stdout);
  });
});

describe("wrong usage is one clear line", () => {
  const ways = "Give --model and --test, or --hypotheses and --references.";

  it.each([
    [["eval"], `there is nothing to evaluate. ${ways}`],
    [["eval", "--model", "run"], `--model: there is nothing to translate. ${ways}`],
    [
      ["eval", "--model", "run", "--hypotheses", "system.txt"],
      `--hypotheses: with --model the translations are the model's and the references those of --test. ${ways}`,
    ],
    [
      ["eval", "--hypotheses", "system.txt"],
      `--hypotheses: there are no references to hold them against. ${ways}`,
    ],
    [[...FILES, "--test", "pairs.tsv"], `--test: this is for --model, not for --hypotheses. ${ways}`],
    [
      [...FILES, "--metrics", "bleu,loss"],
      '--metrics: expected some of bleu, chrf, chrf++, ter, wer, cer, per, exact-match, not-exact, got "loss". Put commas between names.',
    ],
    [[...FILES, "--seed", "0"], "--seed: nothing is compared. Give --baseline too."],
    [[...FILES, "--bootstrap-trials", "9"], "--bootstrap-trials: nothing is compared. Give --baseline too."],
    [
      [...FILES, "--smooth-value", "1"],
      "the smoothing method exp takes no value. It is for floor and add-k only.",
    ],
  ])("%j", async (args, line) => {
    expect(await xformer(args, { cwd })).toEqual({ stdout: "", stderr: `${line}\n`, code: 2 });
  });

  it("files of different lengths are named", async () => {
    const { stderr, code } = await xformer(
      ["eval", "--hypotheses", "short.txt", "--references", "reference.txt"],
      {
        cwd,
      },
    );
    expect(stderr).toBe(
      "short.txt: 1 line, but reference.txt has 3 lines. Give one line for each reference, in the same order.\n",
    );
    expect(code).toBe(1);
  });
});

function scoresOf(result: Record<string, { readonly score: number }>): object {
  return { "exact-match": result["exact-match"]!.score, "not-exact": result["not-exact"]!.score };
}
