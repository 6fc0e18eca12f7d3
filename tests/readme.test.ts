import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "./io/temporaryDirectory.ts";
import { SMALLEST, xformer } from "./support/cli.ts";

const ROOT = join(import.meta.dirname, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const run = promisify(execFile);

it("the README's program runs as it stands, after the README's first command", {
  timeout: 600_000,
}, async () => {
  const [program] = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  // Inside the package its own name resolves to itself; runs/ is not under version control.
  mkdirSync(join(ROOT, "runs"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "runs", "readme-"));
  try {
    writeFileSync(join(folder, "example.mjs"), program ?? "");
    const cwd = temporaryDirectory();
    const trained = await xformer(["train", "--max-steps", "5", "--validate-pairs", "5", ...SMALLEST], {
      cwd,
    });
    expect(trained.code).toBe(0);
    const { stdout, stderr } = await run(process.execPath, [join(folder, "example.mjs")], { cwd });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^(?:.*\n){3}$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const PAGES = readdirSync(join(ROOT, "docs")).filter((file) => file.endsWith(".md"));

it.each(["README.md", ...PAGES.map((page) => `docs/${page}`)])(
  "every file that %s links to is there",
  (page) => {
    const text = readFileSync(join(ROOT, page), "utf8");
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] as string);
    for (const link of links.filter((link) => !link.startsWith("http"))) {
      expect(existsSync(join(ROOT, dirname(page), link)), link).toBe(true);
    }
    // Paths in backticks are promises too.
    const paths = [...text.matchAll(/`((?:src|tests|docs|examples|data)\/[\w./-]+)`/g)].map(
      (match) => match[1] as string,
    );
    // A prefix names the files that begin with it.
    const isThere = (path: string): boolean =>
      existsSync(join(ROOT, path)) ||
      readdirSync(join(ROOT, dirname(path))).some((file) => file.startsWith(`${basename(path)}.`));
    for (const path of paths) expect(isThere(path), path).toBe(true);
  },
);

it.each(PAGES)("every line that docs/%s links to is the one that it names", (page) => {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  for (const [, name, path, line] of text.matchAll(/\[`([\w.]+)`\]\(([^)#]+)#L(\d+)\)/g)) {
    const lines = readFileSync(join(ROOT, "docs", path!), "utf8").split("\n");
    const last = name!.split(".").at(-1);
    expect(lines[Number(line) - 1], `${path}#L${line}`).toMatch(new RegExp(`\\b${last}\\b`));
  }
});
