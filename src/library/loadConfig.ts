import { XformerError } from "../errors.ts";
import type { TrainOptions } from "./train.ts";

/**
 * Reads a configuration file, YAML or JSON, as `xformer train --config` does.
 *
 * @throws XformerError CONFIG or IO that names the file, the line and what was probably meant
 *
 * @example
 * const recipe = await loadConfig("examples/dates.yaml");
 * const { model } = await train({ ...recipe, training: { ...recipe.training, maxEpochs: 5 } });
 */
export async function loadConfig(file: string): Promise<TrainOptions> {
  // What reads YAML is loaded only where it is needed.
  const [{ readConfigFile }, { optionsOf }] = await Promise.all([
    import("../training/settings/configFile.ts"),
    import("../training/settings/values.ts"),
  ]);
  const { data, ...options } = optionsOf(readConfigFile(file));
  const { train, ...rest } = data;
  if (train !== undefined) return { ...options, data: { ...rest, train } };
  const [other] = Object.keys(rest);
  if (other === undefined) return options;
  throw new XformerError("CONFIG", `data has ${other}, but without train the bundled corpus is used`, {
    file,
    hint: "Give train too.",
  });
}
