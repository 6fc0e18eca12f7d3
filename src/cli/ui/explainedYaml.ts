import { bySection, type ExplainedSetting } from "../../training/settings/explain.ts";
import { pathOf } from "../../training/settings/setting.ts";
import type { Value } from "../../valueType.ts";
import { displayWidth, padEnd } from "./layout.ts";

/** Lines longer than this, which have a long path in them, do not move the comments of all others. */
const MOST_COLUMNS = 50;

/** Explained settings as YAML that `xformer train --config` reads, with the origins as comments in one column. */
export function explainedYaml(settings: readonly ExplainedSetting[]): string {
  const lines = bySection(settings).flatMap(([section, entries]) => {
    const path = pathOf(section);
    const indent = "  ".repeat(path.length);
    return [
      ...(path.length === 0 ? [] : [[`${indent.slice(2)}${path.at(-1)}:`, ""] as const]),
      ...entries.map(
        ({ setting, value, from }) => [`${indent}${entryOf(setting.key, value)}`, from] as const,
      ),
    ];
  });
  const widths = lines.map(([text]) => displayWidth(text));
  const width = Math.max(...widths.filter((columns) => columns <= MOST_COLUMNS));
  return lines
    .map(([text, from]) => (from === "" ? `${text}\n` : `${padEnd(text, width)}  # ${oneLine(from)}\n`))
    .join("");
}

/** A line of a section; what is not known yet is left out. */
function entryOf(key: string, value: Value | undefined): string {
  return value === undefined ? `# ${key}:` : `${key}: ${yamlValue(value)}`;
}

/** A value in YAML; texts that YAML might take for something else are written as JSON, which is YAML too. */
function yamlValue(value: Value): string {
  if (Array.isArray(value) && value.every((entry) => typeof entry !== "object"))
    return `[${(value as readonly (number | string)[]).map(yamlValue).join(", ")}]`;
  const isPlain = typeof value === "string" && /^[a-z][\w./-]*$/i.test(value);
  return isPlain && !/^(null|true|false)$/i.test(value) ? value : JSON.stringify(value);
}

/** A file may have any name: a line break in it must not end the comment. */
function oneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
}
