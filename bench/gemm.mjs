// GFLOP/s of the matrix product, packing included, in each kernel build, for the three orientations of a linear layer.
import { GEMM_WORKSPACE, packedSize } from "../dist/kernels/kernels.js";
import { compileKernels, instantiateKernels, supportsRelaxedSimd } from "../dist/kernels/load.js";
import { SharedMemory } from "../dist/tensor/memory.js";
import { summary } from "./timing.mjs";

/** y = x W^T; dx = dy W; dW = dy^T x: rows of C, columns of C, depth, and how A and B are stored. */
const PRODUCTS = [...orientations("small", 1280, 128, 512), ...orientations("medium", 1280, 256, 1024)];

function orientations(size, tokens, dModel, dFF) {
  return [
    { name: `${size} y = x W^T`, m: tokens, n: dFF, k: dModel, aTransposed: 0, bTransposed: 1 },
    { name: `${size} dx = dy W`, m: tokens, n: dModel, k: dFF, aTransposed: 0, bTransposed: 0 },
    { name: `${size} dW = dy^T x`, m: dFF, n: dModel, k: tokens, aTransposed: 1, bTransposed: 0 },
  ];
}

export async function measureGemm() {
  const builds = supportsRelaxedSimd() ? ["strict", "relaxed"] : ["strict"];
  const runners = builds.flatMap((build) => PRODUCTS.map((product) => prepare(build, product)));
  // Rounds go over all of them in turn, so that a slow spell of the machine falls on all alike.
  for (let round = 0; round < 25; round++) for (const runner of runners) runner.measure();
  return runners.map(({ build, product, milliseconds }) => {
    const { best, median } = summary(milliseconds);
    const gflops = (time) => Number(((2 * product.m * product.n * product.k) / time / 1e6).toFixed(1));
    return {
      build,
      product: product.name,
      size: `[${product.m},${product.k}]x[${product.k},${product.n}]`,
      "GFLOP/s best": gflops(best),
      "GFLOP/s median": gflops(median),
    };
  });
}

function prepare(build, product) {
  const { m, n, k, aTransposed, bTransposed } = product;
  const memory = new SharedMemory();
  const kernels = instantiateKernels(compileKernels(build), memory.wasm);
  const [a, b, c, packed, workspace] = [m * k, k * n, m * n, packedSize(n, k), GEMM_WORKSPACE].map((floats) =>
    memory.reserve(4 * floats),
  );
  for (const [pointer, floats] of [
    [a, m * k],
    [b, k * n],
  ]) {
    const values = memory.floats(pointer, floats);
    for (let i = 0; i < floats; i++) values[i] = Math.sin(i);
  }
  const run = () => {
    kernels.packB(packed, b, bTransposed ? k : n, bTransposed, n, k);
    kernels.gemm(c, n, a, aTransposed ? m : k, aTransposed, packed, k, m, n, k, 0, 0, 0, workspace);
  };
  const repeats = Math.ceil(2e8 / (2 * m * n * k));
  const milliseconds = [];
  const measure = () => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) run();
    milliseconds.push((performance.now() - start) / repeats);
  };
  return { build, product, milliseconds, measure };
}
