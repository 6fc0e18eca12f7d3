import { join } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";
import { addTrainFlags, givenFlags } from "../../src/cli/trainFlags.ts";
import { tasks } from "../../src/tasks/tasks.ts";
import { readConfigFile } from "../../src/training/settings/configFile.ts";
import type { GivenSettings } from "../../src/training/settings/values.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");

/** How a model is made: all that is given but where the data is, and where the run goes. */
function making(given: GivenSettings): object {
  const settings = [...given].filter(
    ([{ section }, { value }]) => section !== "run" && section !== "data" && value !== null,
  );
  return Object.fromEntries(settings.map(([{ section, key }, { value }]) => [`${section}.${key}`, value]));
}

/** What the recipe of the bundled corpus says for those who read it is so without saying. */
const UNSAID = { "tokenizer.kind": "word", "model.preset": "small" };

it.each([
  ["dates", {}],
  ["numbers", {}],
  ["sounds", {}],
  ["zh-en", UNSAID],
  ["zh-en-news", {}],
])("the flags of the task %s are what its recipe says", (name, unsaid) => {
  const task = tasks.find((one) => one.name === name)!;
  const command = addTrainFlags(new Command());
  command.parse((task.flags ?? "").split(" "), { from: "user" });
  const recipe = readConfigFile(join(EXAMPLES, `${name}.yaml`));
  const flags = givenFlags(command.opts());
  expect({ ...unsaid, ...making(flags) }).toEqual(making(recipe));
  expect(starting(flags)).toEqual(starting(recipe));
});

/** The model that a run starts from. */
function starting(given: GivenSettings): object {
  const settings = [...given].filter(([{ kept }]) => kept);
  return Object.fromEntries(settings.map(([{ key }, { value }]) => [key, value]));
}
