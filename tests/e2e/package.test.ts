import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);
/** npm and npx are scripts of cmd.exe on Windows. */
const shell = process.platform === "win32";
/** npm passes its settings to what it runs as variables; a user's own shell has none of them. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));

/** The relative links of a page. */
function linksIn(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
  return links.filter((link) => !/^[a-z]+:/i.test(link));
}

/** Whether a file is packed, or something in a folder of that name. */
function isPacked(names: ReadonlySet<string>, path: string): boolean {
  const folder = path.endsWith("/") ? path : `${path}/`;
  return names.has(path) || [...names].some((name) => name.startsWith(folder));
}

it("the packed tarball, installed in an empty folder, trains with npx and needs no build tools", {
  timeout: 600_000,
}, async () => {
  const folder = temporaryDirectory();
  // dist/ is built before the tests; packing must not change it under those that run beside this one.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout: listed } = await run("npm", pack, { cwd: ROOT, env, shell });
  const [{ files }] = JSON.parse(listed);
  const names: string[] = files.map(({ path }: { path: string }) => path);
  for (const needed of [
    "bin/xformer.js",
    "dist/kernels/relaxed.wasm",
    "dist/worker.js",
    "dist/modelWorker.js",
    "dist/labWorker.js",
    "dist/kernels/embedded.js",
    "dist/index.d.ts.map",
    "src/index.ts",
    "docs/library.md",
    "data/zh-en/train.zh",
  ]) {
    expect(names).toContain(needed);
  }
  expect(names.filter((name) => /^(tests|bench|scripts|runs)\//.test(name))).toEqual([]);

  // What packed pages and declarations point to is packed too, or on the web.
  const packed = new Set(names);
  const pages = names.filter((name) => /^[^/]+\.md$|^(docs|data|examples)\/.*\.md$/.test(name));
  expect(pages).toEqual(expect.arrayContaining(["README.md", "CHANGELOG.md", "docs/library.md"]));
  for (const page of pages) {
    for (const link of linksIn(readFileSync(join(ROOT, page), "utf8")))
      expect(isPacked(packed, posix.join(posix.dirname(page), link)), `${page}: ${link}`).toBe(true);
  }
  for (const map of names.filter((name) => name.endsWith(".map"))) {
    const { sources } = JSON.parse(readFileSync(join(ROOT, map), "utf8")) as { sources: string[] };
    for (const source of sources)
      expect(packed.has(posix.join(posix.dirname(map), source)), `${map}: ${source}`).toBe(true);
  }
  const { homepage, bugs, repository } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const place of [homepage, bugs, repository.url]) expect(place).toMatch(/^(git\+)?https:\/\//);

  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true }));
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`];
  await run("npm", install, { cwd: folder, env, shell });
  expect(readdirSync(join(folder, "node_modules"))).not.toContain("assemblyscript");

  const train = ["xformer", "train", "--preset", "tiny", "--max-steps", "30"];
  const { stdout } = await run("npx", train, { cwd: folder, env, shell });
  expect(stdout).toContain("On 500 held-out pairs");
  expect(stdout.match(/^ {2}reference {4}/gm)).toHaveLength(5);
  expect(stdout).toContain("npx xformer translate --model runs/zh-en-1");
  expect(readdirSync(join(folder, "runs/zh-en-1")).sort()).toEqual([
    "best.safetensors",
    "config.json",
    "last.safetensors",
    "metrics.jsonl",
    "report.html",
  ]);

  // The library of the README's example resolves from there too.
  const script =
    'import { loadModel } from "xformer"; const m = await loadModel("runs/zh-en-1"); console.log(typeof (await m.translate("我很好。")).text); await m.close();';
  const { stdout: kind } = await run(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    env,
  });
  expect(kind).toBe("string\n");
});
