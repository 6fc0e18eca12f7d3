import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Experiment } from "../../src/lab/experiment.ts";
import { bundledExperiments, experimentFile, readExperiment } from "../../src/lab/experimentFile.ts";
import { planLab } from "../../src/lab/plan.ts";
import { labJsonSchema } from "../../src/lab/schema.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const folder = temporaryDirectory();
const ROOT = join(import.meta.dirname, "..", "..");

function read(...lines: string[]): Experiment {
  const file = join(folder, "experiment.yaml");
  writeFileSync(file, lines.join("\n"));
  return readExperiment(file);
}

/** What is said of a file with a title and these lines, without its place; the lines begin with the second. */
function complaint(...lines: string[]): string {
  try {
    read("title: Why?", ...lines);
  } catch (error) {
    return (error as { oneLine: string }).oneLine.replace(`${folder}/experiment.yaml:`, "");
  }
  throw new Error("it was read");
}

/** What variants are called, and what they set. */
function settingsOf(experiment: Experiment, part: "compare" | "forEach" = "compare"): object[] {
  return experiment[part].map(({ cells, settings, task, decoding }) => ({
    label: cells.map(({ name, value }) => `${name}=${value}`).join(" "),
    ...Object.fromEntries([...settings].map(([{ key }, { value }]) => [key, value])),
    ...task,
    ...decoding,
  }));
}

describe("an experiment file", () => {
  it("has all combinations of the values of its axes, the last of which changes fastest", () => {
    const experiment = read("title: Why?", "compare:", "  heads: [1, 2]", "  norm: [post, pre]");
    expect(settingsOf(experiment)).toEqual([
      { label: "heads=1 norm=post", heads: 1, norm: "post" },
      { label: "heads=1 norm=pre", heads: 1, norm: "pre" },
      { label: "heads=2 norm=post", heads: 2, norm: "post" },
      { label: "heads=2 norm=pre", heads: 2, norm: "pre" },
    ]);
    expect(experiment).toMatchObject({
      title: "Why?",
      name: "experiment",
      seeds: [1, 2, 3],
      metrics: ["exact-match"],
    });
    expect(experiment.forEach).toHaveLength(1);
  });

  it("has variants with labels, which may set several things at once", () => {
    const experiment = read(
      "title: Why?",
      "task: { name: copy, lengths: [2, 4] }",
      "for_each:",
      "  - { label: small, encoder_layers: 1, decoder_layers: 1 }",
      "  - { label: large, encoder_layers: 2, decoder_layers: 2, task.train: 500 }",
      "compare:",
      "  decoding.beam: [1, 5]",
      "  task: [copy, sort]",
      "  tokenizer.kind: [word, char]",
      "  max_steps: [50]",
    );
    expect(settingsOf(experiment, "forEach")).toEqual([
      { label: "=small", encoder_layers: 1, decoder_layers: 1 },
      { label: "=large", encoder_layers: 2, decoder_layers: 2, train: 500 },
    ]);
    expect(settingsOf(experiment)).toHaveLength(8);
    // Who says how many steps wants so many, whatever the epochs.
    expect(settingsOf(experiment)[0]).toMatchObject({
      ...{ beam: 1, name: "copy", max_steps: 50, max_epochs: null },
    });
    expect(experiment.task).toEqual({ name: "copy", lengths: [2, 4] });
  });

  it.each([
    [["compare: {}"], "2: there is nothing in it. List some values."],
    [["seeds: [1]"], "1: nothing is compared. List the values of a setting under compare."],
    [["compare: { head: [1] }"], '2: unknown setting "head". Did you mean heads?'],
    [["compare: { kind: [word] }"], '2: unknown setting "kind". Did you mean tokenizer.kind?'],
    [["compare: { seed: [1, 2] }"], '2: unknown setting "seed". Did you mean task.seed?'],
    [["compare:", "  heads: 4"], "3: heads: expected a list of values, got 4."],
    [
      ["compare:", "  tie:", "    - all", "    - both"],
      '5: tie: expected one of none, decoder, all, got "both".',
    ],
    [["compare: { heads: [1, 1] }"], "2: 1 is there a second time. Leave one of the two out."],
    [["compare: [{ heads: 1 }]"], "2: this has no label. Give it one, for the table."],
    [
      ["compare: { heads: [1] }", "task: { name: copie }"],
      '3: name: expected one of reverse, copy, sort, dates, numbers, sounds, zh-en, zh-en-news, got "copie".',
    ],
    [
      ["compare: { heads: [1] }", "metrics: [blue]"],
      /^3: metrics: expected one of bleu, .* Did you mean bleu\?$/,
    ],
    [["compare: { heads: [1] }", "seeds: []"], "3: seeds: expected a list, got a list."],
    [["compare: { heads: [1] }", "sedes: [1]"], '3: unknown key "sedes" at the top. Did you mean seeds?'],
    [
      ["compare: { heads: [1] }", "base:", "  model:", "    head: 4"],
      '5: unknown key "head" in model. Did you mean heads?',
    ],
    [
      ["compare: { heads: [1] }", "base:", "  training:", "    seed: 4"],
      "5: the lab decides seed itself. List the seeds under seeds.",
    ],
    [
      ["compare: { heads: [1] }", "base:", "  threads: 4"],
      "4: the lab decides threads itself. Leave it out.",
    ],
    [
      ["compare: { heads: [1] }", "task: { name: copy }", "base:", "  data: { train: x.tsv }"],
      "5: the data are those of the task. Leave one of the two out.",
    ],
    [
      ["compare: { task.train: [100] }"],
      "1: there is no task that could be made otherwise. Name one under task.",
    ],
    [
      ["compare: { heads: [1] }", "tests: [{ name: other, path: a.tsv, task: { lengths: [3, 4] } }]"],
      "3: a test is either of a task or of a path. Give one of the two.",
    ],
    [
      ["compare: { heads: [1] }", "tests: [{ name: test, path: a.tsv }]"],
      "3: a test is called test already. Call it otherwise.",
    ],
  ] as [string[], string | RegExp][])("that says %j is refused", (lines, expected) => {
    const said = complaint(...lines);
    if (typeof expected === "string") expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });
});

describe("the experiments that come along", () => {
  const names = readdirSync(join(ROOT, "examples", "lab")).filter((name) => name.endsWith(".yaml"));

  it("are listed with their questions", () => {
    const experiments = bundledExperiments();
    expect(experiments.map(({ name }) => `${name}.yaml`)).toEqual(names.sort());
    for (const { title, about, minutes, seeds } of experiments) {
      expect(title).not.toBe("");
      expect(about).toMatch(/\.$/);
      expect(minutes).toBeGreaterThan(0);
      expect(minutes).toBeLessThanOrEqual(10);
      expect(seeds).toEqual([1, 2, 3]);
    }
  });

  it.each(names)("%s can be carried out", (name) => {
    const file = join(ROOT, "examples", "lab", name);
    const text = readFileSync(file, "utf8");
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../../schema/lab.schema.json");
    const experiment = { ...readExperiment(file), seeds: [1] };
    const plan = planLab(experiment, { data: join(folder, "data"), runs: join(folder, "runs") }, 1);
    expect(plan.runs.length).toBeGreaterThan(1);
    expect(plan.tests.length).toBeGreaterThan(0);
  });

  it("are found by their names", () => {
    expect(experimentFile("heads")).toMatch(/examples.lab.heads\.yaml$/);
    expect(() => experimentFile("haeds")).toThrow(/no experiment that comes along is called so/);
  });

  it("have a schema for editors, which `npm run settings` writes", () => {
    const shipped: unknown = JSON.parse(readFileSync(join(ROOT, "schema/lab.schema.json"), "utf8"));
    expect(shipped).toEqual(JSON.parse(JSON.stringify(labJsonSchema())));
  });
});
