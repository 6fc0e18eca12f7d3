import type { z } from "zod";
import { XformerError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import { describeType, parseValue, type Value } from "../../valueType.ts";
import { configSchema } from "./schema.ts";
import { flagOf, type SectionName, type Setting } from "./setting.ts";
import { ALL_SETTINGS, SECTIONS, SETTINGS, settingOf } from "./table.ts";
import { type Given, type GivenSettings, withReplaced } from "./values.ts";

/** Where something is in a file: the keys, and indices of lists, that lead to it. */
export type Path = readonly PropertyKey[];

/**
 * The settings that a configuration file gives.
 *
 * @param content the file as data
 * @param file its name, for error messages and as the origin of the values
 * @param lineOf the line of a value or, when `path` ends in a key that is not known, of that key
 * @throws XformerError CONFIG for the first key that is not known or value that is not right
 */
export function interpret(
  content: unknown,
  file: string,
  lineOf: (path: Path) => number | undefined = () => undefined,
): GivenSettings {
  const { data, error } = configSchema().safeParse(content);
  if (error !== undefined) throw firstError(error.issues, content, file, lineOf);
  const given = new Map<Setting, Given>();
  for (const setting of ALL_SETTINGS) {
    const { section, key, type } = setting;
    const path = section === "run" ? [key] : [section, key];
    const said = valueAt(data, path) as Value | undefined;
    // A number that is text is a share in per cent.
    const value = type.kind === "number" && typeof said === "string" ? parseValue(type, said) : said;
    if (value !== undefined) given.set(setting, { value, origin: { file, line: lineOf(path) } });
  }
  return withReplaced(given);
}

function firstError(
  issues: readonly z.core.$ZodIssue[],
  content: unknown,
  file: string,
  lineOf: (path: Path) => number | undefined,
): XformerError {
  const faults = issues
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ path: [...issue.path, key], unknown: true }))
        : [{ path: issue.path, unknown: false }],
    )
    .map((fault) => ({ ...fault, line: lineOf(fault.path) }));
  const { path, unknown, line } = faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))[0]!;
  const { problem, hint } = unknown ? unknownKey(path) : wrongValue(path, content);
  return new XformerError("CONFIG", problem, { file, line, hint });
}

interface Complaint {
  readonly problem: string;
  readonly hint?: string | undefined;
}

function unknownKey(path: Path): Complaint {
  const key = abbreviated(String(path.at(-1)));
  const section = path.length > 1 ? (path[0] as SectionName) : "run";
  const where = section === "run" ? "at the top" : `in ${section}`;
  return { problem: `unknown key "${key}" ${where}`, hint: whatWasMeant(key, section) };
}

/** The key that was probably meant, by the names it has here, in the library, in JoeyNMT and in fairseq. */
function whatWasMeant(key: string, section: SectionName): string | undefined {
  const near = nearest(key, [
    ...SETTINGS[section].map((setting) => setting.key),
    ...(section === "run" ? Object.keys(SECTIONS) : []),
  ]);
  if (near !== undefined) return `Did you mean ${near}?`;
  const here = SETTINGS[section].find((setting) => hasName(setting, key));
  if (here !== undefined) return `Did you mean ${here.key}?`;
  const elsewhere = ALL_SETTINGS.find((setting) => hasName(setting, key));
  if (elsewhere === undefined) return undefined;
  return `Did you mean ${elsewhere.key} ${elsewhere.section === "run" ? "at the top" : `in ${elsewhere.section}`}?`;
}

function hasName(setting: Setting, name: string): boolean {
  const names = [setting.key, ...setting.fields, flagOf(setting), setting.joeynmt, setting.fairseq];
  return names.some((known) => known !== undefined && plain(known) === plain(name));
}

/** `learning_rate`, `learning-rate` and `learningRate` are one name. */
function plain(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}

function wrongValue(path: Path, content: unknown): Complaint {
  const [first, second] = path;
  if (first === undefined) {
    const sections = Object.keys(SECTIONS).join(", ");
    return { problem: `expected the sections ${sections}, got ${inWords(content)}` };
  }
  const isSection = Object.hasOwn(SECTIONS, first);
  const setting = isSection
    ? settingOf(first as SectionName, String(second))
    : settingOf("run", String(first));
  const value = valueAt(content, setting === undefined ? [first] : isSection ? [first, second!] : [first]);
  if (setting === undefined) {
    const expected = isSection ? "settings, each with its key" : "a text";
    return { problem: `${String(first)}: expected ${expected}, got ${inWords(value)}` };
  }
  const { key, type, nullMeans } = setting;
  const expected = `${describeType(type)}${nullMeans === undefined ? "" : ", or null"}`;
  const guess =
    type.kind === "choice" && typeof value === "string" ? nearest(value, type.choices) : undefined;
  return {
    problem: `${key}: expected ${expected}, got ${inWords(value)}`,
    hint: guess === undefined ? undefined : `Did you mean ${guess}?`,
  };
}

function inWords(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(abbreviated(value));
  if (Array.isArray(value)) return value.every(isScalar) ? abbreviated(JSON.stringify(value)) : "a list";
  return typeof value === "object" ? "keys of its own" : String(value);
}

/** As much of a text as fits an error line. */
export function abbreviated(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function valueAt(content: unknown, path: Path): unknown {
  let value = content;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
