import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { packageFile } from "../../src/io/packageFiles.ts";
import { JOBS } from "../../src/jobs.ts";
import { webAssemblySet } from "../../src/kernels/webAssemblySet.ts";
import { SinglePool } from "../../src/replicas/pool.ts";
import { parseCheckpoint } from "../../src/training/checkpointFormat.ts";
import { Workshop } from "../../src/web/engine/workshop.ts";
import type { Changeable, Plan } from "../../src/web/protocol.ts";

const PLAN: Plan = {
  task: "reverse",
  tokenizer: "word",
  model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1, norm: "pre" },
  learningRate: 0.005,
  dropout: 0,
  labelSmoothing: 0.1,
  batchTokens: 512,
  warmupSteps: 2,
  steps: 20,
};
const KERNELS = webAssemblySet("strict", readFileSync(packageFile("dist/kernels/strict.unshared.wasm")));
const OTHER: Changeable = { learningRate: 0.002, dropout: 0.2, labelSmoothing: 0, batchTokens: 128 };

const open: Workshop[] = [];
afterEach(async () => {
  for (const workshop of open.splice(0)) await workshop.close();
});

/** A workshop that is told when a step is over. */
function begin(plan: Plan) {
  const losses: number[] = [];
  let waiting: (() => void) | undefined;
  const workshop = new Workshop(
    plan,
    (model) => new SinglePool(model, KERNELS, JOBS),
    (event) => {
      if (event.type === "step") losses.push(event.loss);
      if (event.type === "attention") waiting?.(); // the last that happens before it waits
      if (event.type === "failed") throw new Error(event.error);
    },
  );
  open.push(workshop);
  const steps = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const over = new Promise<void>((resolve) => {
        waiting = resolve;
      });
      workshop.go(1);
      await over;
    }
  };
  const stateOf = async () => parseCheckpoint(await workshop.checkpoint(), "it", crc32);
  return { workshop, losses, steps, stateOf };
}

describe("training in a page", () => {
  /** The weights after two steps in which nothing was changed. */
  let unchanged: unknown;
  beforeAll(async () => {
    const { steps, stateOf } = begin(PLAN);
    await steps(2);
    unchanged = (await stateOf()).tensors;
  });

  it.each(Object.keys(OTHER) as (keyof Changeable)[])(
    "another %s is from then on what it would have been from the start",
    async (name) => {
      const plan: Plan = { ...PLAN, [name]: OTHER[name] };
      const [changed, meant] = [begin(PLAN), begin(plan)];
      const { learningRate, dropout, labelSmoothing, batchTokens } = plan;
      await changed.workshop.change({ learningRate, dropout, labelSmoothing, batchTokens });
      for (const { steps } of [changed, meant]) await steps(2);
      expect(changed.losses).toEqual(meant.losses);
      const [ofChanged, ofMeant] = [await changed.workshop.checkpoint(), await meant.workshop.checkpoint()];
      expect(Buffer.compare(ofChanged, ofMeant)).toBe(0);
      expect(parseCheckpoint(ofChanged, "it", crc32).tensors).not.toEqual(unchanged);
    },
  );

  it("changes on the way forget nothing; batches of another size begin an epoch", async () => {
    const { workshop, steps, stateOf } = begin(PLAN);
    await steps(3);
    const before = await stateOf();
    await workshop.change(OTHER);
    const after = await stateOf();
    expect(after.tensors).toEqual(before.tensors);
    expect(before.training).toMatchObject({ step: 3, epoch: 0, batch: 3 });
    expect(after.training).toMatchObject({ step: 3, epoch: 1, batch: 0 });
    expect(after.training.config).toMatchObject({ learningRate: 0.002, labelSmoothing: 0, batchTokens: 128 });
    expect(after.model.dropout).toBe(0.2);
    await steps(2);
    expect((await stateOf()).training).toMatchObject({ step: 5, epoch: 1, batch: 2 });
    await workshop.change({ ...OTHER, learningRate: 0.01 });
    expect((await stateOf()).training).toMatchObject({ step: 5, epoch: 1, batch: 2 });
  });
});
