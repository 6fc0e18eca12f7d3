import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { finished, letterPairs, SMALLEST, startXformer, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const POSIX = process.platform !== "win32";

beforeAll(async () => {
  writeFiles(cwd, { "pairs.tsv": letterPairs(64), "valid.tsv": letterPairs(8), "other.tsv": letterPairs(9) });
  const data = ["--train", "pairs.tsv", "--valid", "valid.tsv"];
  const { code } = await xformer(["train", ...data, "--out", "run", "--max-steps", "4", ...SMALLEST], {
    cwd,
  });
  expect(code).toBe(0);
});

/** A copy of the run, to do harm to. */
function copyOf(name: string): string {
  cpSync(join(cwd, "run"), join(cwd, name), { recursive: true });
  return join(cwd, name);
}

/** The one line that a command fails with, which takes no more than a moment. */
async function failure(args: readonly string[], input = ""): Promise<string> {
  const started = performance.now();
  const { stderr, code } = await xformer(args, { cwd, input });
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr.length).toBeLessThan(2100);
  expect(stderr).not.toContain("unexpected error");
  return `${code} ${stderr.trimEnd()}`;
}

/** Writes a safetensors file with any header. */
function writeHeader(name: string, json: string, bytes = 0): void {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  writeFileSync(join(cwd, name), Buffer.concat([length, Buffer.from(json)]));
  truncateSync(join(cwd, name), 8 + Buffer.byteLength(json) + bytes);
}

describe("a run that goes on", () => {
  it.each([
    ['"heads": 2', '"heads": 4', "model setting nHeads = 2, not 4"],
    ['"activation": "relu"', '"activation": "gelu"', "model setting activation = relu, not gelu"],
    ['"clip": 1', '"clip": 2', "training setting clipNorm = 1, not 2"],
    ['"source_lang": ""', '"source_lang": "zh"', 'data setting sourceLanguage = "", not zh'],
    ['"bpe_dropout": 0', '"bpe_dropout": 0.1', "tokenizer setting bpeDropout = 0, not 0.1"],
    ['"unk_replace": 0.1', '"unk_replace": null', "tokenizer setting unkReplace = 0.1, not null"],
    ['"test_split": 0', '"test_split": 3', "data setting testSplit = 0, not 3"],
  ])("keeps what the checkpoint says: %s made %s is refused", async (from, to, what) => {
    const name = `edited-${to.replace(/\W/g, "")}`;
    const config = join(copyOf(name), "config.json");
    const text = readFileSync(config, "utf8");
    expect(text).toContain(from);
    writeFileSync(config, text.replace(from, to));
    expect(await failure(["train", "--resume", name, "--max-steps", "6"])).toBe(
      `1 ${name}/config.json: this run was begun with ${what}. Put it back in the file, or begin a new run.`,
    );
  });

  it("keeps its validation pairs", async () => {
    expect(await failure(["train", "--resume", "run", "--max-steps", "6", "--valid", "other.tsv"])).toBe(
      "1 other.tsv: these are not the validation pairs that the run in run was begun with. Restore them, or begin a new run.",
    );
  });

  it("does not go on from a batch that its epoch does not have", async () => {
    const last = join(copyOf("batch"), "last.safetensors");
    const { tensors, metadata } = readSafetensors(last);
    const list = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
    const training = JSON.stringify({ ...JSON.parse(metadata.training!), batch: 1e9 });
    writeSafetensors(last, list, { ...metadata, training });
    expect(await failure(["train", "--resume", "batch", "--max-steps", "6", "--quiet"])).toBe(
      "1 batch/last.safetensors: training.batch in its metadata is 1000000000, but its epoch has fewer batches. Use another copy, or train again.",
    );
  });

  it("bears strings where its metrics have numbers, and a lock that is none", async () => {
    const directory = copyOf("metrics");
    writeFiles(directory, { "metrics.jsonl": ['{"step":"1"}', '{"step":1,"elapsedSeconds":"long"}', "[]"] });
    const { code } = await xformer(["train", "--resume", "metrics", "--max-steps", "6", "--quiet"], { cwd });
    expect(code).toBe(0);
    const lock = { pid: 2 ** 40, host: hostname(), startedAt: "then", processStart: null };
    writeFiles(directory, { "run.lock": JSON.stringify(lock) });
    expect(await failure(["train", "--resume", "metrics"])).toBe(
      "1 metrics: the run is locked, and its lock does not say by whom. Remove metrics/run.lock when you are sure that no process trains it.",
    );
  });

  it.runIf(POSIX)("does not wait for a lock that is a link to nowhere", async () => {
    symlinkSync("nowhere", join(copyOf("link"), "run.lock"));
    expect(await failure(["train", "--resume", "link"])).toBe(
      "1 link: its lock is a link, which no xformer makes. Remove link/run.lock when you are sure that no process trains it.",
    );
  });

  it.runIf(POSIX)("does not wait for a pipe", async () => {
    execFileSync("rm", [join(copyOf("pipe"), "metrics.jsonl")]);
    execFileSync("mkfifo", [join(cwd, "pipe/metrics.jsonl"), join(cwd, "pipe.tsv")]);
    expect(await failure(["train", "--resume", "pipe"])).toBe(
      "1 pipe/metrics.jsonl: this is not a file. Remove it, or begin a new run.",
    );
    expect(await failure(["train", "--train", "pipe.tsv"])).toBe(
      "1 pipe.tsv: this is a pipe, but it is read more than once. Write it to a file first.",
    );
  });
});

it.runIf(POSIX)(
  "a signal ends a translation that waits for a pipe's writer, and leaves no file",
  async () => {
    execFileSync("mkfifo", [join(cwd, "lines")]);
    const child = startXformer(["translate", "--model", "run", "--input", "lines", "--output", "out"], {
      cwd,
    });
    const end = finished(child);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    child.kill("SIGTERM");
    await end;
    expect(child.signalCode).toBe("SIGTERM");
    expect(execFileSync("ls", { cwd, encoding: "utf8" })).not.toMatch(/^out/m);
  },
);

describe("what does not fit", () => {
  it("a model of more layers, or larger ones, than memory has is told before it is made", async () => {
    expect(await failure(["train", "--encoder-layers", "1000000000"])).toBe(
      '2 --encoder-layers: expected a whole number from 1 to 1000, got "1000000000".',
    );
    const large = ["--encoder-layers", "1000", "--d-model", "2048", "--out", "large"];
    expect(await failure(["train", "--train", "pairs.tsv", ...large])).toMatch(
      /^1 the model is too large: to train its [\d,]+ parameters takes [\d.]+ GiB of memory, but .+\. Choose .+\.$/,
    );
  });

  it("tensors of 20 GB, 200,000 tensors, headers nested deep", async () => {
    const count = 5e9;
    const big = { big: { dtype: "F32", shape: [count], data_offsets: [0, 4 * count] } };
    writeHeader("big.safetensors", JSON.stringify(big), 4 * count);
    expect(await failure(["translate", "--model", "big.safetensors"])).toMatch(/take 18\.6 GiB, but no more/);
    truncateSync(join(cwd, "big.safetensors"), 0);
    const none = { dtype: "F32", shape: [0], data_offsets: [0, 0] };
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`t${i}`, none]));
    writeHeader("many.safetensors", JSON.stringify(many));
    expect(await failure(["translate", "--model", "many.safetensors"])).toMatch(/it has 200000 tensors/);
    const checksums = '"__metadata__":{"xformer.data_crc32":"0","xformer.header_crc32":"0"}';
    writeHeader("nested.safetensors", `{${checksums},"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
    expect(await failure(["inspect", "--model", "nested.safetensors"])).toMatch(/nested too deep/);
  });
});

describe("a tokenizer.json", () => {
  const bpe = { version: "1.0", model: { type: "BPE", vocab: { a: 0 }, merges: [] } };

  it("nested deep is refused", async () => {
    const part = `${'{"type":"Sequence","normalizers":['.repeat(3000)}${"]}".repeat(3000)}`;
    const json = JSON.stringify({ ...bpe, normalizer: "PART" }).replace('"PART"', part);
    writeFiles(cwd, { "deep.json": json });
    expect(await failure(["tokenizer", "encode", "--tokenizer", "deep.json"])).toBe(
      "1 deep.json: not a tokenizer that can be used: normalizer is nested more than 64 deep. Use the file as it was written, or train again.",
    );
  });

  it("whose regular expression would never end is used in a moment", async () => {
    const pre_tokenizer = { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated" };
    writeFiles(cwd, { "slow.json": JSON.stringify({ ...bpe, pre_tokenizer }) });
    const input = `${"a".repeat(5000)}!\n`;
    const { code } = await xformer(["tokenizer", "encode", "--tokenizer", "slow.json"], { cwd, input });
    expect(code).toBe(0);
  });
});

describe("a configuration", () => {
  it.each([
    ["keys", Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join("\n"), /at most 2000 keys and values/],
    ["aliases", `a: &a 1\n${"b: *a\n".repeat(200)}`, /at most 100 aliases/],
    ["a bomb", `a: &a [x]\n${"- *a\n".repeat(600)}`, /at most (100 aliases|500 list entries)/],
    ["omap", "training: !!omap\n  - lr: 1", /:1: the tag !!omap is not known\. Leave it out\./],
    ["set", "training: !!set {lr}", /:1: the tag !!set is not known\. Leave it out\./],
    ["a key by an alias", "a: &k lr\ntraining:\n  ? *k\n  : 1", /:3: a key that begins with a question mark/],
    ["a long value", `model:\n  norm: ${"x".repeat(100_000)}`, /got "x{60}\.\.\."\.$/],
    ["a long key", `${"x".repeat(1000)}: 1`, /unknown key "x{60}\.\.\." at the top\.$/],
    ["a long file", `# ${"x".repeat(300_000)}`, /this file has 300002 bytes, a configuration at most 262144/],
    ["brackets", "[".repeat(5000), /at most 500 brackets/],
  ])("with too much of something, or something strange, is refused: %s", async (name, text, line) => {
    const file = `${name.replaceAll(" ", "-")}.yaml`;
    writeFiles(cwd, { [file]: text });
    expect(await failure(["train", "--config", file, "--print-config"])).toMatch(line);
  });
});

it.runIf(POSIX)("links in a circle, devices and names too long are told", async () => {
  symlinkSync("circle.tsv", join(cwd, "circle.tsv"));
  const circle = "circle.tsv: its symbolic links lead in a circle. Check the path.";
  expect(await failure(["train", "--train", "circle.tsv"])).toBe(`1 ${circle}`);
  expect(await failure(["translate", "--model", "circle.tsv"])).toBe(`1 ${circle}`);
  expect(await failure(["translate", "--model", "x".repeat(5000)])).toMatch(/the name is too long/);
  expect(await failure(["translate", "--model", "run", "--repetition-penalty", "1e-320"])).toMatch(/^2 /);
});
