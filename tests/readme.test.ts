import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "./io/temporaryDirectory.ts";

const ROOT = join(import.meta.dirname, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const run = promisify(execFile);

it("the README's program runs as it stands", { timeout: 120_000 }, async () => {
  const [program] = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  // Inside the package its own name resolves to itself; runs/ is not under version control.
  mkdirSync(join(ROOT, "runs"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "runs", "readme-"));
  try {
    writeFileSync(join(folder, "example.mjs"), program ?? "");
    const { stdout, stderr } = await run(process.execPath, [join(folder, "example.mjs")], {
      cwd: temporaryDirectory(),
    });
    expect(stderr).toBe("");
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThanOrEqual(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("every file and folder the README names is there", () => {
  const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] as string);
  const local = links.filter((link) => !link.startsWith("http"));
  expect(local.length).toBeGreaterThan(3);
  for (const link of local) expect(() => readFileSync(join(ROOT, link))).not.toThrow();
});
