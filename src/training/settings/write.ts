import type { RunConfig } from "../runConfig.ts";
import { type NamedSection, SECTIONS, SETTINGS } from "./table.ts";
import { valueIn } from "./values.ts";

/** A configuration as a file that `xformer train --config` reads: every setting, by section and key. */
export function toConfigFile(config: RunConfig): object {
  return Object.fromEntries(
    (Object.keys(SECTIONS) as NamedSection[]).map((section) => [
      section,
      Object.fromEntries(
        SETTINGS[section]
          .filter(({ option }) => option === undefined)
          .map((setting) => [setting.key, valueIn(config, setting)]),
      ),
    ]),
  );
}
