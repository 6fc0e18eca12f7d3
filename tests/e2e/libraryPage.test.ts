import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { writeFiles } from "../support/cli.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What examples take for granted, where they do not make it themselves. */
const GIVEN: Readonly<Record<string, string>> = {
  model: "declare const model: import('xformer').TrainedModel;",
  pairs: "declare const pairs: readonly import('xformer').Pair[];",
};

it("every example of docs/library.md is a program by the package's types", () => {
  const page = readFileSync(join(ROOT, "docs", "library.md"), "utf8");
  const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);
  expect(examples.length).toBeGreaterThan(5);
  const programs = examples.map((example) => {
    const given = Object.entries(GIVEN).filter(
      ([name]) => !new RegExp(`(const|using)[^=\n]*\\b${name}\\b[^=\n]*=`).test(example),
    );
    return [...given.map(([, declaration]) => declaration), example, "export {};"];
  });
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "xformer"), "junction");
  const files = Object.fromEntries(programs.map((lines, i) => [`example${i}.ts`, lines]));
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, target: "es2023", module: "nodenext" },
    ...{ lib: ["es2023", "dom"], types: ["node"], typeRoots: [join(ROOT, "node_modules", "@types")] },
  };
  writeFiles(folder, {
    ...files,
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({ compilerOptions, files: Object.keys(files) }),
  });
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const run = spawnSync(process.execPath, [tsc, "--project", "."], { cwd: folder, encoding: "utf8" });
  expect(run.stdout + run.stderr).toBe("");
});
