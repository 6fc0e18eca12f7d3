import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { XformerError } from "../errors.ts";
import { type EvaluationMetric, LIKELIHOOD_NAMES, TEXT_METRIC_NAMES } from "../evaluation/metrics.ts";
import { packageFile } from "../io/packageFiles.ts";
import { nearest } from "../nearest.ts";
import { readYaml } from "../training/settings/configFile.ts";
import { interpret, type Path } from "../training/settings/interpret.ts";
import { nested } from "../training/settings/table.ts";
import { type GivenSettings, together } from "../training/settings/values.ts";
import { accepts, describeType, type Rule } from "../valueType.ts";
import { AXES, type Axis, DECODING_KEYS, type LabDecoding, TASK_KEYS, type TaskOptions } from "./axes.ts";
import { AS_BASE, type Cell, type Experiment, type FurtherTest, type Variant } from "./experiment.ts";

/** Every metric there is. */
export const LAB_METRICS: readonly EvaluationMetric[] = [...TEXT_METRIC_NAMES, ...LIKELIHOOD_NAMES];

const SEED: Rule = { type: { kind: "number", whole: true, from: 0, to: 0xffff_ffff } };
const TEXT: Rule = { type: { kind: "text" } };
const METRIC: Rule = { type: { kind: "choice", choices: LAB_METRICS } };

/** The keys of an experiment file that are no section of their own, with what they may be. */
export const PLAIN_KEYS = {
  title: { ...TEXT, description: "the question" },
  about: { ...TEXT, description: "what there is to know about it" },
  minutes: {
    type: { kind: "number", above: 0, to: 1e6 },
    description: "about how long it takes on two cores",
  },
  by_length: {
    type: { kind: "boolean" },
    description: "whether there is a table of the first metric by the length of the target",
  },
} as const satisfies Readonly<Record<string, Rule & { readonly description: string }>>;

/** All keys at the top of an experiment file. */
const TOP_KEYS = [
  ...Object.keys(PLAIN_KEYS),
  ...["task", "base", "compare", "for_each", "seeds", "metrics", "tests", "decoding"],
];

/** What the lab decides for every run. */
const DECIDED_AT_TOP = ["out", "threads", "max_minutes", "samples"];
const INSTEAD: Readonly<Record<string, string>> = {
  seed: "List the seeds under seeds.",
  minutes: "Give max_steps, or --hours.",
};

/** A thousand runs are more than anybody waits for: a grid that is larger is a slip. */
const MOST_VARIANTS = 1000;

type Content = Readonly<Record<string, unknown>>;

/** Where the experiments lie that come with the package. */
function examplesFolder(): string {
  return fileURLToPath(packageFile("examples/lab"));
}

/** The experiments that come with the package, by name. */
export function bundledExperiments(): Experiment[] {
  const folder = examplesFolder();
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => readExperiment(`${folder}/${name}`));
}

/** The file of an experiment: one that is there, or that of one that comes along and is called so. */
export function experimentFile(given: string): string {
  if (existsSync(given)) return given;
  const names = readdirSync(examplesFolder()).filter((name) => name.endsWith(".yaml"));
  if (names.includes(`${given}.yaml`)) return `${examplesFolder()}/${given}.yaml`;
  const guess = nearest(
    given,
    names.map((name) => name.replace(/\.yaml$/, "")),
  );
  throw new XformerError("IO", "no such file, and no experiment that comes along is called so", {
    file: given,
    hint: guess === undefined ? "`npx xformer lab --list` lists them." : `Did you mean ${guess}?`,
  });
}

/**
 * Reads an experiment file.
 *
 * @param file the path as the user wrote it
 * @throws XformerError CONFIG with file, line and what was probably meant
 */
export function readExperiment(file: string): Experiment {
  const { content, lineOf } = readYaml(file);
  return new Reader(file, lineOf).read(content);
}

/** Takes an experiment file apart. */
class Reader {
  readonly #file: string;
  readonly #lineOf: (path: Path) => number | undefined;

  constructor(file: string, lineOf: (path: Path) => number | undefined) {
    this.#file = file;
    this.#lineOf = lineOf;
  }

  read(content: unknown): Experiment {
    const keys = this.#object(content, []);
    this.#refuseUnknown(keys, [], ["$schema", ...TOP_KEYS]);
    const { title, about, minutes, by_length: byLength } = this.#plain(keys);
    if (title === undefined) throw this.#error([], "there is no title", "Write the question as its title.");
    if (keys.compare === undefined)
      throw this.#error([], "nothing is compared", "List the values of a setting under compare.");
    const experiment: Experiment = {
      file: this.#file,
      name: basename(this.#file).replace(/\.(ya?ml|json)$/, ""),
      title: title as string,
      about: about as string | undefined,
      minutes: minutes as number | undefined,
      task: keys.task === undefined ? undefined : (this.#task(keys.task, ["task"]) as TaskOptions),
      base: this.#base(keys.base),
      compare: this.#variants(keys.compare, "compare"),
      forEach: keys.for_each === undefined ? [AS_BASE] : this.#variants(keys.for_each, "for_each"),
      seeds: this.#list(keys.seeds ?? [1, 2, 3], ["seeds"], SEED) as number[],
      metrics: this.#list(keys.metrics ?? ["exact-match"], ["metrics"], METRIC) as EvaluationMetric[],
      tests: this.#tests(keys.tests),
      decoding: this.#keyed(keys.decoding ?? {}, ["decoding"], DECODING_KEYS) as LabDecoding,
      byLength: byLength === true,
    };
    this.#refuseContradictions(experiment);
    return experiment;
  }

  #plain(keys: Content): Partial<Record<keyof typeof PLAIN_KEYS, unknown>> {
    return Object.fromEntries(
      Object.entries(PLAIN_KEYS).flatMap(([key, rule]) =>
        keys[key] === undefined ? [] : [[key, this.#value(keys[key], [key], rule)]],
      ),
    );
  }

  #task(content: unknown, path: Path): Partial<TaskOptions> {
    const task = this.#keyed(content, path, TASK_KEYS) as Partial<TaskOptions>;
    if (path.length === 1 && task.name === undefined)
      throw this.#error(
        path,
        "the task has no name",
        `Name one of ${TASK_KEYS.name.type.choices.join(", ")}.`,
      );
    return task;
  }

  #base(content: unknown): GivenSettings {
    const keys = this.#object(content ?? {}, ["base"]);
    const decided = DECIDED_AT_TOP.find((key) => keys[key] !== undefined);
    if (decided !== undefined)
      throw this.#error(["base", decided], `the lab decides ${decided} itself`, "Leave it out.");
    const given = interpret(keys, this.#file, (path) => this.#lineOf(["base", ...path]));
    for (const [{ section, key }, { value }] of given) {
      if (section !== "training" || !(key in INSTEAD) || value === null) continue;
      throw this.#error(["base", section, key], `the lab decides ${key} itself`, INSTEAD[key]);
    }
    return given;
  }

  /** The variants of `compare` or `for_each`: all combinations of the values of axes, or those of a list. */
  #variants(content: unknown, key: "compare" | "for_each"): Variant[] {
    const variants = Array.isArray(content)
      ? content.map((entry, i) => this.#labelled(entry, [key, i]))
      : this.#product(this.#object(content, [key]), [key]);
    if (variants.length === 0) throw this.#error([key], "there is nothing in it", "List some values.");
    if (variants.length > MOST_VARIANTS)
      throw this.#error(
        [key],
        `these are ${variants.length} combinations`,
        `Leave ${MOST_VARIANTS} at most.`,
      );
    const labels = variants.map(({ cells }) => JSON.stringify(cells));
    const twice = labels.findIndex((label, i) => labels.indexOf(label) !== i);
    if (twice !== -1) {
      const problem = `${variants[twice]!.cells.map(({ value }) => value).join(", ")} is there a second time`;
      throw this.#error(Array.isArray(content) ? [key, twice] : [key], problem, "Leave one of the two out.");
    }
    return variants;
  }

  #product(axes: Content, path: Path): Variant[] {
    if (Object.keys(axes).length === 0) return [];
    return Object.entries(axes).reduce<Variant[]>(
      (variants, [name, values]) => {
        const axis = this.#axis(name, [...path, name]);
        if (!Array.isArray(values) || values.length === 0)
          throw this.#error([...path, name], `${name}: expected a list of values, got ${inWords(values)}`);
        const all = values.map((value, i) =>
          this.#variantOf(
            axis,
            value,
            [...path, name, i],
            [{ name, value: cellOf(value), trains: axis.kind !== "decoding" }],
          ),
        );
        return variants.flatMap((variant) => all.map((other) => joined(variant, other)));
      },
      [AS_BASE],
    );
  }

  #labelled(entry: unknown, path: Path): Variant {
    const { label, ...values } = this.#object(entry, path);
    if (typeof label !== "string" || label === "")
      throw this.#error(path, "this has no label", "Give it one, for the table.");
    const all = Object.entries(values).map(([name, value]) => {
      const place = [...path, name];
      return this.#variantOf(this.#axis(name, place), value, place, []);
    });
    const variant = all.reduce(joined, AS_BASE);
    const trains = variant.settings.size > 0 || Object.keys(variant.task).length > 0;
    return { ...variant, cells: [{ name: "", value: label, trains }] };
  }

  #axis(name: string, path: Path): Axis {
    const axis = AXES.get(name);
    if (axis !== undefined) return axis;
    const near = nearest(name, [...AXES.keys()]);
    const qualified = [...AXES.keys()].find((known) => known.endsWith(`.${name}`));
    const guess = near ?? qualified;
    throw this.#error(
      path,
      `unknown setting "${name}"`,
      guess === undefined ? undefined : `Did you mean ${guess}?`,
    );
  }

  #variantOf({ rule, ...axis }: Axis, value: unknown, path: Path, cells: readonly Cell[]): Variant {
    if (axis.kind === "setting") {
      // Told as in a configuration file, which knows more than the rule.
      const settings = interpret(nested([[axis.setting, value]]), this.#file, () => this.#lineOf(path));
      return { ...AS_BASE, cells, settings };
    }
    return { ...AS_BASE, cells, [axis.kind]: { [axis.field]: this.#value(value, path, rule) } };
  }

  #tests(content: unknown): FurtherTest[] {
    if (content === undefined) return [];
    if (!Array.isArray(content)) throw this.#error(["tests"], `expected a list, got ${inWords(content)}`);
    return content.map((entry, i) => {
      const path = ["tests", i];
      const keys = this.#object(entry, path);
      this.#refuseUnknown(keys, path, ["name", "task", "path"]);
      const { name, task, path: corpus } = keys;
      if (name === undefined) throw this.#error(path, "this test has no name", "Give it one, for the table.");
      if ((task === undefined) === (corpus === undefined))
        throw this.#error(path, "a test is either of a task or of a path", "Give one of the two.");
      return {
        name: this.#value(name, [...path, "name"], TEXT) as string,
        ...(task === undefined
          ? {}
          : { task: this.#keyed(task, [...path, "task"], TASK_KEYS) as Partial<TaskOptions> }),
        ...(corpus === undefined
          ? {}
          : { path: this.#value(corpus, [...path, "path"], { type: { kind: "path" } }) as string }),
      };
    });
  }

  #refuseContradictions({ task, base, compare, forEach, tests, seeds, metrics }: Experiment): void {
    const ofData = [...base.keys()].find(({ section }) => section === "data");
    if (task !== undefined && ofData !== undefined)
      throw this.#error(["base", "data"], "the data are those of the task", "Leave one of the two out.");
    if (task === undefined) {
      const ofTask = [...compare, ...forEach].some((variant) => Object.keys(variant.task).length > 0);
      if (ofTask || tests.some((test) => test.task !== undefined))
        throw this.#error([], "there is no task that could be made otherwise", "Name one under task.");
    }
    for (const [key, list] of Object.entries({ seeds, metrics })) {
      const twice = list.findIndex((value, i) => (list as readonly unknown[]).indexOf(value) !== i);
      if (twice !== -1)
        throw this.#error([key, twice], `${list[twice]} is there a second time`, "Leave one of the two out.");
    }
    const names = ["test", ...tests.map(({ name }) => name)];
    const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
    if (twice !== -1)
      throw this.#error(
        ["tests", twice - 1],
        `a test is called ${names[twice]} already`,
        "Call it otherwise.",
      );
  }

  #keyed(content: unknown, path: Path, rules: Readonly<Record<string, Rule & { field: string }>>): Content {
    const keys = this.#object(content, path);
    this.#refuseUnknown(keys, path, Object.keys(rules));
    return Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [
        rules[key]!.field,
        this.#value(value, [...path, key], rules[key]!),
      ]),
    );
  }

  #list(content: unknown, path: Path, rule: Rule): unknown[] {
    if (!Array.isArray(content) || content.length === 0)
      throw this.#error(path, `${String(path.at(-1))}: expected a list, got ${inWords(content)}`);
    return content.map((value, i) => this.#value(value, [...path, i], rule));
  }

  #value(value: unknown, path: Path, { type }: Rule): unknown {
    if (accepts(type, value) && value !== "") return value;
    const name = String(path.findLast((step) => typeof step === "string"));
    const guess =
      type.kind === "choice" && typeof value === "string" ? nearest(value, type.choices) : undefined;
    throw this.#error(
      path,
      `${name}: expected ${describeType(type)}, got ${inWords(value)}`,
      guess === undefined ? undefined : `Did you mean ${guess}?`,
    );
  }

  #object(content: unknown, path: Path): Content {
    if (typeof content === "object" && content !== null && !Array.isArray(content)) return content as Content;
    const what = path.length === 0 ? "an experiment" : path.join(".");
    throw this.#error(path, `${what}: expected keys with values, got ${inWords(content)}`);
  }

  #refuseUnknown(keys: Content, path: Path, known: readonly string[]): void {
    const unknown = Object.keys(keys).find((key) => !known.includes(key));
    if (unknown === undefined) return;
    const guess = nearest(unknown, known);
    const where = path.length === 0 ? "at the top" : `in ${path.join(".")}`;
    throw this.#error(
      [...path, unknown],
      `unknown key "${unknown}" ${where}`,
      guess === undefined ? undefined : `Did you mean ${guess}?`,
    );
  }

  #error(path: Path, problem: string, hint?: string): XformerError {
    return new XformerError("CONFIG", problem, { file: this.#file, line: this.#lineOf(path), hint });
  }
}

/** One variant with what another changes besides. */
function joined(one: Variant, other: Variant): Variant {
  return {
    cells: [...one.cells, ...other.cells],
    settings: together(one.settings, other.settings),
    task: { ...one.task, ...other.task },
    decoding: { ...one.decoding, ...other.decoding },
  };
}

/** A value as a table shows it. */
function cellOf(value: unknown): string {
  if (value === null) return "none";
  return Array.isArray(value) ? value.map(cellOf).join("-") : String(value);
}

function inWords(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "keys of its own" : String(value);
}
