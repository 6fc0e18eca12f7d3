// Runs the tests of the native kernels under AddressSanitizer and UndefinedBehaviorSanitizer. Node itself is not built
// with them, so that their library has to be loaded before everything else.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

run(process.execPath, ["scripts/buildNative.mjs", "--sanitize"]);
const [compiler, ...args] = (process.env.CXX || "g++").split(/\s+/);
const library = spawnSync(compiler, [...args, "-print-file-name=libasan.so"], {
  encoding: "utf8",
}).stdout.trim();
run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "tests/kernels/native"], {
  LD_PRELOAD: library,
  // What Node leaves behind is not looked for, and accesses out of bounds of WebAssembly are left to its engine.
  ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:handle_sigbus=0",
  XFORMER_NATIVE_BUILD: "xformer-sanitized",
});
