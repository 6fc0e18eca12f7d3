import { DEFAULT_PRESET, PRESETS } from "../../model/config.ts";
import { BUNDLED_TRAINING, type ConfigOptions } from "../config.ts";
import { type CorpusShape, FITTED, FITTED_FIELDS, type FittedSettings } from "./fit.ts";
import type { NamedSection } from "./table.ts";

/** Where values come from, in words, by the field they are of. */
export type Origins = Readonly<Record<string, string>>;

/**
 * Where the value of a field comes from that nobody gave.
 *
 * @param fitted what was fitted to the data, once they are known
 */
export function originOf(
  section: NamedSection | "run",
  field: string,
  { preset, data }: Pick<ConfigOptions, "preset" | "data">,
  fitted?: FittedSettings,
): string {
  const isBundled = data === undefined;
  if (section === "model" && field in PRESETS.small && (preset !== undefined || isBundled))
    return `preset ${preset ?? DEFAULT_PRESET}`;
  if (isBundled && (section === "data" || (section === "training" && field in BUNDLED_TRAINING)))
    return "bundled corpus";
  const isFitted = (section === "model" || section === "training") && isFittedField(section, field);
  if (!isBundled && isFitted) return fitted === undefined ? FITTED : `fitted to ${inPairs(fitted.shape)}`;
  return "default";
}

/** Where the values of all fields come from that are fitted where they are not given. */
export function originsOf(options: ConfigOptions, fitted?: FittedSettings): Origins {
  const sections = Object.entries(FITTED_FIELDS) as [keyof typeof FITTED_FIELDS, readonly string[]][];
  return Object.fromEntries(
    sections.flatMap(([section, fields]) =>
      fields.map((field) => {
        const isGiven = Object.hasOwn(options[section] ?? {}, field);
        return [field, isGiven ? "given" : originOf(section, field, options, fitted)];
      }),
    ),
  );
}

function isFittedField(section: keyof typeof FITTED_FIELDS, field: string): boolean {
  const { [section]: fields }: Readonly<Record<string, readonly string[]>> = FITTED_FIELDS;
  return fields!.includes(field) || field === "preset";
}

function inPairs({ pairs }: CorpusShape): string {
  return `${pairs.toLocaleString("en")} pairs`;
}
