// Loads the addon in a folder, and holds a product of each of its levels to that of the relaxed WebAssembly kernels: for
// prebuilt addons, where they were built.
//
//     node scripts/checkNative.mjs <folder>
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { compileKernels, instantiateKernels } from "../dist/kernels/load.js";
import { loadNative } from "../dist/kernels/native.js";

/** Rows and columns of C and the depth: several strips, panels and blocks, and edges of each. */
const [m, n, k] = [35, 83, 300];

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node scripts/checkNative.mjs <folder>");

function product(kernels, memory) {
  const floats = new Float32Array(memory.buffer);
  const [a, b, c, packed, workspace] = [1, 2, 3, 4, 6].map((part) => 65_536 * 4 * part);
  for (let i = 0; i < m * k; i++) floats[a / 4 + i] = Math.sin(i);
  for (let i = 0; i < n * k; i++) floats[b / 4 + i] = Math.cos(i);
  kernels.packB(packed, b, k, 1, n, k);
  kernels.gemm(c, n, a, k, 0, packed, k, m, n, k, 0, 0, 0, workspace);
  return floats.slice(c / 4, c / 4 + m * n);
}

const memory = new WebAssembly.Memory({ initial: 40, maximum: 40, shared: true });
const expected = product(instantiateKernels(compileKernels("relaxed"), memory), memory);
const addon = loadNative("xformer", pathToFileURL(`${resolve(folder)}/`), ["."]);
if (addon.missing) throw new Error(addon.missing);
for (const level of addon.levels) {
  const actual = product(addon.bind(memory, level), memory);
  const wrong = actual.findIndex((x, i) => !Object.is(x, expected[i]));
  if (wrong !== -1) throw new Error(`${level}: element ${wrong} is ${actual[wrong]}, not ${expected[wrong]}`);
  console.log(`${folder}: ${level} gives the bits of the relaxed build`);
}
