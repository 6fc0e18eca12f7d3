import { execFile } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);
/** npm passes its settings to what it runs as variables; a user's own shell has none of them. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));

it("the packed tarball, installed in an empty folder, trains with npx and needs no build tools", {
  timeout: 600_000,
}, async () => {
  const folder = temporaryDirectory();
  // dist/ is built before the tests; packing must not change it under those that run beside this one.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout: packed } = await run("npm", pack, { cwd: ROOT, env });
  const [{ files }] = JSON.parse(packed);
  const names: string[] = files.map(({ path }: { path: string }) => path);
  for (const needed of [
    "bin/xformer.js",
    "dist/kernels/relaxed.wasm",
    "dist/worker.js",
    "data/zh-en/train.zh",
  ]) {
    expect(names).toContain(needed);
  }
  expect(names.filter((name) => /^(src|tests|bench|scripts|runs)\//.test(name))).toEqual([]);

  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true }));
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`];
  await run("npm", install, { cwd: folder, env });
  expect(readdirSync(join(folder, "node_modules"))).not.toContain("assemblyscript");

  const train = ["xformer", "train", "--preset", "tiny", "--max-steps", "30"];
  const { stdout } = await run("npx", train, { cwd: folder, env });
  expect(stdout).toContain("On 500 held-out pairs");
  expect(stdout.match(/^ {2}reference {4}/gm)).toHaveLength(5);
  expect(stdout).toContain("npx xformer translate --model runs/zh-en-1");
  expect(readdirSync(join(folder, "runs/zh-en-1")).sort()).toEqual([
    "best.safetensors",
    "config.json",
    "last.safetensors",
    "metrics.jsonl",
  ]);

  // The library of the README's example resolves from there too.
  const script =
    'import { loadModel } from "xformer"; const m = await loadModel("runs/zh-en-1"); console.log(typeof (await m.translate("我很好。"))); await m.close();';
  const { stdout: kind } = await run(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    env,
  });
  expect(kind).toBe("string\n");
});
