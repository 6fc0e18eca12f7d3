import { expect, it } from "vitest";
import { at, type Kernels } from "../../src/kernels/kernels.ts";
import { PRESETS } from "../../src/model/config.ts";
import { createRandom } from "../../src/random.ts";
import { Computation } from "../../src/tensor/computation.ts";
import {
  makeModel,
  makeWorkbench,
  placeSentences,
  randomSentences,
  SPECIAL,
  smallModel,
} from "../support/engine.ts";
import { decodeSources } from "./decodeSources.ts";

const VOCABULARY = 1000;
const TOKENS = 50;
const SENTENCES = 16;

it("greedy search of 50 tokens with a cache takes less than a tenth of the products", () => {
  let products = 0; // multiplications in matrix products
  const plain = makeWorkbench("relaxed");
  const gemm: Kernels["gemm"] = (...parameters) => {
    const [m, n, k] = parameters.slice(7, 10) as [number, number, number];
    products += m * n * k;
    plain.kernels.gemm(...parameters);
  };
  const workbench = { ...plain, kernels: { ...plain.kernels, gemm } };
  const model = makeModel(workbench, smallModel(VOCABULARY, PRESETS.small));
  // END is never predicted, so that every target has all its tokens.
  model.parameters.values(model.parameters.get("output_projection.bias"))[SPECIAL.eosId] = -1e9;
  const sources = randomSentences(new Array<number>(SENTENCES).fill(20), VOCABULARY, createRandom(1));

  /** The whole target again for every token. */
  function uncached(): number[][] {
    const targets = sources.map(() => [SPECIAL.bosId]);
    for (let length = 0; length < TOKENS; length++) {
      workbench.arena.release();
      const run = new Computation(workbench);
      const source = placeSentences(run, sources);
      const target = placeSentences(run, targets);
      const logits = model.logits(run, model.forward(run, source, target));
      for (const [b, words] of targets.entries()) {
        const row = (b + 1) * words.length - 1;
        words.push(workbench.kernels.argmax(at(logits.pointer, VOCABULARY * row), VOCABULARY));
      }
    }
    return targets.map((words) => words.slice(1));
  }

  function cached(): number[][] {
    workbench.arena.release();
    return decodeSources(model, workbench, sources, SPECIAL, TOKENS).map(([found]) => found!.tokens());
  }

  const counted = (work: () => unknown): number => {
    const before = products;
    work();
    return products - before;
  };
  expect(cached()).toEqual(uncached());
  expect(counted(uncached) / counted(cached)).toBeGreaterThan(10);
});
