import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { beforeAll, describe, expect, it } from "vitest";
import { train } from "../../src/index.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "../support/cli.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folder = temporaryDirectory();
const WEB = "web.mjs";
const NODE = "node.mjs";

/** What Node prints when it runs a bundle. */
function output(file: string, cwd = folder): string {
  return execFileSync(process.execPath, [file], { cwd, encoding: "utf8" });
}

describe("a program that translates, in one file", () => {
  let expected: string;
  beforeAll(async () => {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules", "xformer"), "junction");
    writeFiles(folder, {
      "pairs.tsv": letterPairs(300),
      "package.json": '{ "type": "module" }',
      // A page would fetch the model; a data URL needs no server.
      [WEB]: [
        'import { loadModel } from "xformer/browser";',
        'import { corpusBleu } from "xformer/metrics";',
        "const bytes = await (await fetch(globalThis.MODEL)).arrayBuffer();",
        "const model = await loadModel(bytes);",
        'const { text } = await model.translate("a b c", { beam: 3 });',
        "const tokens = [];",
        'for await (const { token } of model.stream("a b c")) tokens.push(token);',
        'console.log(text, tokens.length > 0, corpusBleu(["a b c d"], [["a b c d"]]).score > 99);',
      ],
      [NODE]: [
        'import { loadModel } from "xformer";',
        "for (const options of [{ threads: 2 }, { threads: 2, worker: true }]) {",
        '  const model = await loadModel("run", options);',
        '  const [{ text }] = await model.translateAll(["a b c", "h g f"], { beam: 3 }).toArray();',
        "  console.log(text);",
        "  await model.close();",
        "}",
      ],
    });
    const { model } = await train({
      data: { train: join(folder, "pairs.tsv") },
      out: join(folder, "run"),
      model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 },
      training: { maxSteps: 30, learningRate: 0.01, warmupSteps: 10 },
    });
    expected = (await model.translate("a b c", { beam: 3 })).text;
    await model.close();
    const bytes = readFileSync(join(folder, "run", "best.safetensors")).toString("base64");
    writeFiles(folder, {
      "model.mjs": `globalThis.MODEL = "data:application/octet-stream;base64,${bytes}";`,
    });
  });

  /** Runs a bundle for pages where there is nothing but it: no package, and of Node only what browsers have. */
  function runAlone(bundle: string): string {
    expect(bundle).not.toMatch(/["']node:|\brequire\(/);
    const alone = temporaryDirectory();
    writeFiles(alone, {
      "package.json": '{ "type": "module" }',
      "model.mjs": readFileSync(join(folder, "model.mjs")),
      "bundle.mjs": bundle,
      "run.mjs": 'import "./model.mjs";\nawait import("./bundle.mjs");\n',
    });
    return output("run.mjs", alone);
  }

  it("by esbuild, for pages: without a file beside it", async () => {
    const { outputFiles, warnings } = await esbuild({
      entryPoints: [join(folder, WEB)],
      absWorkingDir: folder,
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      platform: "browser",
      target: "es2022",
    });
    expect(warnings).toEqual([]);
    expect(outputFiles).toHaveLength(1);
    expect(runAlone(outputFiles[0]!.text)).toBe(`${expected} true true\n`);
  });

  it.each(["esm", "cjs"] as const)(
    "by esbuild, for Node as %s: with threads of the installed package",
    async (format) => {
      const outfile = join(folder, `esbuild.${format === "esm" ? "mjs" : "cjs"}`);
      const program = format === "esm" ? NODE : "wrapped.mjs";
      // CommonJS has no await outside of functions.
      const text = readFileSync(join(folder, NODE), "utf8");
      writeFiles(folder, {
        "wrapped.mjs": text.replace("for (", "async function main() { for (").concat("}\nmain();\n"),
      });
      await esbuild({
        entryPoints: [join(folder, program)],
        absWorkingDir: folder,
        bundle: true,
        outfile,
        format,
        platform: "node",
        target: "node20",
        // Of CommonJS it warns that import.meta is empty: the library knows.
        logOverride: { "empty-import-meta": "silent" },
      });
      expect(output(outfile)).toBe(`${expected}\n${expected}\n`);
    },
  );

  it("by esbuild, for Node: where the package is not installed a line says so", async () => {
    const alone = temporaryDirectory();
    const outfile = join(alone, "bundle.mjs");
    const entryPoints = [join(folder, NODE)];
    await esbuild({
      entryPoints,
      absWorkingDir: folder,
      bundle: true,
      outfile,
      format: "esm",
      platform: "node",
    });
    expect(() => execFileSync(process.execPath, [outfile], { cwd: folder, stdio: "pipe" })).toThrow(
      "xformer's threads and kernels are not where this bundle runs",
    );
  });

  it("by Vite, for pages: without a file beside it", async () => {
    const outDir = join(folder, "vite-web");
    await vite({
      root: folder,
      configFile: false,
      logLevel: "error",
      build: { outDir, target: "es2022", lib: { entry: WEB, formats: ["es"], fileName: "bundle" } },
    });
    expect(readdirSync(outDir)).toHaveLength(1);
    expect(runAlone(readFileSync(join(outDir, readdirSync(outDir)[0]!), "utf8"))).toBe(
      `${expected} true true\n`,
    );
  });

  it("by Vite, for Node: with threads of the installed package", async () => {
    const outDir = join(folder, "vite-node");
    await vite({
      root: folder,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: {
        outDir,
        ssr: NODE,
        target: "node20",
        rollupOptions: { output: { entryFileNames: "bundle.mjs" } },
      },
    });
    expect(output(join(outDir, "bundle.mjs"))).toBe(`${expected}\n${expected}\n`);
  });
});
