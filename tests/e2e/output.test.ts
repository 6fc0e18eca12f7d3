import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const CORPORA = [
  "--train",
  "letters.train.tsv",
  "--valid",
  "letters.valid.tsv",
  "--test",
  "letters.test.tsv",
];
const TRAIN = [
  "train",
  ...CORPORA,
  ...SMALLEST,
  "--max-steps",
  "20",
  "--validate-every",
  "10",
  "--log-every",
  "5",
];
const root = join(import.meta.dirname, "../..");

beforeAll(() => {
  const pairs = letterPairs(512);
  const parts = {
    "letters.train.tsv": pairs.slice(0, 400),
    "letters.valid.tsv": pairs.slice(400, 430),
    "letters.test.tsv": pairs.slice(430),
  };
  writeFiles(cwd, parts);
});

describe("what training prints", () => {
  it("--json: every line of stdout is an event, the last one the result; stderr is empty", async () => {
    const { stdout, stderr, code } = await xformer([...TRAIN, "--json"], { cwd });
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const count = (type: string): number => events.filter((event) => event.type === type).length;
    expect([count("started"), count("step"), count("log"), count("validation"), count("finished")]).toEqual([
      1, 20, 4, 2, 1,
    ]);
    expect(events.find(({ type }) => type !== "preparing").type).toBe("started");
    expect(events.at(-1)).toMatchObject({
      type: "finished",
      directory: "runs/letters-1",
      step: 20,
      interrupted: false,
    });
    const { test } = events.at(-1);
    expect(test.pairs).toBe(82);
    expect(Object.keys(test)).toEqual([
      ...["pairs", "loss", "perplexity", "tokenAccuracy", "exactMatch", "bleu", "samples"],
    ]);
    expect(test.samples).toHaveLength(5);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("a pipe: the result on stdout, plain lines on stderr, not a control character, the next free run", async () => {
    const { stdout, stderr, code } = await xformer(TRAIN, { cwd });
    expect(`${stdout}${stderr}`.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(stderr).toMatch(
      /^step 5\/20 {2}loss \d\.\d{3} {2}lr \d\.\de-\d {2}[\d.]+[kM]? tokens\/s {2}.+ left$/m,
    );
    expect(stderr).toMatch(
      /^step 10 {2}validation {2}loss [\d.]+ {2}perplexity [\d.]+ {2}BLEU [\d.]+ {2}chrF [\d.]+ {2}exact match [\d.]+ %/m,
    );
    expect(stdout).toMatch(
      /^Trained 20 steps in [\d.]+ s; the best model is that of step \d+\.\n\nOn 82 held-out pairs\n/,
    );
    expect(stdout).toContain("\n  npx xformer translate --model runs/letters-2\n");
    expect(code).toBe(0);
  });

  it("--quiet: the result, and nothing on stderr", async () => {
    const { stdout, stderr } = await xformer([...TRAIN, "--quiet", "--out", "quiet"], { cwd });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Trained 20 steps/);
  });

  it("NO_COLOR wins over FORCE_COLOR", async () => {
    const flags = [...TRAIN, "--out", "coloured", "--force"];
    const escapeSequence = "\u001b[";
    const coloured = await xformer(flags, { cwd, env: { FORCE_COLOR: "1" } });
    expect([coloured.stdout.includes(escapeSequence), coloured.stderr.includes(escapeSequence)]).toEqual([
      true,
      true,
    ]);
    const plain = await xformer(flags, { cwd, env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect([plain.stdout.includes(escapeSequence), plain.stderr.includes(escapeSequence)]).toEqual([
      false,
      false,
    ]);
  });

  it("over-long pairs are skipped, counted and said", async () => {
    writeFiles(cwd, { "uneven.tsv": [...letterPairs(10), "a b c d\ta", "a\ta b c d e"] });
    const flags = ["train", "--train", "uneven.tsv", "--max-length", "3", "--max-steps", "1", ...SMALLEST];
    const { stderr } = await xformer(flags, { cwd });
    expect(stderr).toMatch(
      /^ {2}data {5}uneven: 10 pairs to train on\n {11}too few to hold some out unasked; .*\n {11}2 pairs skipped: a side of more than 3 tokens$/m,
    );
  });

  it.skipIf(process.platform === "win32")(
    "the reader of the events may leave: the model is still made",
    async () => {
      const flags = [...TRAIN, "--json", "--out", "unheard"].join(" ");
      execFileSync(
        "sh",
        ["-c", `'${process.execPath}' '${join(root, "bin/xformer.js")}' ${flags} | head -1`],
        {
          cwd,
        },
      );
      const translated = await xformer(["translate", "--model", "unheard"], { cwd, input: "a b c\n" });
      expect(translated.code).toBe(0);
    },
  );
});

it("a full disk while saving: the checkpoint before stays whole", async (test) => {
  const disk = join(cwd, "disk");
  const flags = [...TRAIN, "--save-every", "1", "--no-report"];
  await xformer([...flags, "--out", "sizes"], { cwd });
  const files = readdirSync(join(cwd, "sizes")).map((name) => statSync(join(cwd, "sizes", name)).size);
  const pages = files.reduce((sum, size) => sum + Math.ceil(size / 4096), 0);
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${4 * (pages + 2)}k`, "tmpfs", disk], {
      stdio: "ignore",
    });
  } catch {
    test.skip("only root can make a small disk");
  }
  try {
    const { stderr, code } = await xformer([...flags, "--out", "disk/run", "--quiet"], { cwd });
    expect(stderr).toMatch(/^disk\/run\/(best|last)\.safetensors: no space left on the device\. [^\n]+\n$/);
    expect(code).toBe(1);
    const left = readdirSync(join(disk, "run"));
    expect(left).toContain("last.safetensors");
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    for (const name of left.filter((name) => name.endsWith(".safetensors"))) {
      const translated = await xformer(["translate", "--model", `disk/run/${name}`], {
        cwd,
        input: "a b c\n",
      });
      expect(translated.code).toBe(0);
    }
  } finally {
    execFileSync("umount", [disk]);
  }
});

describe("data make", () => {
  it("without flags zh-en is the corpus that comes with xformer, byte for byte", async () => {
    const made = await xformer(["data", "make", "zh-en"], { cwd });
    expect(made.stdout).toBe(
      "npx xformer train --train data/zh-en/train --valid data/zh-en/valid --test data/zh-en/test --source-lang zh --target-lang en --norm post --max-epochs 8 --batch-tokens 512 --lr 0.002 --schedule linear --validate-every-epochs 1\n",
    );
    for (const name of ["train.zh", "train.en", "valid.zh", "valid.en", "test.zh", "test.en"]) {
      const [here, bundled] = [cwd, root].map((place) => readFileSync(join(place, "data/zh-en", name)));
      expect(here!.equals(bundled!), name).toBe(true);
    }
  });

  it("the same seed gives the same corpus; what is there is not overwritten without --force", async () => {
    const make = ["data", "make", "dates", "--train", "20", "--valid", "0", "--test", "5", "--out"];
    const first = await xformer([...make, "my dates"], { cwd });
    expect(first.stdout).toBe(
      'npx xformer train --train "my dates/train" --test "my dates/test" --source-lang en --target-lang iso --tokenizer char --preset tiny --norm post --max-epochs 20 --batch-tokens 1024 --lr 0.003 --warmup 500 --schedule linear --metric exact-match\n',
    );
    expect(readdirSync(join(cwd, "my dates")).sort()).toEqual([
      "test.en",
      "test.iso",
      "train.en",
      "train.iso",
    ]);
    const content = readFileSync(join(cwd, "my dates/train.en"), "utf8");
    expect((await xformer([...make, "my dates"], { cwd })).code).toBe(0); // the same once more
    expect(await xformer([...make, "my dates", "--seed", "2"], { cwd })).toEqual({
      stdout: "",
      stderr:
        "my dates/train.en: this file is there already, with other pairs. Choose another --out, or overwrite it with --force.\n",
      code: 1,
    });
    await xformer([...make, "my dates", "--seed", "2", "--force"], { cwd });
    expect(readFileSync(join(cwd, "my dates/train.en"), "utf8")).not.toBe(content);
    await xformer([...make, "my dates", "--force"], { cwd });
    expect(readFileSync(join(cwd, "my dates/train.en"), "utf8")).toBe(content);
  });
});

describe("help", () => {
  it("--help and --version are on stdout, exit code 0; no command is wrong usage", async () => {
    const help = await xformer(["train", "--help"]);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout).toContain("$ npx xformer train --preset tiny");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await xformer(["--version"])).toEqual({ stdout: `${version}\n`, stderr: "", code: 0 });
    const none = await xformer([]);
    expect([none.code, none.stdout]).toEqual([2, ""]);
    expect(none.stderr).toContain("Usage: xformer");
  });

  it("loads what lays it out, and nothing that computes", async () => {
    const coverage = join(cwd, "coverage");
    await xformer(["train", "--help"], { env: { NODE_V8_COVERAGE: coverage } });
    const [report] = readdirSync(coverage);
    const { result } = JSON.parse(readFileSync(join(coverage, report!), "utf8")) as {
      result: { url: string }[];
    };
    const loaded = result.map(({ url }) => url).filter((url) => url.startsWith("file:"));
    const packages = loaded.flatMap((url) => /.*node_modules\/([^/]+)/.exec(url)?.[1] ?? []);
    expect([...new Set(packages)].sort()).toEqual([
      ...["ansi-regex", "commander", "get-east-asian-width", "string-width", "strip-ansi"],
    ]);
    const rooms = loaded.flatMap((url) => /\/dist\/([^/]+)\//.exec(url)?.[1] ?? []);
    const count = (room: string): number => rooms.filter((each) => each === room).length;
    // Of the rooms that compute only what says which choices there are.
    expect(["tensor", "replicas", "evaluation", "text", "report"].map(count)).toEqual([0, 0, 0, 0, 0]);
    expect(["kernels", "model", "decoding"].map(count)).toEqual([1, 1, 1]);
  });
});
