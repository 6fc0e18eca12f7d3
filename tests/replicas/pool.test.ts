import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import { JOBS } from "../../src/jobs.ts";
import type { Pointer } from "../../src/kernels/kernels.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import type { Job, Steps } from "../../src/replicas/control.ts";
import { type Jobs, type Pool, SinglePool } from "../../src/replicas/pool.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { SMALL_MODEL } from "../support/engine.ts";
import { aroundJobs } from "../support/jobs.ts";

const HINT = "If memory ran out, use a smaller model, a smaller --batch-tokens or fewer --threads.";
const directory = temporaryDirectory();
const workers: Worker[] = [];
const pools: WorkerPool[] = [];
process.on("worker", (worker) => workers.push(worker));

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
  workers.length = 0;
});

function makePool(threads: number, jobs: Jobs = JOBS): WorkerPool {
  const pool = new WorkerPool(SMALL_MODEL, jobs, { threads });
  pools.push(pool);
  return pool;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** What became of a job. */
function outcome(work: Promise<void>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof XformerError ? error.oneLine : `not for users: ${error}`),
  );
}

/** Adds region 1 to region 0: a million ones to as many numbers, in slices of 32,768. */
function sumJob(pool: Pool): { job: Job; sums: Float32Array } {
  const { heap } = pool.main.workbench;
  const size = 2 ** 20;
  const [to, from] = [heap.reserve(4 * size), heap.reserve(4 * size)];
  heap.floats(to, size).forEach((_, i, sums) => {
    sums[i] = i;
  });
  heap.floats(from, size).fill(1);
  const job = { kind: "sum", items: 32, gradients: [to, from], size, squares: heap.reserve(8 * 32) };
  return { job, sums: heap.floats(to, size) };
}

describe("a pool of threads", () => {
  it.each([1, 2, 4])("%i of them do every item once", async (threads) => {
    let items = 0;
    const slowly = aroundJobs(JOBS, (work) => (replica, job, item) => {
      items++;
      sleep(1); // so that the others get some
      work(replica, job, item);
    });
    const pool = makePool(threads, slowly);
    const { job, sums } = sumJob(pool);
    for (let round = 1; round <= 3; round++) {
      await pool.run(job);
      expect(sums.every((sum, i) => sum === i + round)).toBe(true);
    }
    expect(workers.length).toBe(threads - 1);
    if (threads === 1) expect(items).toBe(3 * 32);
    else expect(items).toBeLessThan(3 * 32);
  });

  it("starts no other thread for a job of one item", async () => {
    const pool = makePool(4);
    const { job } = sumJob(pool);
    await pool.run({ ...job, items: 1 });
    expect(workers.length).toBe(0);
  });

  it("takes a job of nearly 1 MiB", async () => {
    const pool = makePool(3);
    const { job, sums } = sumJob(pool);
    await pool.run({ ...job, note: "x".repeat(2 ** 20 - 1000) } as Job);
    await pool.run(job);
    expect(sums.every((sum, i) => sum === i + 2)).toBe(true);
  });

  it("a worker that fails ends the job with its reason, not with a hang", async () => {
    const pool = makePool(2, { juggle: () => sleep(50) });
    expect(await outcome(pool.run({ kind: "juggle", items: 4 }))).toBe(
      `a worker thread died: there is no job juggle. ${HINT}`,
    );
  });

  it("a worker that dies while it waits ends the next job, and every one after it", async () => {
    const pool = makePool(3);
    const { job } = sumJob(pool);
    await pool.run(job);
    await workers[1]!.terminate();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await outcome(pool.run(job))).toBe(`a worker thread died: it exited with code 1. ${HINT}`);
    }
  });

  it("a worker that dies at work ends the job", async () => {
    const deadly = aroundJobs(JOBS, () => () => {
      workers[0]?.terminate();
      sleep(20);
    });
    const pool = makePool(2, deadly);
    expect(await outcome(pool.run({ ...sumJob(pool).job, items: 4 }))).toBe(
      `a worker thread died: it exited with code 1. ${HINT}`,
    );
  });

  it("a worker that cannot begin is told of", async () => {
    const pool = makePool(3);
    const { heap } = pool.main.workbench;
    // Nothing is left for the worker's own workspace.
    for (let free = 2 ** 31; free >= 64; ) {
      try {
        heap.reserve(free);
      } catch {
        free /= 2;
      }
    }
    expect(await outcome(pool.run({ kind: "sum", items: 3 }))).toMatch(
      /^a worker thread died: the model and its batch need more than \d+ MiB of memory\. /,
    );
  });

  it("close ends the threads", async () => {
    const pool = makePool(3);
    await pool.run(sumJob(pool).job);
    expect(workers.map(({ threadId }) => threadId > 0)).toEqual([true, true]);
    await pool.close();
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  it.each([
    ["when the pool is closed", "await pool.close();"],
    ["when the pool is forgotten", ""],
  ])("the process ends by itself %s", async (_, end) => {
    const dist = (name: string): string =>
      JSON.stringify(new URL(`../../dist/${name}`, import.meta.url).href);
    const script = `
      import { WorkerPool } from ${dist("replicas/workerPool.js")};
      import { JOBS } from ${dist("jobs.js")};
      const pool = new WorkerPool(${JSON.stringify(SMALL_MODEL)}, JOBS, { threads: 2 });
      const { heap } = pool.main.workbench;
      const [at, squares] = [heap.reserve(2 ** 18), heap.reserve(64)];
      await pool.run({ kind: "sum", items: 2, gradients: [at], size: 2 ** 15 + 1, squares });
      ${end}
      process.stdout.write("done");`;
    const file = join(directory, `${end === "" ? "forgotten" : "closed"}.mjs`);
    writeFileSync(file, script);
    const run = promisify(execFile)(process.execPath, [file]);
    expect(await run).toEqual({ stdout: "done", stderr: "" });
  });
});

describe("a job that nobody wants any more", () => {
  /** Items that go on for ever, a millisecond a step. */
  const endless: Jobs = {
    *wait(): Steps<void> {
      for (;;) {
        sleep(1);
        yield;
      }
    },
  };
  const makers: [name: string, make: () => Pool][] = [
    ["threads", () => makePool(1, endless)],
    [
      "one thread",
      () => new SinglePool(SMALL_MODEL, loadKernels("strict", false), endless, () => setImmediate()),
    ],
  ];

  it.each(makers)("%s: others have their turn meanwhile, and its signal ends it", async (_, make) => {
    const pool = make();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 10);
    await expect(pool.run({ kind: "wait", items: 1 }, controller.signal)).rejects.toThrow("enough");
    await expect(pool.run({ kind: "wait", items: 1 }, controller.signal)).rejects.toThrow("enough");
    await pool.close();
  });
});

describe("a pool of one thread", () => {
  const makeSingle = (jobs: Jobs = JOBS): SinglePool =>
    new SinglePool(SMALL_MODEL, loadKernels("strict", false), jobs);

  it("does every item once, in a memory of its own that is not shared", async () => {
    let items = 0;
    const counting = aroundJobs(JOBS, (work) => (replica, job, item) => {
      expect(item).toBe(items++ % 32);
      work(replica, job, item);
    });
    const pool = makeSingle(counting);
    expect(pool.main.workbench.heap.wasm.buffer).toBeInstanceOf(ArrayBuffer);
    expect([pool.kernels.name, pool.threads]).toEqual(["strict", 1]);
    const { job } = sumJob(pool);
    const { gradients } = job as Job & { readonly gradients: readonly Pointer[] };
    for (let round = 1; round <= 3; round++) {
      await pool.run(job);
      const sums = pool.main.workbench.heap.floats(gradients[0]!, 2 ** 20);
      expect(sums.every((sum, i) => sum === i + round)).toBe(true);
    }
    expect(items).toBe(3 * 32);
    await pool.close();
  });

  it("says which jobs and files there are not, and pauses as it is told to", async () => {
    await expect(makeSingle({}).run({ kind: "juggle", items: 1 })).rejects.toThrow("there is no job juggle");
    const pool = makeSingle();
    expect(() => pool.main.resources.corpus("corpus.pairs")).toThrow("there are no files here: corpus.pairs");
    let pauses = 0;
    const patient = new SinglePool(
      SMALL_MODEL,
      loadKernels("strict", false),
      JOBS,
      async () => void pauses++,
    );
    await patient.pause();
    expect(pauses).toBe(1);
  });

  it("tells weights apart that have changed", () => {
    const pool = makeSingle();
    const before = pool.weightsVersion;
    pool.weightsChanged();
    expect(pool.weightsVersion).toBeGreaterThan(before);
  });
});
