import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/index.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const TRANSLATE = ["translate", "--model", "run"];
const SOURCES = letterPairs(60).map((line) => line.split("\t")[0]!);
const INPUT = `${SOURCES.join("\n")}\n`;

beforeAll(async () => {
  writeFiles(cwd, {
    "pairs.tsv": letterPairs(400),
    "sources.txt": SOURCES,
    "other.tsv": ["a b\tx y", "b\ty"],
  });
  const train = async (out: string, corpus: string, ...flags: readonly string[]): Promise<void> => {
    const command = ["train", "--train", corpus, "--max-steps", "60", "--lr", "0.01", "--warmup", "20"];
    const { code, stderr } = await xformer([...command, "--out", out, ...flags, ...SMALLEST], { cwd });
    expect(code, stderr).toBe(0);
  };
  await train("run", "pairs.tsv");
  await train("run2", "pairs.tsv", "--seed", "2");
  await train("other", "other.tsv");
});

async function output(flags: readonly string[], input = INPUT): Promise<string[]> {
  const { stdout, stderr, code } = await xformer([...TRANSLATE, ...flags], { cwd, input });
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return stdout.slice(0, -1).split("\n");
}

describe("translate", () => {
  it("a beam gives the same on any number of threads, and as the library does", async () => {
    const lines = await output(["--beam", "4", "--threads", "1"]);
    expect(await output(["--beam", "4", "--threads", "3"])).toEqual(lines);
    const model = await loadModel(join(cwd, "run"));
    const translations = await model.translateAll(SOURCES, { beam: 4 }).toArray();
    expect(translations.map(({ text }) => text)).toEqual(lines);
    await model.close();
    expect(await output(["--beam", "1"])).toEqual(await output([]));
  });

  it("--scores and --alignments add columns; score says the same", async () => {
    const rows = (await output(["--scores", "--alignments", "tokens"])).map((line) => line.split("\t"));
    writeFiles(cwd, { "out.tsv": rows.map(([text], i) => `${SOURCES[i]}\t${text}`) });
    const scores = await xformer(["score", "--model", "run", "--test", "out.tsv", "--per-token"], { cwd });
    const scored = scores.stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
    for (const [i, [text, logProbability, score, alignment]] of rows.entries()) {
      const [total, mean, tokens] = scored[i]!;
      const length = tokens!.split(" ").length;
      expect(Number(total)).toBeCloseTo(Number(logProbability), 5);
      expect(Number(mean) * length).toBeCloseTo(Number(total), 9);
      expect(Number(score)).toBeCloseTo(Number(logProbability) / ((5 + length) / 6), 9);
      expect(alignment).toMatch(/^(\d-\d+)( \d-\d+)*$/);
      expect(alignment!.split(" ")).toHaveLength(text!.split(" ").length);
    }
  });

  it("--json: an object a line, empty lines too", async () => {
    const objects = (await output(["--json", "--beam", "3", "--n-best", "2"], "a b c\n\n")).map((line) =>
      JSON.parse(line),
    );
    expect(objects.map(({ line, source }) => [line, source])).toEqual([
      [1, "a b c"],
      [2, ""],
    ]);
    const [first, empty] = objects;
    expect(first.nBest).toHaveLength(2);
    expect(first.nBest[0]).toEqual({ ...first, line: undefined, source: undefined, nBest: undefined });
    expect(first.tokenLogProbabilities).toHaveLength(first.tokens.length + 1);
    expect(empty).toMatchObject({ translation: "", tokens: [], nBest: [] });
  });

  it("samples depend on seed and line, not on how lines come together", async () => {
    const samples = await output(["--sample"]);
    expect(await output(["--sample", "--threads", "1", "--seed", "1"])).toEqual(samples);
    expect(await output(["--sample", "--seed", "2"])).not.toEqual(samples);
    const twice = await output(["--sample", "--temperature", "5"], "a b c\n".repeat(20));
    expect(new Set(twice).size).toBeGreaterThan(10);
  });

  it("prefixes: one for all, or a column", async () => {
    for (const line of await output(["--prefix", "h h"])) expect(line.startsWith("h h")).toBe(true);
    const [first, second] = await output(["--prefix-column", "3"], "a b c\tignored\td\na b c\t\t\n");
    expect(first![0]).toBe("d");
    expect([second]).toEqual(await output([], "a b c\n"));
    const unknown = await xformer([...TRANSLATE, "--prefix", "owl"], { cwd, input: "a b c\n" });
    expect(unknown.stderr).toBe("warning: --prefix: the prefix has words unknown to the model: owl.\n");
    const { stderr, code } = await xformer([...TRANSLATE, "--prefix-column", "2"], {
      cwd,
      input: "a\tb\na\n",
    });
    expect(stderr).toBe("standard input:2: there is no column 2. Separate columns with one tab each.\n");
    expect(code).toBe(1);
  });

  it("--constraints: every translation has its words, the others are as without, and what cannot be is said", async () => {
    const rows = SOURCES.map((source, i) => (i % 2 === 0 ? `${source}\th\td d` : source));
    const input = `${rows.join("\n")}\n`;
    const free = await output(["--beam", "2"]);
    for (const order of ["unordered", "ordered"]) {
      const found = await output(["--beam", "2", "--constraints", order], input);
      for (const [i, line] of found.entries()) {
        if (i % 2 !== 0) expect(line).toBe(free[i]);
        else expect(` ${line} `).toMatch(order === "ordered" ? / h (.* )?d d / : /^(?=.* h )(?=.* d d )/);
      }
      expect(await output(["--beam", "2", "--constraints", order, "--threads", "1"], input)).toEqual(found);
    }
    const constraints = SOURCES.map((_, i) => (i % 2 === 0 ? ["h", "d d"] : []));
    const model = await loadModel(join(cwd, "run"));
    const translations = await model.translateAll(SOURCES, { beam: 2, constraints }).toArray();
    await model.close();
    expect(translations.map(({ text }) => text)).toEqual(
      await output(["--beam", "2", "--constraints"], input),
    );

    const impossible = await xformer([...TRANSLATE, "--constraints", "--max-length", "3", "--json"], {
      cwd,
      input: "a b c\towl\th\td d d\n",
    });
    expect(impossible.stderr).toBe(
      'warning: line 1: the model has no words for the constraints "owl".\n' +
        'warning: line 1: not in the translation, for which the limit or another rule left no room: "d d d".\n',
    );
    const object = JSON.parse(impossible.stdout);
    expect(object.unmet).toEqual(["owl", "d d d"]);
    expect(object.translation.split(" ")).toContain("h");
  });

  it("--constraints beside a column of prefixes, and in an n-best list", async () => {
    const flags = ["--constraints", "--prefix-column", "2", "--beam", "3"];
    const list = await output([...flags, "--n-best", "3"], "a b c\td\th h\n");
    expect(list).toHaveLength(3);
    for (const entry of list) expect(entry).toMatch(/^0 \|\|\| d .*h h/);
  });

  it("--min-length: no translation has fewer tokens, and the limit grows with it", async () => {
    for (const line of await output(["--min-length", "40"]))
      expect(line.split(" ").length).toBeGreaterThanOrEqual(40);
    const twice = await output(["--min-length", "2x", "--beam", "2"]);
    for (const [i, line] of twice.entries())
      expect(line.split(" ").length).toBeGreaterThanOrEqual(2 * SOURCES[i]!.split(" ").length);
    expect(await output(["--min-length", "0"])).toEqual(await output([]));
  });

  it("an ensemble is its models together; of one model twice it is that model", async () => {
    const both = await output(["--model", "run2", "--beam", "2"]);
    expect(await output(["--model", "run2", "--beam", "2", "--threads", "1"])).toEqual(both);
    expect(await output(["--model", "run"])).toEqual(await output([]));
    const ensemble = await loadModel([join(cwd, "run"), join(cwd, "run2")]);
    const translations = await ensemble.translateAll(SOURCES, { beam: 2 }).toArray();
    expect(translations.map(({ text }) => text)).toEqual(both);
    await ensemble.close();
    const { stderr, code } = await xformer([...TRANSLATE, "--model", "other"], { cwd, input: "a\n" });
    expect(stderr).toMatch(
      /^other\/best\.safetensors: its target vocabulary is not that of run\/best\.safetensors\. /,
    );
    expect(code).toBe(1);
  });

  it.each([
    [["--beam", "0"], "the beam is 0. It has to be a whole number from 1 to 256."],
    [["--beam", "5000"], "the beam is 5000. It has to be a whole number from 1 to 256."],
    [["--beam", "x"], '--beam: expected a number, got "x".'],
    [["--top-k", "3"], "top-k is for sampling. Add --sample."],
    [
      ["--min-length", "x"],
      'the min length is "x". Give a number of tokens from 0, or one relative to the source such as 0.5x.',
    ],
    [
      ["--min-length", "9", "--max-length", "9"],
      "the min length is 9, but the max length 9, which counts END. Raise --max-length, or lower --min-length.",
    ],
    [
      ["--constraints", "--sample"],
      "constraints are searched for: samples cannot have any. Leave one of --constraints and --sample out.",
    ],
    [
      ["--constraints", "orderd"],
      '--constraints: expected one of unordered, ordered, got "orderd". Did you mean ordered?',
    ],
    [["--n-best", "2"], "the 2 best are wanted of a beam of 1. Use --beam 2 or more, or --sample."],
    [
      ["--long-lines", "spli"],
      '--long-lines: expected one of split, truncate, refuse, keep, got "spli". Did you mean split?',
    ],
  ])("%j is wrong usage", async (flags, message) => {
    const result = await xformer([...TRANSLATE, ...flags], { cwd, input: "a\n" });
    expect(result).toEqual({ stdout: "", stderr: `${message}\n`, code: 2 });
  });
});

describe("n-best lists", () => {
  const list = ["--beam", "4", "--n-best", "3"];

  it("are in Moses' format, the first of each line its translation", async () => {
    const entries = (await output(list)).map((line) => line.split(" ||| "));
    expect(entries).toHaveLength(3 * SOURCES.length);
    const best = entries.filter((_, i) => i % 3 === 0).map(([, text]) => text);
    expect(best).toEqual(await output(["--beam", "4"]));
    for (const [i, [line, , features, score]] of entries.entries()) {
      expect(line).toBe(String(Math.floor(i / 3)));
      expect(features).toMatch(/^LogProbability= -[\d.e-]+ Length= \d+$/);
      expect(Number(score)).toBeLessThan(0);
    }
  });

  it("ranked anew by the same model stay as they are; by two models they may change", async () => {
    writeFiles(cwd, { "list.txt": await output(list) });
    const rerank = ["score", "--model", "run", "--nbest", "list.txt", "--input", "sources.txt"];
    const same = await xformer(rerank, { cwd });
    const texts = (lines: string): string[] =>
      lines
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ||| ")[1]!);
    expect(texts(same.stdout)).toEqual(texts((await output(list)).join("\n")));
    const both = await xformer([...rerank, "--reverse-model", "run2"], { cwd });
    expect(both.stdout).toMatch(
      /^0 \|\|\| .* \|\|\| LogProbability= .* Length= \d+ Forward= -\S+ Backward= -\S+ \|\|\| -\S+\n/,
    );
    expect(texts(both.stdout).toSorted()).toEqual(texts(same.stdout).toSorted());
  });

  it.each([
    ["no list", "list.txt:1: this is no entry of an n-best list. "],
    ["60 ||| a ||| ||| -1", "list.txt:1: it is of source line 60, but the last one is 59. "],
  ])("%s is refused", async (line, message) => {
    writeFiles(cwd, { "list.txt": [line] });
    const rerank = ["score", "--model", "run", "--nbest", "list.txt", "--input", "sources.txt"];
    const { stderr, code } = await xformer(rerank, { cwd });
    expect(stderr.startsWith(message)).toBe(true);
    expect(code).toBe(1);
  });

  it("score wants pairs or a list", async () => {
    const { stderr, code } = await xformer(["score", "--model", "run"], { cwd });
    expect(stderr).toMatch(/^there has to be either --test or --nbest\. /);
    expect(code).toBe(2);
  });
});

describe("score in both directions", () => {
  it("has a column a direction", async () => {
    const score = ["score", "--model", "run", "--test", "pairs.tsv", "--reverse-model", "run"];
    const { stdout } = await xformer(score, { cwd });
    expect(stdout).toMatch(/^(-\S+\t-\S+\n){400}$/);
    // These pairs are the same in both directions.
    for (const line of stdout.trimEnd().split("\n")) expect(line.split("\t")[0]).toBe(line.split("\t")[1]);
  });
});
