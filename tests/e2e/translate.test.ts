import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { finished, letterPairs, SMALLEST, startXformer, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const TRANSLATE = ["translate", "--model", "run"];
const SOURCES = letterPairs(200).map((line) => line.split("\t")[0]!);

beforeAll(async () => {
  writeFiles(cwd, { "pairs.tsv": letterPairs(400), "sources.txt": SOURCES });
  const flags = ["--max-steps", "150", "--lr", "0.01", "--warmup", "30", "--max-length", "8", "--out", "run"];
  const { code } = await xformer(["train", "--train", "pairs.tsv", ...flags, ...SMALLEST], { cwd });
  expect(code).toBe(0);
});

async function translated(input: string | Uint8Array): Promise<string[]> {
  const { stdout } = await xformer(TRANSLATE, { cwd, input });
  expect(stdout.endsWith("\n")).toBe(true);
  return stdout.slice(0, -1).split("\n");
}

describe("lines in, lines out", () => {
  it("one for one and in order, whoever the neighbours are; empty lines stay empty", async () => {
    const lines = await translated(`${SOURCES.join("\n")}\n`);
    expect(lines).toHaveLength(200);
    const some = ["", SOURCES[7]!, "  ", SOURCES[3]!, SOURCES[199]!];
    // The last line need not be terminated.
    expect(await translated(some.join("\n"))).toEqual(["", lines[7], "", lines[3], lines[199]]);
  });

  it("a byte-order mark and CRLF change nothing", async () => {
    const [first, second] = await translated("a b c\nb a d\n");
    expect(await translated("\ufeffa b c\r\nb a d\r\n")).toEqual([first, second]);
  });

  it("nothing in, nothing out", async () => {
    expect(await xformer(TRANSLATE, { cwd })).toEqual({ stdout: "", stderr: "", code: 0 });
  });

  it("the first line out does not wait for the last line in", async () => {
    const child = startXformer(TRANSLATE, { cwd });
    const end = finished(child);
    const firstLine = new Promise<string>((resolve) =>
      child.stdout!.once("data", (chunk) => resolve(String(chunk))),
    );
    child.stdin!.write("a b c\n");
    const first = await Promise.race([firstLine, setTimeout(20_000, "nothing came")]);
    child.stdin!.end("b a d\n");
    const { stdout, code } = await end;
    expect(stdout.startsWith(first)).toBe(true);
    expect([first.split("\n").length, stdout.split("\n").length, code]).toEqual([2, 3, 0]);
  });

  it("a reader that has seen enough is no failure", async () => {
    const child = startXformer(TRANSLATE, { cwd });
    const end = finished(child);
    child.stdin!.on("error", () => {});
    child.stdin!.write("a b c\n".repeat(50_000)); // more than pipes hold, and never closed
    child.stdout!.once("data", () => child.stdout!.destroy());
    expect(await end).toMatchObject({ stderr: "", code: 0 });
  });

  it("from a file to a file, even the same one", async () => {
    const expected = (await translated(`${SOURCES.join("\n")}\n`)).map((line) => `${line}\n`).join("");
    const toFile = [...TRANSLATE, "--input", "sources.txt", "--output", "out.txt"];
    expect(await xformer(toFile, { cwd })).toEqual({ stdout: "", stderr: "", code: 0 });
    expect(readFileSync(join(cwd, "out.txt"), "utf8")).toBe(expected);
    writeFiles(cwd, { "same.txt": SOURCES });
    await xformer([...TRANSLATE, "--input", "same.txt", "--output", "same.txt"], { cwd });
    expect(readFileSync(join(cwd, "same.txt"), "utf8")).toBe(expected);
    expect(readdirSync(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("of a .tsv the first column", async () => {
    const { stdout } = await xformer([...TRANSLATE, "--input", "pairs.tsv"], { cwd });
    expect(stdout.split("\n").slice(0, 200)).toEqual(await translated(`${SOURCES.join("\n")}\n`));
  });
});

describe("what is amiss is said on stderr", () => {
  it("unknown words are counted and named", async () => {
    const { stderr, code } = await xformer(TRANSLATE, { cwd, input: "a b zebra\nzebra owl a\n" });
    expect(stderr).toBe("warning: 3 of 6 tokens (50.0 %) are unknown to the model: zebra, owl\n");
    expect(code).toBe(0);
  });

  it.each([
    [[], "translated in 3 pieces"],
    [["--long-lines", "truncate"], "the rest was left out"],
    [["--long-lines", "refuse"], "not translated"],
    [["--long-lines", "keep"], "its translation may be poor"],
  ])("over-long lines, with a warning that names the line: %j", async (flags, outcome) => {
    const input = "a b c\na b c d e f g h a\n";
    const { stdout, stderr } = await xformer([...TRANSLATE, ...flags], { cwd, input });
    expect(stdout.split("\n")).toHaveLength(3);
    expect(stdout.split("\n")[1] === "").toBe(flags.includes("refuse"));
    expect(stderr).toBe(
      `warning: line 2: 9 tokens, more than the 3 of any line the model was trained on; ${outcome}.\n`,
    );
  });

  it("invalid UTF-8 is replaced, with a warning that names file and line", async () => {
    writeFiles(cwd, { "latin.txt": Buffer.from("a b c\na \xe9 c\n", "latin1") });
    const { stdout, stderr, code } = await xformer([...TRANSLATE, "--input", "latin.txt"], { cwd });
    expect(stdout.split("\n")).toHaveLength(3);
    expect(stderr).toContain("warning: latin.txt:2: invalid UTF-8, read as \ufffd.\n");
    expect(code).toBe(0);
    const quiet = await xformer([...TRANSLATE, "--input", "latin.txt", "--quiet"], { cwd });
    expect(quiet).toEqual({ stdout, stderr: "", code: 0 });
  });

  it.each([
    [["--input", "none.txt"], "none.txt: no such file or directory. Check the path.\n"],
    [["--input", "run"], "run: this is a directory, a file is needed. Name a file inside it.\n"],
    [["--output", "run"], "run: this is a directory, a file is needed. Name a file inside it.\n"],
    [["--output", "none/out.txt"], "none/out.txt: no such file or directory. Check the path.\n"],
  ])("%j", async (flags, line) => {
    expect(await xformer([...TRANSLATE, ...flags], { cwd, input: "a\n" })).toEqual({
      stdout: "",
      stderr: line,
      code: 1,
    });
  });

  it.skipIf(!existsSync("/dev/full"))("a full disk", async () => {
    const { stderr, code } = await xformer([...TRANSLATE, "--output", "/dev/full"], { cwd, input: "a\n" });
    expect(stderr).toMatch(/^\/dev\/full: no space left on the device\. [^\n]+\n$/);
    expect(code).toBe(1);
  });
});

describe("the model seen from outside", () => {
  it("tokenize and back, by tokens and by ids", async () => {
    const tokenize = ["tokenize", "--model", "run", "--side", "source"];
    const input = "a b zebra\n\nh h\n";
    const tokens = await xformer(tokenize, { cwd, input });
    expect(tokens).toEqual({ stdout: "a b <unk>\n\nh h\n", stderr: "", code: 0 });
    const ids = await xformer([...tokenize, "--ids"], { cwd, input });
    expect(ids.stdout).toMatch(/^\d+ \d+ 0\n\n(\d+) \1\n$/);
    for (const [flags, encoded] of [
      [["--decode"], tokens.stdout],
      [["--decode", "--ids"], ids.stdout],
    ] as const) {
      const decoded = await xformer([...tokenize, ...flags], { cwd, input: encoded });
      expect(decoded).toEqual({ stdout: "a b <unk>\n\nh h\n", stderr: "", code: 0 });
    }
    expect(await xformer([...tokenize, "--decode", "--ids"], { cwd, input: "3 99\n" })).toEqual({
      stdout: "",
      stderr: 'standard input:1: expected ids from 0 to 10, got "99". Leave out --ids to decode tokens.\n',
      code: 1,
    });
  });

  it("inspect: sizes add up", async () => {
    const { stdout } = await xformer(["inspect", "--model", "run", "--json"], { cwd });
    const { parameters, tensors, model, tokenizers, resumable } = JSON.parse(stdout);
    const sizes = tensors.map(({ shape }: { shape: number[] }) =>
      shape.reduce((product, size) => product * size, 1),
    );
    expect(sizes.reduce((sum: number, size: number) => sum + size, 0)).toBe(parameters.total);
    expect(model).toMatchObject({ dModel: 16, nHeads: 2, dFF: 32, sourceVocabSize: 11 });
    expect(tokenizers.source).toEqual({ kind: "word", lowercase: false, vocabulary: 11 });
    expect(resumable).toBe(false);
    const text = await xformer(["inspect", "--model", "run/last.safetensors"], { cwd });
    expect(text.stdout).toMatch(/^ {2}encoder\.layers\.0\.self_attn\.in_proj_weight +48 x 16 +768$/m);
    expect(text.stdout).toMatch(/^ {2}resumable +yes, it holds Adam's moments$/m);
  });

  it("eval as a table; score one number a pair, negative and in full precision", async () => {
    const table = await xformer(
      ["eval", "--model", "run", "--test", "pairs.tsv", "--bleu-tokenizer", "none"],
      { cwd },
    );
    expect(table.stdout).toMatch(
      /^ {2}loss +\d+\.\d{4} .*\n {2}perplexity +\d+\.\d{4} .*\n {2}token accuracy +\d+\.\d\d % .*\n/,
    );
    expect(table.stdout).toContain("tok:none");
    const scores = await xformer(["score", "--model", "run", "--test", "pairs.tsv"], { cwd });
    expect(scores.stdout).toMatch(/^(-\d+\.\d{5,}(e-\d+)?\n){400}$/);
    expect([table.stderr, scores.stderr]).toEqual(["", ""]);
  });
});
