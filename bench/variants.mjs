// What each variant of the model costs beside the paper's: the parameters at size small, and the time of forward and
// backward over a batch of 64 pairs of 20 tokens, on one thread. All take turns, so that a machine that is busy for a while
// is so for all of them.
import { JOBS } from "../dist/jobs.js";
import { layOut } from "../dist/model/batch.js";
import { teacherForcedLoss } from "../dist/model/teacherForcing.js";
import { WorkerPool } from "../dist/replicas/workerPool.js";
import { Computation } from "../dist/tensor/computation.js";
import { modelConfig, randomPairs, sizesNamed } from "./sizes.mjs";
import { rounded, summary } from "./table.mjs";

const VARIANTS = {
  "the paper's": {},
  "norm pre": { norm: "pre" },
  "norm none": { norm: "none" },
  "normalisation rms": { normalisation: "rms" },
  "activation gelu": { activation: "gelu" },
  "activation swiglu": { activation: "swiglu" },
  "share_layers true": { shareLayers: true },
  "positions none": { positions: "none" },
  "positions rotary": { positions: "rotary" },
  "positions relative": { positions: "relative" },
  "positions t5": { positions: "t5" },
  "positions alibi": { positions: "alibi" },
  "share_projections qk": { shareProjections: "qk" },
  "share_projections kv": { shareProjections: "kv" },
  "output_projection false": { outputProjection: false },
  "kv_heads 1": { kvHeads: 1 },
  "kv_heads 2": { kvHeads: 2 },
  "scores dot": { scores: "dot" },
  "scores cosine": { scores: "cosine" },
  "scores bilinear": { scores: "bilinear" },
  "scores additive": { scores: "additive" },
  "scores network": { scores: "network" },
};
const SENTENCES = 64;
const ROUNDS = 15;
const SPECIAL = { bosId: 1, eosId: 2 };
/** What is dropped, of every kind. */
const DROPOUT = 0.1;

export async function measureVariants({ sizes = ["small"], rounds = ROUNDS }) {
  const [size] = sizesNamed(sizes, ["tiny", "small", "medium"]);
  const contenders = Object.entries(VARIANTS).map(([name, changes]) => contender(name, changes, size));
  for (const { step } of contenders) step();
  for (let round = 0; round < rounds; round++) for (const { step, costs } of contenders) costs.push(step());
  const [paper] = contenders.map(({ costs }) => summary(costs));
  return contenders.map(({ name, parameters, costs }) => {
    const { best, median } = summary(costs);
    return {
      ...{ variant: name, parameters },
      ...{
        "ms best": rounded(best),
        "ms median": rounded(median),
        "x the paper's": rounded(best / paper.best, 2),
      },
    };
  });
}

/** A model with a batch that it goes through, forward and backward, in so many milliseconds. */
function contender(name, changes, size) {
  const pool = new WorkerPool({ ...modelConfig(size, DROPOUT), ...changes }, JOBS, { threads: 1 });
  const { model, workbench } = pool.main;
  const { heap, arena } = workbench;
  const { parameters } = model;
  model.initialise(1);
  const gradients = heap.reserve(4 * parameters.size);
  const pairs = randomPairs(size, SENTENCES).map(([source, target]) => ({
    source: Int32Array.from([...source, SPECIAL.eosId]),
    target: Int32Array.from(target),
  }));
  const dropout = { residual: DROPOUT, attention: DROPOUT, activation: 0 };
  const step = () => {
    const began = performance.now();
    const run = new Computation(workbench, { gradients, freshGradients: true, dropout });
    const key = { seed: 1, step: 1, firstSentence: 0 };
    const batch = layOut(heap, arena, pairs, SPECIAL);
    teacherForcedLoss(model, run, batch, { smoothing: 0.1, scale: 1, dropout: key });
    run.tape.backward();
    arena.release();
    return performance.now() - began;
  };
  return { name, parameters: parameters.count, costs: [], step };
}
