// Builds the native kernels, if there is a C++ compiler: dist/kernels/native/xformer.node, and xformer-checked.node, which
// holds every call to the bounds of its memory. Says in one line what it did or why not, and never fails: without an addon
// xformer runs on WebAssembly. What was built of the same sources by the same compiler before is taken from a cache.
//
//     node scripts/buildNative.mjs [--sanitize | --prebuild <folder> | --program]
//
// --sanitize builds xformer-sanitized.node, under AddressSanitizer and UndefinedBehaviorSanitizer; --prebuild builds what
// is published for this platform into a folder; --program builds tests/kernels/native/run.cpp by a cross compiler (CXX)
// for AArch64, and prints where it lies. All three fail where they cannot.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "src", "kernels", "native");

/** What was built before, by the hash of all that went into it. */
const cache = join(root, "node_modules", ".cache", "xformer-native");

/** What a compiler is asked for, by processor and level. */
const LEVELS = {
  x64: {
    avx512: ["-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq", "-mfma", "-mprefer-vector-width=512"],
    avx2: ["-mavx2", "-mfma"],
  },
  arm64: { neon: [] },
};
/** Nothing is fused that is not written as fused, and no kernel looks at errno. */
const KERNEL_FLAGS = ["-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno"];
const ADDON_FLAGS = ["-std=c++17", "-O2", "-DNAPI_VERSION=8"];
const SHARED_FLAGS = ["-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-g0"];
const SANITIZE_FLAGS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];

/** The C++ compiler as a command and its arguments, or undefined. */
function findCompiler() {
  const windows = process.platform === "win32";
  const candidates = process.env.CXX ? [process.env.CXX] : windows ? ["clang++"] : ["c++", "g++", "clang++"];
  for (const candidate of candidates) {
    const [command, ...args] = candidate.trim().split(/\s+/);
    const { status, stdout } = spawnSync(command, [...args, "--version"], { encoding: "utf8" });
    if (status === 0) return { command, args, version: stdout.split("\n")[0].trim() };
  }
  return undefined;
}

/** Node-API's headers, and on Windows the names that its import library has to have. */
function nodeApi() {
  const { include_dir, def_paths } = createRequire(import.meta.url)("node-api-headers");
  return { include: include_dir, definitions: def_paths.node_api_def };
}

/** Runs a compiler; rejects with the first line of what it complained about. */
function compile({ command, args }, ...more) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, ...more], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaints += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve();
      const line =
        complaints.split("\n").find((text) => /error|undefined|cannot/i.test(text)) ?? complaints.trim();
      reject(new Error(line === "" ? `${command} failed with code ${code}` : line));
    });
  });
}

function hashOf(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

function sourceFiles() {
  return readdirSync(sources)
    .filter((name) => /\.(h|cpp)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(sources, name)));
}

/** How a shared library that Node loads is linked here. */
async function linkFlags(folder, definitions) {
  if (process.platform === "darwin") return ["-bundle", "-undefined", "dynamic_lookup"];
  if (process.platform !== "win32") return ["-shared", "-static-libgcc", "-static-libstdc++"];
  // On Windows an import library names the program that the symbols come from.
  const library = join(folder, "node_api.lib");
  const machine = process.arch === "arm64" ? "arm64" : "i386:x86-64";
  await compile(
    { command: "llvm-dlltool", args: [] },
    "-d",
    definitions,
    "-D",
    "node.exe",
    "-l",
    library,
    "-m",
    machine,
  );
  return ["-shared", library, "-rtlib=compiler-rt"];
}

/** Compiles the levels side by side, and links them with the addon once for each variant of it. */
async function buildVariants(compiler, folder, variants, extra) {
  const { include, definitions } = nodeApi();
  const position = process.platform === "win32" ? [] : ["-fPIC"];
  const flags = [...SHARED_FLAGS, ...position];
  const objects = [];
  const kernels = Object.entries(LEVELS[process.arch]).map(([level, options]) => {
    const object = join(folder, `${level}.o`);
    objects.push(object);
    const source = join(sources, "level.cpp");
    return compile(compiler, ...KERNEL_FLAGS, ...flags, ...options, ...extra, "-c", source, "-o", object);
  });
  const addons = Object.entries(variants).map(([name, options]) => {
    const object = join(folder, `${name}.o`);
    const source = join(sources, "addon.cpp");
    return compile(
      compiler,
      ...[...ADDON_FLAGS, ...flags, ...options, ...extra, `-I${include}`, "-c", source, "-o", object],
    );
  });
  await Promise.all([...kernels, ...addons]);
  const link = await linkFlags(folder, definitions);
  for (const name of Object.keys(variants)) {
    const addon = join(folder, `${name}.node`);
    await compile(compiler, ...extra, join(folder, `${name}.o`), ...objects, ...link, "-o", addon);
    const seal = {
      sha256: createHash("sha256").update(readFileSync(addon)).digest("hex"),
      compiler: compiler.version,
    };
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(seal)}\n`);
  }
}

/** Puts an addon and its seal where they are looked for, each at once: a running xformer keeps the one it has. */
function install(from, to, name) {
  mkdirSync(to, { recursive: true });
  for (const file of [`${name}.node`, `${name}.json`]) {
    const target = join(to, file);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(join(from, file)))) continue;
    copyFileSync(join(from, file), `${target}.new`);
    renameSync(`${target}.new`, target);
  }
}

/**
 * Builds variants of the addon into a folder.
 *
 * @returns what it did, in a few words
 * @throws Error when it cannot
 */
async function build(to, variants, extra = []) {
  if (!(process.arch in LEVELS)) throw new Error(`there are none for ${process.arch}`);
  const compiler = findCompiler();
  if (compiler === undefined) throw new Error("no C++ compiler found (CXX, c++, g++, clang++)");
  const script = readFileSync(fileURLToPath(import.meta.url));
  const identity = JSON.stringify([compiler, variants, extra, process.platform, process.arch]);
  const key = hashOf(identity, script, ...sourceFiles()).slice(0, 16);
  const folder = join(cache, key);
  const names = Object.keys(variants);
  const cached = names.every((name) => existsSync(join(folder, `${name}.json`)));
  const start = performance.now();
  if (!cached) {
    const partial = `${folder}.${process.pid}`;
    mkdirSync(partial, { recursive: true });
    try {
      await buildVariants(compiler, partial, variants, extra);
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  for (const name of names) install(folder, to, name);
  const levels = Object.keys(LEVELS[process.arch]).join(", ");
  if (cached) return `${levels}; up to date`;
  return `${levels}; built in ${((performance.now() - start) / 1000).toFixed(1)} s by ${compiler.version}`;
}

/** Builds the program that runs single kernels of AArch64, and returns where it lies. */
async function buildProgram() {
  const compiler = findCompiler();
  if (compiler === undefined) throw new Error(`there is no ${process.env.CXX}`);
  const main = join(root, "tests", "kernels", "native", "run.cpp");
  const script = readFileSync(fileURLToPath(import.meta.url));
  const key = hashOf(JSON.stringify(compiler), script, readFileSync(main), ...sourceFiles()).slice(0, 16);
  const program = join(cache, `run-${key}`);
  if (!existsSync(program)) {
    mkdirSync(cache, { recursive: true });
    const partial = `${program}.${process.pid}`;
    await compile(compiler, ...KERNEL_FLAGS, "-static", join(sources, "level.cpp"), main, "-o", partial);
    renameSync(partial, program);
  }
  return program;
}

const dist = join(root, "dist", "kernels", "native");

/** What a checkout has: the addon, and the one that checks bounds. */
const VARIANTS = { xformer: [], "xformer-checked": ["-DXFORMER_CHECKED"] };

/** Builds the addon of a checkout, and says in a line how that went. */
export async function buildNative() {
  try {
    console.log(`native kernels: ${await build(dist, VARIANTS)}`);
  } catch (error) {
    // What was built of other sources must not be taken for these.
    for (const name of Object.keys(VARIANTS)) rmSync(join(dist, `${name}.json`), { force: true });
    console.log(`native kernels: not built, ${error.message}; WebAssembly is used instead`);
  }
}

async function main([option, folder]) {
  if (option === undefined) return buildNative();
  if (option === "--sanitize") {
    const variants = { "xformer-sanitized": ["-DXFORMER_CHECKED"] };
    console.log(`native kernels, sanitized: ${await build(dist, variants, SANITIZE_FLAGS)}`);
  } else if (option === "--prebuild" && folder !== undefined) {
    console.log(`native kernels: ${await build(folder, { xformer: [] })}`);
  } else if (option === "--program") {
    console.log(await buildProgram());
  } else {
    throw new Error("usage: node scripts/buildNative.mjs [--sanitize | --prebuild <folder> | --program]");
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
