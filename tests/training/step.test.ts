import { createHash } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import type { EncodedPair } from "../../src/data/batches.ts";
import { JOBS } from "../../src/jobs.ts";
import type { Pointer } from "../../src/kernels/kernels.ts";
import { teacherForcedLoss } from "../../src/model/teacherForcing.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import type { Jobs } from "../../src/replicas/pool.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { Computation } from "../../src/tensor/computation.ts";
import { DEFAULT_TRAINING, type TrainingConfig } from "../../src/training/config.ts";
import { frozenParameters } from "../../src/training/freeze.ts";
import { SLICE, type StepGradients, TrainingStep } from "../../src/training/step.ts";
import { shareBatch } from "../support/batches.ts";
import { makePairs, randomSentences, SMALL_MODEL, SPECIAL } from "../support/engine.ts";
import { aroundJobs } from "../support/jobs.ts";
import { expectClose, expectSameBits } from "../support/kernels.ts";

/** More than two slices of 32,768 parameters, so that threads share the update too. */
const MODEL = { ...SMALL_MODEL, dModel: 48, nHeads: 4, dFF: 131, dropout: 0.1 };

function randomPairs(count: number, seed: number): EncodedPair[] {
  const random = createRandom(seed);
  const lengths = Array.from({ length: count }, () => random.below(20));
  const sources = randomSentences(lengths, MODEL.sourceVocabSize, random);
  const targets = randomSentences(random.shuffle(lengths), MODEL.targetVocabSize, random);
  return sources.map((source, index) => ({
    source: Int32Array.from(source),
    target: Int32Array.from(targets[index]!),
    index,
  }));
}

const pools: WorkerPool[] = [];
afterAll(async () => {
  for (const pool of pools) await pool.close();
});

function makeStep(threads: number, config: Partial<TrainingConfig> = {}, model = MODEL, jobs: Jobs = JOBS) {
  const pool = new WorkerPool(model, jobs, { threads });
  pools.push(pool);
  pool.main.model.initialise(1);
  const step = new TrainingStep(pool, { ...DEFAULT_TRAINING, ...config });
  /** The gradients of a step of one batch or more. */
  const gradients = (
    batches: readonly (readonly EncodedPair[])[],
    number: number,
    learn?: Parameters<TrainingStep["take"]>[2],
  ): Promise<StepGradients> => {
    const shared = batches.map((pairs) => shareBatch(pool, pairs, step.shards, SPECIAL));
    return step.take(shared, number, learn);
  };
  return { pool, step, gradients };
}

/** SHA-256 of the bits of regions that are laid out as the parameters. */
function digestsOf({ main: { model, workbench } }: WorkerPool, regions: readonly Pointer[]): string[] {
  return regions.map((region) =>
    createHash("sha256").update(workbench.heap.integers(region, model.parameters.size).slice()).digest("hex"),
  );
}

/** Two steps: what they reported, and SHA-256 of the bits of the parameters and of both moments after them. */
async function twoSteps(threads: number, batches: readonly (readonly EncodedPair[])[], jobs: Jobs = JOBS) {
  const { pool, step, gradients } = makeStep(threads, {}, MODEL, jobs);
  const { pointer, size } = pool.main.model.parameters;
  const reports = [];
  for (const [i, batch] of batches.entries()) {
    const report = await gradients([batch], i + 1);
    reports.push(report);
    await step.update(i + 1, 0.01, report);
  }
  const digests = digestsOf(pool, [pointer, step.adam.m, step.adam.v]);
  return { reports, digests, slices: Math.ceil(size / SLICE) };
}

describe("TrainingStep", () => {
  const batches = [randomPairs(23, 1), randomPairs(17, 2)];

  it.each([2, 3, 4])(
    "two steps on %i threads are those on one, bit for bit: loss, norm, parameters, moments",
    async (threads) => {
      const expected = await twoSteps(1, batches);
      let items = 0;
      /** Leaves the other threads the time to do most of the work. */
      const slowly = aroundJobs(JOBS, (work) => (replica, job, item) => {
        items++;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        work(replica, job, item);
      });
      expect(await twoSteps(threads, batches, slowly)).toEqual(expected);
      // Four shards, and slices to sum up and to update, twice.
      expect(expected.slices).toBeGreaterThan(2);
      expect(items).toBeLessThan(2 * (4 + 2 * expected.slices));
    },
  );

  it.each([
    ["encoder", "embeddings"],
    ["*norm*", "*.bias"],
    ["decoder.layers.0.*", "output_projection.*"],
  ])("freezing %s and %s leaves the moments of all else as they are, bit for bit", async (...freeze) => {
    /** The first moments after a step of two batches, which without clipping are of each parameter's own gradient. */
    const momentsOf = async (config: Partial<TrainingConfig>) => {
      const { pool, step, gradients } = makeStep(2, { clipNorm: 0, ...config });
      const { norm } = await gradients(batches, 1, { update: 1, rate: 0.01 });
      const { model, workbench } = pool.main;
      const moments = model.parameters.list.map(({ name, offset, rows, columns }) => {
        const values = workbench.heap.floats(step.adam.m, model.parameters.size);
        return [name, values.slice(offset, offset + rows * columns)] as const;
      });
      return { norm, moments: new Map(moments) };
    };
    const [all, some] = [await momentsOf({}), await momentsOf({ freeze })];
    let squares = 0;
    const frozen = frozenParameters(freeze, new Transformer(MODEL).parameters.list).map(({ name }) => name);
    for (const [name, moments] of some.moments) {
      if (frozen.includes(name)) expect(moments.every((moment) => moment === 0)).toBe(true);
      else expectSameBits(moments, all.moments.get(name)!);
      // Moments are a tenth of the gradients.
      for (const moment of moments) squares += (10 * moment) ** 2;
    }
    expect(some.norm / Math.sqrt(squares)).toBeCloseTo(1, 3);
    expect(some.norm).toBeLessThan(all.norm);
  });

  it.each([1, 2, 3, 5])(
    "takes a batch of %i sentences, fewer or more than there are shards",
    async (count) => {
      const few = [randomPairs(count, 3), randomPairs(count, 4)];
      const expected = await twoSteps(1, few);
      const actual = await twoSteps(4, few);
      expect(actual).toEqual(expected);
      for (const { loss, norm } of actual.reports) {
        expect(loss).toBeGreaterThan(0);
        expect(norm).toBeGreaterThan(0);
      }
    },
  );

  it("shards add up to the gradient of the whole batch: norm, loss and first moments within 1e-5", async () => {
    const config = { labelSmoothing: 0.1, clipNorm: 0 };
    const model = { ...MODEL, dropout: 0 };
    const { pool, step, gradients } = makeStep(1, config, model);
    const [pairs] = batches as [EncodedPair[]];
    const report = await gradients([pairs], 1);
    const { loss, norm, sourceTokens, targetTokens } = report;
    expect(sourceTokens).toBe(pairs.reduce((sum, { source }) => sum + source.length + 1, 0));
    expect(targetTokens).toBe(pairs.reduce((sum, { target }) => sum + target.length + 1, 0));

    const { workbench, model: transformer } = pool.main;
    const { heap, arena } = workbench;
    const { size } = transformer.parameters;
    const region = heap.reserve(4 * size);
    const whole = makePairs(
      workbench,
      pairs.map(({ source }) => [...source, SPECIAL.eosId]),
      pairs.map(({ target }) => [...target]),
    );
    const run = new Computation(workbench, { gradients: region });
    const rows = teacherForcedLoss(transformer, run, whole, { smoothing: 0.1, scale: 1 / targetTokens });
    const expectedLoss = rows.reduce((sum, value, i) => (i % 3 === 0 ? sum + value : sum), 0);
    run.tape?.backward();
    arena.release();
    const gradient = heap.floats(region, size);
    expect(Math.abs(loss / expectedLoss - 1)).toBeLessThan(1e-5);
    expect(Math.abs(norm / Math.hypot(...gradient) - 1)).toBeLessThan(1e-5);

    await step.update(1, 0, report);
    expectClose(
      heap.floats(step.adam.m, size).map((m) => 10 * m),
      gradient,
      1e-5,
    );
  });

  it("batches add up to the step that one batch of all pairs makes: sums alike, norm within 1e-5", async () => {
    const { gradients } = makeStep(2, {}, { ...MODEL, dropout: 0 });
    const whole = await gradients([batches.flat()], 1);
    const parts = await gradients(batches, 1);
    expect(parts).toMatchObject({ sourceTokens: whole.sourceTokens, targetTokens: whole.targetTokens });
    expect(Math.abs(parts.norm / whole.norm - 1)).toBeLessThan(1e-5);
    expect(Math.abs(parts.loss / whole.loss - 1)).toBeLessThan(1e-5);
  });

  it("a batch of fewer shards before one of more leaves nothing behind", async () => {
    const { gradients } = makeStep(1, {}, { ...MODEL, dropout: 0 });
    const [large] = batches as [EncodedPair[]];
    await gradients([large], 1); // fills all regions
    const small = large.slice(0, 2);
    const whole = await gradients([[...small, ...large]], 1);
    const parts = await gradients([small, large], 1);
    expect(Math.abs(parts.norm / whole.norm - 1)).toBeLessThan(1e-5);
  });

  it("batches of a step have dropout masks of their own", async () => {
    const { gradients } = makeStep(1);
    const [pairs] = batches as [EncodedPair[]];
    const once = await gradients([pairs], 1);
    const twice = await gradients([pairs, pairs], 1);
    expect(twice.targetTokens).toBe(2 * once.targetTokens);
    expect(twice.loss).not.toBe(2 * once.loss);
  });

  it("keeps the average of the weights, which the first updates move fast: within 1e-6", async () => {
    const { pool, step, gradients } = makeStep(2, { ema: 0.9 });
    const { heap } = pool.main.workbench;
    const { pointer, size } = pool.main.model.parameters;
    const expected = Float64Array.from(heap.floats(pointer, size));
    for (let update = 1; update <= 3; update++) {
      await step.update(update, 0.01, await gradients(batches, update));
      const keep = (1 + update) / (10 + update);
      heap.floats(pointer, size).forEach((weight, i) => {
        expected[i] = keep * expected[i]! + (1 - keep) * weight;
      });
    }
    expectClose(heap.floats(step.movingAverage!, size), expected, 1e-6);
    const raw = heap.floats(pointer, size).slice();
    const version = pool.weightsVersion;
    await step.withMovingAverage(async () => {
      expect(pool.weightsVersion).toBeGreaterThan(version);
      expectSameBits(heap.floats(pointer, size), heap.floats(step.movingAverage!, size));
    });
    expectSameBits(heap.floats(pointer, size), raw);
    expect(pool.weightsVersion).toBeGreaterThan(version + 1);
  });

  it("the dropout of a step depends on seed and step, and on nothing else", async () => {
    const [pairs] = batches as [EncodedPair[]];
    const { gradients } = makeStep(1, { seed: 1 });
    const first = await gradients([pairs], 1);
    expect(await gradients([pairs], 1)).toEqual(first);
    expect(await gradients([pairs], 2)).not.toEqual(first);
    expect(await makeStep(1, { seed: 2 }).gradients([pairs], 1)).not.toEqual(first);
    expect(await makeStep(1, { seed: 1 }).gradients([pairs], 1)).toEqual(first);
  });

  it("that is to learn updates by what it adds up to, bit for bit, unless that is not finite", async () => {
    const state = ({ pool, step }: ReturnType<typeof makeStep>): string[] =>
      digestsOf(pool, [pool.main.model.parameters.pointer, step.adam.m, step.adam.v, step.movingAverage!]);
    const [whole, apart] = [makeStep(1, { ema: 0.9 }), makeStep(1, { ema: 0.9 })];
    const report = await apart.gradients(batches, 1);
    const { weightsVersion } = apart.pool;
    await apart.step.update(1, 0.01, report);
    expect(apart.pool.weightsVersion).toBeGreaterThan(weightsVersion);
    expect(await whole.gradients(batches, 1, { update: 1, rate: 0.01 })).toEqual(report);
    expect(state(whole)).toEqual(state(apart));

    const { parameters } = whole.pool.main.model;
    const bias = parameters.values(parameters.get("output_projection.bias"));
    const before = bias.slice();
    bias.fill(Number.NaN);
    whole.pool.weightsChanged();
    const spoilt = await whole.gradients(batches, 2, { update: 2, rate: 0.01 });
    expect(Number.isFinite(spoilt.loss)).toBe(false);
    bias.set(before);
    expect(state(whole)).toEqual(state(apart));
  });

  it("clips: a gradient over the limit moves Adam's moments as one at the limit does", async () => {
    const [pairs] = batches as [EncodedPair[]];
    const { pool, step, gradients } = makeStep(1, { clipNorm: 0.01 });
    const report = await gradients([pairs], 1);
    expect(report.norm).toBeGreaterThan(0.1);
    await step.update(1, 0.001, report);
    const moments = pool.main.workbench.heap.floats(step.adam.m, pool.main.model.parameters.size);
    expect(10 * Math.hypot(...moments)).toBeCloseTo(0.01, 5);
  });

  it("twenty steps on the same pairs bring the loss down to less than half", async () => {
    const { step, gradients } = makeStep(2, { labelSmoothing: 0 }, { ...MODEL, dropout: 0 });
    const pairs = randomPairs(4, 5);
    const losses: number[] = [];
    for (let i = 1; i <= 20; i++) {
      const report = await gradients([pairs], i);
      losses.push(report.loss / report.targetTokens);
      await step.update(i, 0.003, report);
    }
    expect(losses[0]).toBeGreaterThan(2);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });
});
