import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const DIST = join(import.meta.dirname, "..", "..", "dist");

/** The packages, and parts of Node, that a built file loads with all that it imports at once. */
function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const imports = readFileSync(path, "utf8").matchAll(
      /^(?:import|export)\s(?:[\w*{][^;"'=]*?\sfrom\s+)?["']([^"']+)["']/gm,
    );
    for (const [, name] of imports) {
      if (name!.startsWith(".")) visit(join(dirname(path), name!));
      else found.add(name!);
    }
  };
  visit(join(DIST, file));
  return found;
}

it.each<[string, readonly string[]]>([
  ["metrics.js", []],
  ["tokenizers.js", ["@eslint-community/regexpp"]],
  ["browser.js", ["@eslint-community/regexpp"]],
])("%s loads no part of Node and no package but %j", (file, packages) => {
  expect([...loadedBy(file)].sort()).toEqual(packages);
});

it("the library loads what the command line and configuration files take only when that is needed", () => {
  const packages = [...loadedBy("index.js")].filter((name) => !name.startsWith("node:"));
  expect(packages).toEqual(["@eslint-community/regexpp"]);
});

it("metrics do not load the model, nor does a page what only training needs", () => {
  const metrics = new Set<string>();
  loadedBy("metrics.js", metrics);
  expect([...metrics].filter((file) => /dist.(model|kernels|tensor|decoding|library)/.test(file))).toEqual(
    [],
  );
  expect(metrics.size).toBeGreaterThan(10);
  const page = new Set<string>();
  loadedBy("browser.js", page);
  const training = ["trainer", "step", "feed", "train"].map((name) => join(DIST, "training", `${name}.js`));
  expect(training.filter((file) => page.has(file) || !existsSync(file))).toEqual([]);
});
