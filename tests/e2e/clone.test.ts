import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { writeFiles } from "../support/cli.ts";

const ROOT = join(import.meta.dirname, "..", "..");

describe("a clone of the repository", () => {
  it.skipIf(!existsSync(join(ROOT, ".git")))("stays clean when corpora are made and runs are trained", () => {
    const ignored = (path: string): boolean =>
      spawnSync("git", ["check-ignore", "-q", "--no-index", path], { cwd: ROOT }).status === 0;
    for (const path of ["runs/zh-en-1/config.json", ".cache/zh-en.pairs", "data/reverse/train.src"])
      expect([path, ignored(path)]).toEqual([path, true]);
    for (const path of ["data/zh-en/train.zh", "data/README.md"])
      expect([path, ignored(path)]).toEqual([path, false]);
  });

  it("without development dependencies is not built, which is said in a line and no failure", () => {
    const folder = temporaryDirectory();
    cpSync(join(ROOT, "scripts"), join(folder, "scripts"), { recursive: true });
    const build = (...flags: readonly string[]) =>
      spawnSync(process.execPath, ["scripts/build.mjs", ...flags], { cwd: folder, encoding: "utf8" });
    const line =
      "xformer is not built: there is no assemblyscript, no typescript, no esbuild, no preact, no node-api-headers. " +
      "Run `npm install` without --omit=dev.\n";
    expect(build("--if-possible")).toMatchObject({ status: 0, stdout: "", stderr: line });
    expect(build()).toMatchObject({ status: 1, stdout: "", stderr: line });
  });
});

it("the types of the library need neither Node's nor the DOM's, though all of them are looked at", () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "xformer"), "junction");
  const program = (used: readonly string[]): string[] => [
    'import { type Evaluation, loadConfig, loadModel, type Translation, train } from "xformer";',
    'import { loadModel as loadInPage } from "xformer/browser";',
    'import { corpusBleu } from "xformer/metrics";',
    'import { learnTokenizer } from "xformer/tokenizers";',
    'const { directory, model } = await train(await loadConfig("recipe.yaml"));',
    'const translation: Translation = await model.translate("a", { beam: 2 });',
    "for await (const { text } of model.translateAll([translation.text])) text satisfies string;",
    'const all: Translation[] = await model.translateAll(new Set(["a"])).toArray();',
    'const { scores }: Evaluation<"bleu" | "ter"> = await model.evaluate(',
    '  [{ source: "a", target: ["b", "c"] }], { metrics: ["bleu", "ter"] });',
    "export const score: number = scores.ter.score + corpusBleu([translation.text], [[directory]]).score;",
    "{ await using other = await loadModel(directory, { worker: true }); other.description.step satisfies number; }",
    "// @ts-expect-error it was not asked for",
    "scores.chrf;",
    "// @ts-expect-error it is nobody's business",
    "model.translator;",
    `export default [all, loadInPage, learnTokenizer, ${used.join(", ")}];`,
  ];
  const flags = { strict: true, skipLibCheck: false, preserveSymlinks: true, noEmit: true, target: "es2023" };
  const options = { ...flags, exactOptionalPropertyTypes: true, module: "nodenext" };
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const check = (compilerOptions: object, used: readonly string[]): void => {
    writeFiles(folder, {
      "package.json": '{ "type": "module" }',
      "tsconfig.json": JSON.stringify({ compilerOptions, files: ["program.ts"] }),
      "program.ts": program(used),
    });
    const run = spawnSync(process.execPath, [tsc, "--project", "."], { cwd: folder, encoding: "utf8" });
    expect(run.stdout + run.stderr).toBe("");
  };
  check({ ...options, lib: ["es2023"], types: [] }, []);
  // Where there are such types, a signal and a URL are what they say.
  const signal = "() => loadModel(new URL('https://example.org'), { signal: AbortSignal.timeout(1) })";
  check({ ...options, lib: ["es2023", "dom"], types: [] }, [signal]);
  const typeRoots = [join(ROOT, "node_modules", "@types")];
  check({ ...options, lib: ["es2023"], types: ["node"], typeRoots }, [signal]);
});
