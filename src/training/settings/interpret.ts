import type { z } from "zod";
import { XformerError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import { describeType, faultInCorpora, parseValue, type Value } from "../../valueType.ts";
import { configSchema } from "./schema.ts";
import { flagOf, pathOf, type SectionName, type Setting } from "./setting.ts";
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
  const whole = withKinds(content);
  const { data, error } = configSchema().safeParse(whole);
  if (error !== undefined) throw firstError(error.issues, whole, file, lineOf);
  const given = new Map<Setting, Given>();
  for (const setting of ALL_SETTINGS) {
    const { section, key, type } = setting;
    const path = [...pathOf(section), key];
    const said = valueAt(data, path) as Value | undefined;
    // A number that is text is a share in per cent.
    const value = type.kind === "number" && typeof said === "string" ? parseValue(type, said) : said;
    if (value !== undefined) given.set(setting, { value, origin: { file, line: lineOf(path) } });
  }
  return withReplaced(given);
}

/** A configuration in which the tokenizer of a side that is only named, `source: char`, is spelt out. */
function withKinds(content: unknown): unknown {
  const tokenizer = valueAt(content, ["tokenizer"]);
  const spelt = ["source", "target"].flatMap((side) => {
    const named = valueAt(tokenizer, [side]);
    if (typeof named !== "string") return [];
    const key = named.endsWith(".json") ? "file" : "kind";
    return [[side, { [key]: named }] as const];
  });
  if (spelt.length === 0) return content;
  return { ...(content as object), tokenizer: { ...(tokenizer as object), ...Object.fromEntries(spelt) } };
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
  const { problem, hint } = unknown && !isInCorpora(path) ? unknownKey(path) : wrongValue(path, content);
  return new XformerError("CONFIG", problem, { file, line, hint });
}

interface Complaint {
  readonly problem: string;
  readonly hint?: string | undefined;
}

/** Whether something is in a list of corpora, which has keys of its own. */
function isInCorpora(path: Path): boolean {
  const section = sectionAt(path);
  return settingOf(section, String(path[pathOf(section).length]))?.type.kind === "corpora";
}

function unknownKey(path: Path): Complaint {
  const key = abbreviated(String(path.at(-1)));
  const section = sectionAt(path.slice(0, -1));
  return { problem: `unknown key "${key}" ${placeOf(section)}`, hint: whatWasMeant(key, section) };
}

/** The innermost section on the way to something. */
function sectionAt(path: Path): SectionName {
  const names = path.map((_, i) => path.slice(0, i + 1).join("."));
  return (names.findLast((name) => Object.hasOwn(SECTIONS, name)) ?? "run") as SectionName;
}

function placeOf(section: SectionName): string {
  return section === "run" ? "at the top" : `in ${section}`;
}

/** The key that was probably meant, by the names it has here, in the library, in JoeyNMT and in fairseq. */
function whatWasMeant(key: string, section: SectionName): string | undefined {
  const near = nearest(key, [
    ...SETTINGS[section].map((setting) => setting.key),
    ...(section === "run" ? Object.keys(SECTIONS).filter((name) => !name.includes(".")) : []),
  ]);
  if (near !== undefined) return `Did you mean ${near}?`;
  const here = SETTINGS[section].find((setting) => hasName(setting, key));
  if (here !== undefined) return `Did you mean ${here.key}?`;
  const elsewhere = ALL_SETTINGS.find((setting) => hasName(setting, key));
  if (elsewhere === undefined) return undefined;
  return `Did you mean ${elsewhere.key} ${placeOf(elsewhere.section)}?`;
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
  if (path.length === 0) {
    const sections = Object.keys(SECTIONS).filter((name) => !name.includes("."));
    return { problem: `expected the sections ${sections.join(", ")}, got ${inWords(content)}` };
  }
  const section = sectionAt(path);
  const inside = pathOf(section);
  const setting = settingOf(section, String(path[inside.length]));
  const value = valueAt(content, path.slice(0, inside.length + (setting === undefined ? 0 : 1)));
  if (setting === undefined) {
    const at = section === "run" ? path.slice(0, 1) : inside;
    const expected = section === "run" ? "a text" : "settings, each with its key";
    return { problem: `${at.join(".")}: expected ${expected}, got ${inWords(valueAt(content, at))}` };
  }
  const { key, type, nullMeans } = setting;
  const fault = type.kind === "corpora" ? faultInCorpora(type.fields, value) : undefined;
  if (fault !== undefined) return { problem: `${key}${fault.place}: ${fault.problem}`, hint: fault.hint };
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
