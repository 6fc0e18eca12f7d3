import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { findTask } from "../../src/tasks/tasks.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles } from "../support/cli.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const root = temporaryDirectory();
/** A copy of the package, where all commands run one after the other, as a reader would type them. */
const cwd = join(root, "xformer");
const programs = join(root, "programs");
const run = promisify(execFile);

/** What `npx` is here: the program of this folder, with training cut short, and servers ended once they listen. */
const NPX = `#!/usr/bin/env node
const { spawn, spawnSync } = require("node:child_process");
const [, , name, ...args] = process.argv;
const trains = args[0] === "train" && !args.includes("--print-config") && !args.includes("--help");
// How many steps fit into a time is not to be waited for, nor to depend on the machine.
const isLab = args[0] === "lab" && !args.includes("--list") && !args.includes("--help");
const short = isLab ? ["--steps", "2", "--seeds", "1"] : !trains ? [] : args.includes("--minutes") ? ["--print-config"] : args.includes("--resume") ? ["--max-steps", "8"] : ${JSON.stringify(
  [...["--max-steps", "5", "--validate-every", "1", "--validate-pairs", "5", "--average", "0"], ...SMALLEST],
)};
if (name !== "xformer") throw new Error("there is no " + name);
if (args[0] === "serve" && !args.includes("--help")) {
  // Any free port: what a page says may be taken here.
  const stdio = ["ignore", "pipe", "inherit"];
  const server = spawn(process.execPath, ["bin/xformer.js", ...args, "--port", "0"], { stdio });
  server.stdout.once("data", () => server.kill("SIGTERM"));
  server.once("exit", (code) => process.exit(code ?? 1));
} else process.exit(spawnSync(process.execPath, ["bin/xformer.js", ...args, ...short], { stdio: "inherit" }).status);
`;

/** What belongs to the reader: pages only say what it is called. */
function writeReadersFiles(): void {
  const pairs = letterPairs(600);
  const lines = pairs.map((pair) => pair.split("\t")[0]!);
  const parts = ["train", "valid", "test"].flatMap((part) =>
    ["de", "en"].map((language) => [`corpus/${part}.${language}`, lines] as const),
  );
  const english = readFileSync(join(ROOT, "data/zh-en/test.en"), "utf8");
  cpSync(join(ROOT, "tests/fixtures/tokenizers/kinds/unigram.model"), join(cwd, "spm.model"));
  writeFiles(cwd, {
    ...Object.fromEntries(parts),
    ...{ "pairs.tsv": pairs, "train.de": lines, "train.en": lines, "test.en": lines, "output.en": english },
    "dictionary.tsv": findTask("sounds")
      .generate({ seed: 3, count: 600 })
      .map(({ source, target }) => `${source}\t${target}`),
    "big.tsv.gz": gzipSync(pairs.map((pair) => `${pair}\n`).join("")),
    "runs/said.txt": ["HH AH L OW"],
    "runs/accepted.txt": ["HH AH L OW | HH EH L OW"],
  });
}

/** A command that a page or the help shows. */
const COMMAND =
  /^(?:npx xformer|npm install && npx xformer|[A-Z_]+=\S+ npx xformer|echo |printf |head |cat )/;
/** What is downloaded first, or is about this repository and not about the program. */
const ELSEWHERE = /corpora\/|examples\/(?:multi30k|cmudict|scan)|runs\/(?:multi30k|cmudict)/;

/** The commands in the blocks of a page that name no language. */
function commandsOf(page: string): string[] {
  const blocks = readFileSync(join(ROOT, page), "utf8").matchAll(/^ *```(.*)\n([\s\S]*?)^ *```$/gm);
  return [...blocks]
    .filter(([, language]) => language === "")
    .flatMap(([, , block]) => block!.split("\n").map((line) => line.trim()))
    .filter((line) => COMMAND.test(line) && !ELSEWHERE.test(line))
    .map((line) => line.replace(/^npm install && /, ""));
}

/** The examples in the help of all commands, those that train first: the others are about their runs. */
function examples(): string[] {
  const parts: string[] = [];
  const program = createProgram(
    () => async () => {},
    (text) => parts.push(text),
  );
  const all = (commands: typeof program.commands): typeof program.commands =>
    commands.flatMap((command) => [command, ...all(command.commands)]);
  for (const command of [program, ...all(program.commands)]) command.outputHelp();
  return [...parts.join("").matchAll(/^ {2}\$ (.*?)(?: {3,}.*)?$/gm)].map(([, line]) => line!);
}

beforeAll(() => {
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
  const published = files.filter((file) => !file.startsWith("!") && existsSync(join(ROOT, file)));
  for (const part of [...published.filter((file) => file !== "data"), "data/zh-en", "package.json"])
    cpSync(join(ROOT, part), join(cwd, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(cwd, "node_modules"));
  mkdirSync(programs);
  writeFileSync(join(programs, "npx"), NPX, { mode: 0o755 });
  writeReadersFiles();
});

/** What went wrong with commands that are typed one after the other. */
async function failures(commands: readonly string[]): Promise<string[]> {
  const { PATH } = process.env;
  const env = { ...process.env, PATH: `${programs}:${PATH}` };
  const failed: string[] = [];
  for (const command of commands) {
    try {
      const running = run("sh", ["-c", command], { cwd, env });
      running.child.stdin?.end(); // nobody types anything
      await running;
    } catch (error) {
      const { stderr = "" } = error as { stderr?: string };
      failed.push(`${command}: ${stderr.trimEnd().split("\n").at(-1)}`);
    }
  }
  return failed;
}

describe("what is documented can be pasted, from top to bottom", () => {
  const pages = readdirSync(join(ROOT, "docs")).filter((page) => page.endsWith(".md"));
  it.each(["README.md", ...pages.sort().map((page) => `docs/${page}`)])(
    "%s",
    { timeout: 600_000 },
    async (page) => {
      expect(await failures(commandsOf(page))).toEqual([]);
    },
  );

  it("the examples of the help", { timeout: 600_000 }, async () => {
    const commands = examples();
    expect(commands.length).toBeGreaterThan(30);
    expect(await failures(commands)).toEqual([]);
  });
});
