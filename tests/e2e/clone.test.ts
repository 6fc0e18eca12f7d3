import { execFileSync, spawnSync } from "node:child_process";
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
      "xformer is not built: there is no assemblyscript, no typescript, no node-api-headers. " +
      "Run `npm install` without --omit=dev.\n";
    expect(build("--if-possible")).toMatchObject({ status: 0, stdout: "", stderr: line });
    expect(build()).toMatchObject({ status: 1, stdout: "", stderr: line });
  });
});

it("the types of the library need no types of Node's, though all of them are looked at", () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "xformer"));
  writeFiles(folder, {
    "package.json": '{ "type": "module" }',
    "program.ts": [
      'import { loadModel, type TrainResult, train } from "xformer";',
      'const { directory }: TrainResult = await train({ preset: "tiny" });',
      'console.log(await (await loadModel(directory)).translate("a"));',
    ],
  });
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "false", "--types", "", "--preserveSymlinks"];
  const target = ["--module", "nodenext", "--target", "es2023"];
  execFileSync(process.execPath, [tsc, ...flags, ...target, "program.ts"], { cwd: folder, encoding: "utf8" });
});
