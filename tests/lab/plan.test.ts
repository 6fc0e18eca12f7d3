import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readExperiment } from "../../src/lab/experimentFile.ts";
import { type Plan, planLab } from "../../src/lab/plan.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "../support/cli.ts";

const folder = temporaryDirectory();
const places = { data: join(folder, "data"), runs: join(folder, "runs") };
writeFiles(folder, { "pairs.tsv": letterPairs(300), "other.tsv": letterPairs(200) });

function plan(yaml: string, steps?: number): Plan {
  const file = join(folder, "experiment.yaml");
  writeFileSync(file, `title: Why?\n${yaml}`);
  return planLab(readExperiment(file), places, steps);
}

const TASK = "task: { name: copy, train: 50, valid: 5, test: 5 }\nseeds: [1, 2]\n";

describe("the plan of an experiment", () => {
  it("has a run for every combination and seed, those of the first seed first", () => {
    const { runs, groups } = plan(
      `${TASK}for_each: { norm: [post, pre] }\ncompare: { heads: [1, 2] }\nbase: { training: { max_steps: 9 } }`,
    );
    expect(runs.map(({ label }) => label)).toEqual([
      ...["norm post, heads 1, seed 1", "norm post, heads 2, seed 1"],
      ...["norm pre, heads 1, seed 1", "norm pre, heads 2, seed 1"],
      ...["norm post, heads 1, seed 2", "norm post, heads 2, seed 2"],
      ...["norm pre, heads 1, seed 2", "norm pre, heads 2, seed 2"],
    ]);
    expect(groups.map((rows) => rows.map((row) => row.runs.length))).toEqual([
      [2, 2],
      [2, 2],
    ]);
    const [first] = runs;
    expect(first!.options).toMatchObject({
      model: { norm: "post", nHeads: 1 },
      training: { maxSteps: 9, maxEpochs: null, seed: 1, logEvery: 10 },
      data: { sourceLanguage: "src", targetLanguage: "tgt" },
    });
    expect(new Set(runs.map(({ fingerprint }) => fingerprint)).size).toBe(8);
    expect(new Set(runs.map(({ directory }) => directory)).size).toBe(8);
  });

  it("trains a model once that is used in several ways", () => {
    const { runs, groups } = plan(`${TASK}compare: { decoding.beam: [1, 5], heads: [1, 2] }`);
    expect(runs.map(({ label }) => label)).toEqual([
      ...["heads 1, seed 1", "heads 2, seed 1", "heads 1, seed 2", "heads 2, seed 2"],
    ]);
    expect(runs.map(({ tests }) => tests.map(({ decoding }) => decoding))).toEqual(
      runs.map(() => [{ beam: 1 }, { beam: 5 }]),
    );
    expect(groups[0]).toHaveLength(4);
  });

  it("knows a run by its settings and its data, wherever these lie, and not by its label", () => {
    const [one] = plan(`${TASK}compare: { heads: [2] }`).runs;
    const [other] = plan(`${TASK}compare: [{ label: two, heads: 2 }]`).runs;
    const [elsewhere] = planLab(readExperiment(join(folder, "experiment.yaml")), {
      ...places,
      data: join(folder, "data-2"),
    }).runs;
    expect(other!.fingerprint).toBe(one!.fingerprint);
    expect(elsewhere!.fingerprint).toBe(one!.fingerprint);
    const fingerprints = [
      ...plan(`${TASK}compare: { heads: [1] }`).runs,
      ...plan(`${TASK.replace("50", "51")}compare: { heads: [2] }`).runs,
      ...plan(`${TASK}compare: { heads: [2] }`, 7).runs,
    ].map(({ fingerprint }) => fingerprint);
    expect(fingerprints).not.toContain(one!.fingerprint);
    expect(new Set(fingerprints).size).toBe(6);
  });

  it("has the steps that were asked for, instead of epochs and of those of the file", () => {
    const { runs } = plan(`${TASK}compare: { heads: [2] }\nbase: { training: { max_epochs: 3 } }`, 7);
    expect(runs[0]!.options.training).toMatchObject({ maxSteps: 7, maxEpochs: null });
  });

  it("tests on sequences of other lengths and on corpora of one's own", () => {
    const { runs, tests } = plan(
      `${TASK}compare: { heads: [2] }
tests:
  - { name: longer, task: { lengths: [13, 20], test: 4 } }
  - { name: own, path: ${join(folder, "other.tsv")} }`,
    );
    expect(tests).toEqual(["test", "longer", "own"]);
    const [run] = runs;
    expect(run!.tests.map(({ test }) => test.name)).toEqual(["test", "longer", "own"]);
    expect(new Set(run!.tests.map(({ key }) => key)).size).toBe(3);
  });

  it("takes what a run holds out where a corpus has no test pairs", () => {
    const { runs } = plan(`base: { data: { train: ${join(folder, "pairs.tsv")} } }\ncompare: { heads: [2] }`);
    expect(runs[0]!.tests.map(({ test }) => test.path)).toEqual([null]);
  });

  it.each([
    [`${TASK}compare: { heads: [3] }`, "heads 3, seed 1: dModel 128 cannot be split into 3 heads"],
    [
      "task: { name: copy, train: 50, valid: 5, test: 0 }\ncompare: { heads: [2] }",
      "there are no test pairs to measure on",
    ],
    [
      "task: { name: dates, train: 50, lengths: [2, 3] }\ncompare: { heads: [2] }",
      "the task dates has no lengths to choose",
    ],
    [
      `${TASK}compare: { heads: [2] }\ntests: [{ name: none, task: { test: 0 } }]`,
      "the test none has no pairs",
    ],
  ])("%j is refused before anything is trained", (yaml, problem) => {
    expect(() => plan(yaml)).toThrow(problem);
  });
});
