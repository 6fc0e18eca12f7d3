// GFLOP/s of the matrix product on one thread, packing included, by each set of kernels, for the three orientations of a
// linear layer; and the share of the peak. For native kernels that is a loop of multiply-adds in registers, for
// WebAssembly, which has none, a product, packed beforehand, that stays in the caches. Rounds go over all of them in turn,
// so that a slow spell of the machine falls on peak and products alike.
import { bindKernels } from "../dist/kernels/kernels.js";
import { allowsRelaxedSimd, loadKernels } from "../dist/kernels/load.js";
import { loadNative } from "../dist/kernels/native.js";
import { gemm, packB } from "../dist/tensor/calls.js";
import { Heap } from "../dist/tensor/heap.js";
import { rounded, summary } from "./table.mjs";

/** [240, 256] x [256, 256]: 750 KB in all, of which the inner loops read what the first caches hold. */
const PEAK = {
  name: "peak, in cache",
  m: 240,
  n: 256,
  k: 256,
  aTransposed: false,
  bTransposed: false,
  packOnce: true,
};
/** y = x W^T; dx = dy W; dW = dy^T x: rows of C, columns of C, depth, and how A and B are stored. */
const PRODUCTS = [PEAK, ...orientations("small", 1280, 128, 512), ...orientations("medium", 1280, 256, 1024)];
const ROUNDS = 25;
/** Rounds in which the engine still compiles. */
const WARM_UPS = 3;
/** Floating-point operations between two looks at the clock, at least. */
const OPERATIONS = 2e8;

function orientations(size, tokens, dModel, dFF) {
  return [
    { name: `${size} y = x W^T`, m: tokens, n: dFF, k: dModel, aTransposed: false, bTransposed: true },
    { name: `${size} dx = dy W`, m: tokens, n: dModel, k: dFF, aTransposed: false, bTransposed: false },
    { name: `${size} dW = dy^T x`, m: dFF, n: dModel, k: tokens, aTransposed: true, bTransposed: false },
  ];
}

export async function measureGemm({ rounds = ROUNDS }) {
  const runners = sets().flatMap((set) => PRODUCTS.map((product) => prepare(set, product)));
  for (let round = 0; round < WARM_UPS + rounds; round++) {
    if (round === WARM_UPS) for (const { nanoseconds } of runners) nanoseconds.length = 0;
    for (const runner of runners) runner.measure();
  }
  return runners.map(({ build, product, nanoseconds }) => {
    const { m, n, k, name } = product;
    const { best, median } = summary(nanoseconds);
    const peak = summary(
      runners.find((runner) => runner.build === build && runner.product.packOnce).nanoseconds,
    );
    return {
      build,
      product: name,
      size: name === "peak, in registers" ? "" : `[${m},${k}]x[${k},${n}]`,
      "GFLOP/s best": rounded(1 / best),
      "GFLOP/s median": rounded(1 / median),
      "% of peak, bests": rounded((100 * peak.best) / best),
      "% of peak, medians": rounded((100 * peak.median) / median),
    };
  });
}

/** The sets of kernels that run here, each with a name and a way to bind it to a memory. */
function sets() {
  const builds = allowsRelaxedSimd() ? ["strict", "relaxed"] : ["strict"];
  const addon = loadNative();
  return [
    ...builds.map((build) => ({
      build,
      bind: (memory) => bindKernels(loadKernels(build), memory),
    })),
    ...(addon.levels ?? []).map((level) => ({
      build: `native ${level}`,
      bind: (memory) => addon.bind(memory, level),
    })),
  ];
}

/** Multiply-adds of a measurement of the peak in registers. */
const PEAK_ROUNDS = 200_000;

function prepare({ build, bind }, product) {
  const { m, n, k, aTransposed, bTransposed, packOnce = false } = product;
  const heap = Heap.shared();
  const kernels = bind(heap.wasm);
  if (product === PEAK && kernels.multiplyAddRounds !== undefined) return preparePeak(build, kernels);
  const caller = { kernels, gemmWorkspace: heap.reserve(4 * kernels.gemmWorkspace()), profile: undefined };
  const matrix = (rows, columns) => ({ pointer: heap.reserve(4 * rows * columns), rows, columns });
  const a = aTransposed ? matrix(k, m) : matrix(m, k);
  const b = bTransposed ? matrix(n, k) : matrix(k, n);
  const c = matrix(m, n);
  for (const { pointer, rows, columns } of [a, b]) {
    const values = heap.floats(pointer, rows * columns);
    for (let i = 0; i < values.length; i++) values[i] = Math.sin(i);
  }
  const to = heap.reserve(4 * kernels.packedSize(n, k));
  const pack = () => packB(caller, { to, b, transposed: bTransposed });
  const packed = pack();
  const operations = 2 * m * n * k;
  const repeats = Math.ceil(OPERATIONS / operations);
  /** Of one floating-point operation, so that 1 / x is GFLOP/s. */
  const nanoseconds = [];
  const measure = () => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      if (!packOnce) pack();
      gemm(caller, { c, a, aTransposed, b: packed });
    }
    nanoseconds.push((1e6 * (performance.now() - start)) / (repeats * operations));
  };
  return { build, product, nanoseconds, measure };
}

function preparePeak(build, kernels) {
  const nanoseconds = [];
  const measure = () => {
    const start = performance.now();
    const operations = PEAK_ROUNDS * kernels.multiplyAddRounds(PEAK_ROUNDS);
    nanoseconds.push((1e6 * (performance.now() - start)) / operations);
  };
  return { build, product: { ...PEAK, name: "peak, in registers" }, nanoseconds, measure };
}
