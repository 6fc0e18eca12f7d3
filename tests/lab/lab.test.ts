import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import { measureText } from "../../src/evaluation/metrics.ts";
import { readExperiment } from "../../src/lab/experimentFile.ts";
import type { JobEnd, JobOrder } from "../../src/lab/job.ts";
import { type LabEnd, type LabEvent, type LabOptions, runLab } from "../../src/lab/lab.ts";
import type { StartJob } from "../../src/lab/process.ts";
import { readRecord, writeRecord } from "../../src/lab/runRecord.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const folder = temporaryDirectory();
let out = "";
let number = 0;
beforeEach(() => {
  out = join(folder, `lab-${number++}`);
});

const file = join(folder, "heads.yaml");
writeFileSync(
  file,
  `title: One head or more?
task: { name: copy, train: 40, valid: 5, test: 5 }
base: { training: { max_steps: 100 } }
compare: { heads: [1, 2, 4] }
seeds: [1, 2]
`,
);
const experiment = readExperiment(file);

/** Sentences of ten that a model of so many heads and this seed gets right. */
const rightOf = (label: string): number => {
  const [, heads, seed] = /heads (\d), seed (\d)/.exec(label)!;
  return 2 * Number(heads) + (Number(seed) % 2);
};

/** Leaves what a run leaves, without training anything. */
function finish({ run }: JobOrder): void {
  mkdirSync(run.directory, { recursive: true });
  const lines = Array.from({ length: 10 }, (_, i) => (i < rightOf(run.label) ? "right" : "wrong"));
  const measured = measureText("exact-match", lines, [lines.map(() => "right")]);
  const rows = {
    metric: measured.metric,
    score: 10 * rightOf(run.label),
    signature: "",
    rows: measured.rows,
  };
  const measurement = { pairs: "the same", lengths: lines.map(() => 1), metrics: [rows] };
  writeRecord(run.directory, {
    fingerprint: run.fingerprint,
    label: run.label,
    outcome: { kind: "trained", steps: 100, parameters: 1234, best: null },
    measurements: Object.fromEntries(run.tests.map(({ key }) => [key, measurement])),
  });
}

interface Session extends LabEnd {
  readonly events: readonly LabEvent[];
  /** What was ordered, in its order. */
  readonly ordered: readonly string[];
  /** The most that went on at a time. */
  readonly atOnce: number;
}

/** A lab whose runs end at once, as `how` says. */
async function lab(
  options: Partial<LabOptions> = {},
  how: (order: JobOrder) => JobEnd | Promise<JobEnd> = (order) => {
    finish(order);
    return { kind: "done" };
  },
): Promise<Session> {
  const events: LabEvent[] = [];
  const ordered: string[] = [];
  let [going, atOnce] = [0, 0];
  const start: StartJob = (order) => {
    ordered.push(`${order.kind === "time" ? "time " : ""}${order.run.label} on ${order.threads}`);
    atOnce = Math.max(atOnce, ++going);
    const work = async (): Promise<JobEnd> => {
      await new Promise((resolve) => setImmediate(resolve));
      try {
        return await how(order);
      } finally {
        going--;
      }
    };
    return { ended: work(), stop: () => {} };
  };
  const all = { out, threads: 2, onEvent: (event: LabEvent) => void events.push(event), ...options };
  const end = await runLab(experiment, all, start);
  return { ...end, events, ordered, atOnce };
}

describe("a lab", () => {
  it("carries out every run, those of the first seed first, and sums them up by row", async () => {
    const { ordered, done, runs, failed, stopped, results, directory } = await lab({ atOnce: 1 });
    expect(ordered).toEqual([
      ...["heads 1, seed 1 on 2", "heads 2, seed 1 on 2", "heads 4, seed 1 on 2"],
      ...["heads 1, seed 2 on 2", "heads 2, seed 2 on 2", "heads 4, seed 2 on 2"],
    ]);
    expect({ done, runs, failed, stopped }).toEqual({ done: 6, runs: 6, failed: 0, stopped: null });
    const [{ rows }] = results.groups as [(typeof results.groups)[number]];
    expect(rows.map(({ scores }) => scores[0]![0]!.values)).toEqual([
      [30, 20],
      [50, 40],
      [90, 80],
    ]);
    expect(rows.map(({ scores }) => scores[0]![0]!.against?.difference ?? null)).toEqual([null, 20, 60]);
    expect(rows[0]).toMatchObject({ parameters: 1234, seconds: null });
    expect(JSON.parse(readFileSync(join(directory, "results.json"), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(results)),
    );
  });

  it("has the same results one after the other and side by side, in any pace", async () => {
    const one = await lab({ atOnce: 1 });
    out = `${out}-again`;
    const two = await lab({ atOnce: 2 });
    expect([one.atOnce, two.atOnce]).toEqual([1, 2]);
    const text = (end: LabEnd): string => JSON.stringify(end.results).replaceAll("-again", "");
    expect(text(two)).toBe(text(one));
  });

  it("goes on with what is not done, what was begun first, and does nothing twice", async () => {
    let left = 3;
    const first = await lab({ atOnce: 1 }, (order) => {
      if (left-- > 0) finish(order);
      else {
        // As a process that is killed in the midst of its training.
        mkdirSync(order.run.directory, { recursive: true });
        const { fingerprint, label } = order.run;
        if (left === -1)
          writeRecord(order.run.directory, { fingerprint, label, outcome: null, measurements: {} });
        throw new XformerError("IO", "its process was ended by SIGKILL");
      }
      return { kind: "done" };
    });
    expect([first.done, first.failed]).toEqual([3, 3]);
    expect(first.events.filter(({ type }) => type === "failed")).toEqual([
      ...["heads 1, seed 2", "heads 2, seed 2", "heads 4, seed 2"].map((run) => ({
        ...{ type: "failed", run, problem: "its process was ended by SIGKILL." },
      })),
    ]);
    const second = await lab({ atOnce: 1 });
    expect(second.ordered).toEqual([
      ...["heads 1, seed 2 on 2", "heads 2, seed 2 on 2", "heads 4, seed 2 on 2"],
    ]);
    expect(second.done).toBe(6);
    const third = await lab({ atOnce: 1 });
    expect(third.ordered).toEqual([]);
    expect(third.results).toEqual(second.results);
  });

  it("knows what is done, whatever it is called now", async () => {
    await lab({ atOnce: 1 });
    const [, ...others] = experiment.compare.map((variant) => ({
      ...variant,
      cells: variant.cells.map((cell) => ({ ...cell, name: "number of heads" })),
    }));
    const renamed = { ...experiment, compare: [experiment.compare[0]!, ...others] };
    const ordered: string[] = [];
    const again = await runLab(renamed, { out, threads: 1 }, ({ run }) => {
      ordered.push(run.label);
      return { ended: Promise.resolve({ kind: "stopped" }), stop: () => {} };
    });
    expect([again.done, ordered]).toEqual([6, []]);
  });

  it("makes a run again whose record is of another, and measures what was not measured", async () => {
    await lab({ atOnce: 1 });
    const more = { ...experiment, metrics: ["exact-match", "chrf"] as const };
    const asked: number[] = [];
    const again = await runLab(more, { out, threads: 1 }, (order) => {
      const record = readRecord(order.run.directory, order.run.fingerprint);
      asked.push(order.run.tests.filter(({ key }) => !(key in record!.measurements)).length);
      expect(record!.outcome).not.toBeNull();
      finish(order);
      return { ended: Promise.resolve({ kind: "done" }), stop: () => {} };
    });
    expect(asked).toEqual([1, 1, 1, 1, 1, 1]);
    expect(again.done).toBe(6);
  });

  it("stops when it is told to: what goes on is stopped, and nothing else is begun", async () => {
    const controller = new AbortController();
    const { ordered, stopped, done } = await lab({ atOnce: 2, signal: controller.signal }, (order) => {
      if (order.run.label.startsWith("heads 4")) {
        controller.abort();
        return { kind: "stopped" };
      }
      finish(order);
      return { kind: "done" };
    });
    expect(ordered.length).toBeLessThan(6);
    expect(stopped).toBe("signal");
    expect(done).toBeLessThan(4);
  });

  it("takes a loss that is not finite for an answer", async () => {
    const { done, failed, results, events } = await lab({ atOnce: 1 }, (order) => {
      finish(order);
      const { directory, fingerprint, label } = order.run;
      if (label.startsWith("heads 2")) {
        const outcome = { kind: "diverged", message: "step 7: the loss" } as const;
        writeRecord(directory, { fingerprint, label, outcome, measurements: {} });
      }
      return { kind: "done" };
    });
    expect([done, failed]).toEqual([6, 0]);
    const row = results.groups[0]!.rows[1]!;
    expect(row.scores).toEqual([[]]);
    expect(row.runs.map(({ state }) => state)).toEqual(["diverged", "diverged"]);
    expect(
      events.filter((event) => event.type === "ended" && event.outcome.kind === "diverged"),
    ).toHaveLength(2);
  });

  it("measures its pace once, and chooses what is done sooner", async () => {
    const timed =
      (onAll: number) =>
      (order: JobOrder): JobEnd => {
        if (order.kind === "run") finish(order);
        return order.kind === "run"
          ? { kind: "done" }
          : { kind: "timed", steps: 100, secondsPerStep: order.threads === 2 ? onAll : 0.01 };
      };
    const sideBySide = await lab({}, timed(0.009));
    expect(sideBySide.ordered.slice(0, 3)).toEqual([
      ...["time heads 1, seed 1 on 2", "time heads 1, seed 1 on 1", "time heads 1, seed 1 on 1"],
    ]);
    expect(sideBySide.ordered[3]).toBe("heads 1, seed 1 on 1");
    expect(sideBySide.atOnce).toBe(2);
    expect(existsSync(join(out, ".timing"))).toBe(false);
    out = `${out}-2`;
    const oneByOne = await lab({}, timed(0.004));
    expect(oneByOne.ordered[3]).toBe("heads 1, seed 1 on 2");
    expect(oneByOne.events.find(({ type }) => type === "pace")).toMatchObject({ atOnce: 1, threads: 2 });
  });

  it("gives every run as many steps as let all of them fit into the hours, and keeps to that", async () => {
    const minutes: (number | undefined)[] = [];
    const steps: (number | null | undefined)[] = [];
    const how = (order: JobOrder): JobEnd => {
      if (order.kind === "time") {
        minutes.push(order.run.options.minutes);
        return {
          kind: "timed",
          steps: order.run.label.startsWith("heads 4") ? 150 : 300,
          secondsPerStep: 0.01,
        };
      }
      steps.push(order.run.options.training?.maxSteps);
      finish(order);
      return { kind: "done" };
    };
    const { events } = await lab({ hours: 1, atOnce: 1 }, how);
    // Three rows are timed for a share of the hour each.
    expect(minutes).toHaveLength(3);
    expect(minutes[0]).toBeGreaterThan(8);
    expect(minutes[0]).toBeLessThan(10);
    expect(steps).toEqual(Array(6).fill(225));
    expect(events).toContainEqual({ type: "fitted", hours: 1, steps: 225 });
    const again = await lab({ hours: 1, atOnce: 1 }, how);
    expect(again.ordered).toEqual([]);
    expect(again.done).toBe(6);
  });
});
