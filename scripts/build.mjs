// Builds dist/: the kernels by AssemblyScript, twice (strict SIMD; relaxed SIMD), and by a C++ compiler if there is one;
// the rest by TypeScript; and the page by esbuild. With --if-possible it says what is missing, and is content, where there are no development
// dependencies: `npm install --omit=dev` runs it too.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildNative } from "./buildNative.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a script of a development dependency with this Node; leaves with its exit code when it fails. */
function run(packageName, script, ...args) {
  const path = join(packageDirectory(packageName), script);
  const { status } = spawnSync(process.execPath, [path, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Where a package is installed: node_modules may be ours or lie further up. */
function packageDirectory(name) {
  const path = fileURLToPath(import.meta.resolve(name));
  const end = join("node_modules", name);
  return path.slice(0, path.lastIndexOf(end) + end.length);
}

function buildKernels(name, ...features) {
  run(
    "assemblyscript",
    "bin/asc.js",
    "src/kernels/assembly/index.ts",
    "--outFile",
    `dist/kernels/${name}.wasm`,
    "--runtime",
    "stub",
    "--noAssert",
    "-O3",
    "--use",
    "abort=",
    "--lowMemoryLimit",
    "0",
    "--importMemory",
    "--sharedMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    "65536",
    "--enable",
    "simd",
    "--enable",
    "threads",
    "--enable",
    "bulk-memory",
    ...features,
  );
}

/**
 * Writes a build of the kernels once more for a memory that one thread has for itself, as a page in a browser may be
 * allowed no other: the import of the memory says so in one bit (WebAssembly threads proposal, limits).
 */
function writeUnshared(name) {
  const module = readFileSync(join(root, "dist", "kernels", `${name}.wasm`));
  const memoryImport = Buffer.from("\u0003env\u0006memory\u0002\u0003", "latin1"); // kind 2, limits with maximum, shared
  const at = module.indexOf(memoryImport);
  if (at === -1) throw new Error(`${name}.wasm imports no shared memory`);
  module[at + memoryImport.length - 1] = 1; // limits with maximum
  writeFileSync(join(root, "dist", "kernels", `${name}.unshared.wasm`), module);
}

/** Puts these builds into a module, so that a page needs no file beside its bundle. */
function embed(...names) {
  const lines = names.map((name) => {
    const module = readFileSync(join(root, "dist", "kernels", `${name}.unshared.wasm`));
    return `export const ${name} = "${module.toString("base64")}";\n`;
  });
  writeFileSync(join(root, "dist", "kernels", "embedded.js"), lines.join(""));
  copyFileSync(join(root, "src", "kernels", "embedded.d.ts"), join(root, "dist", "kernels", "embedded.d.ts"));
}

/** What it takes and is not installed. */
function missingPackages() {
  return ["assemblyscript", "typescript", "esbuild", "preact", "node-api-headers"].filter((name) => {
    try {
      import.meta.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}

const missing = missingPackages();
if (missing.length > 0) {
  console.error(
    `xformer is not built: there is no ${missing.join(", no ")}. Run \`npm install\` without --omit=dev.`,
  );
  process.exit(process.argv.includes("--if-possible") ? 0 : 1);
}
// Only `--clean`, which packing uses, starts from nothing: otherwise a running xformer keeps the files it needs.
if (process.argv.includes("--clean")) rmSync(join(root, "dist"), { recursive: true, force: true });
mkdirSync(join(root, "dist", "kernels"), { recursive: true });
buildKernels("strict");
buildKernels("relaxed", "--enable", "relaxed-simd");
writeUnshared("strict");
writeUnshared("relaxed");
embed("strict", "relaxed");
run("typescript", "bin/tsc", "--project", "tsconfig.build.json");
const { buildWeb } = await import("./buildWeb.mjs");
await buildWeb(root);
await buildNative();
