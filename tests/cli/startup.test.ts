import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

/** The packages that a file imports, with those of all that it imports, but nothing that it loads later. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, "utf8");
  const imports = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";$/gms)];
  return imports.flatMap(([, specifier]) =>
    specifier!.startsWith(".") ? packagesOf(join(dirname(file), specifier!), seen) : [specifier!],
  );
}

it("the command line loads commander and nothing else before it knows what to do", () => {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const packages = packagesOf(main).filter((name) => !name.startsWith("node:"));
  expect([...new Set(packages)]).toEqual(["commander"]);
});
