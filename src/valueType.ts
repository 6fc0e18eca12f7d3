import { XformerError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** The numbers that are allowed; where a bound is left out there is none. */
export interface NumberRange {
  readonly whole?: boolean;
  /** The least number allowed. */
  readonly from?: number;
  /** Numbers have to be larger than this. */
  readonly above?: number;
  /** The largest number allowed. */
  readonly to?: number;
  /** Numbers have to be smaller than this. */
  readonly below?: number;
}

/** The values that a setting takes, as data: flags, files, schemas and the library's checks are made from it. */
export type ValueType =
  | ({
      readonly kind: "number" /** Whether shares may be said in per cent. */;
      readonly percent?: true;
    } & NumberRange)
  | { readonly kind: "numbers"; readonly count: number; readonly each: NumberRange }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "boolean" }
  | { readonly kind: "texts" }
  | { readonly kind: "text" }
  | { readonly kind: "path"; readonly endings?: readonly string[] }
  | { readonly kind: "tag" }
  /** A path, or several, each alone or as the `path` of an object with these fields beside it. */
  | { readonly kind: "corpora"; readonly fields: Readonly<Record<string, Rule>> };

/** What a field of a configuration may be. */
export interface Rule {
  readonly type: ValueType;
  /** What null means, for a field that may be null. */
  readonly nullMeans?: string;
}

/** A value of a setting; null stands for something that its description names. */
export type Value = number | readonly number[] | string | boolean | null | readonly Entry[];

/** One of several corpora, as it is given. */
export type Entry =
  | string
  | { readonly path: string; readonly [field: string]: string | number | boolean | null };

/** Signs around a letter or digit: nothing that stands in a text by chance, and that no spacing mark is part of. */
const TAG = /^(?=[!-~]{3,64}$)[^\w\\](?:.*[A-Za-z0-9].*)[^\w\\]$|^__[A-Za-z0-9]{1,60}__$/;

/** Whether a text has the form of a tag: a token in front of a source that says what is wanted, `<2de>`. */
export function looksLikeTag(text: string): boolean {
  return TAG.test(text) && !text.includes("\\");
}

/** Whether a value is of a type. */
export function accepts(type: ValueType, value: unknown): boolean {
  switch (type.kind) {
    case "number":
      return isInRange(value, type);
    case "numbers":
      return (
        Array.isArray(value) &&
        value.length === type.count &&
        value.every((number) => isInRange(number, type.each))
      );
    case "choice":
      return typeof value === "string" && type.choices.includes(value);
    case "boolean":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "texts":
      return Array.isArray(value) && value.every((text) => typeof text === "string" && text !== "");
    case "path":
      return typeof value === "string" && value !== "" && endsAs(value, type.endings);
    case "tag":
      return typeof value === "string" && looksLikeTag(value);
    case "corpora":
      return faultInCorpora(type.fields, value) === undefined;
  }
}

function endsAs(path: string, endings: readonly string[] = [""]): boolean {
  return endings.some((ending) => path.endsWith(ending));
}

/** `.json, .model or .spm` */
function inWords(choices: readonly string[]): string {
  return choices.length === 1 ? choices[0]! : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

/** What is wrong with corpora: where, from the setting on, and what was expected there. */
export interface CorporaFault {
  readonly place: string;
  readonly problem: string;
  readonly hint?: string | undefined;
}

/** The first thing that is wrong with the value of a setting that names corpora. */
export function faultInCorpora(
  fields: Readonly<Record<string, Rule>>,
  value: unknown,
): CorporaFault | undefined {
  const expected = (place: string, what: string, got: unknown): CorporaFault => ({
    place,
    problem: `expected ${what}, got ${JSON.stringify(got) ?? "nothing"}`,
  });
  const isPath = (path: unknown): boolean => typeof path === "string" && path !== "";
  const faultInEntry = (entry: unknown, place: string): CorporaFault | undefined => {
    if (isPath(entry)) return undefined;
    if (typeof entry !== "object" || entry === null || Array.isArray(entry))
      return expected(place, "a path, or keys with a path among them", entry);
    for (const [key, own] of Object.entries(entry)) {
      const rule = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (key === "path" || (own === null && rule?.nullMeans !== undefined)) continue;
      if (rule === undefined) {
        const guess = nearest(key, ["path", ...Object.keys(fields)]);
        return {
          place,
          problem: `unknown key "${key.slice(0, 60)}"`,
          hint: guess === undefined ? undefined : `Did you mean ${guess}?`,
        };
      }
      if (!accepts(rule.type, own)) return expected(`${place}.${key}`, describeType(rule.type), own);
    }
    const { path } = entry as { path?: unknown };
    return isPath(path) ? undefined : expected(`${place}.path`, "a path", path);
  };
  if (isPath(value)) return undefined;
  if (!Array.isArray(value)) return expected("", "a path, or a list of corpora", value);
  if (value.length === 0) return expected("", "at least one corpus", value);
  for (const [i, entry] of value.entries()) {
    const fault = faultInEntry(entry, `[${i}]`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * Checks a field of a configuration; of a list, whose numbers have a field each, one of its numbers.
 *
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function checkField(field: string, value: unknown, { type, nullMeans }: Rule): void {
  if (value === null && nullMeans !== undefined) return;
  if (type.kind === "numbers" ? isInRange(value, type.each) : accepts(type, value)) return;
  if (type.kind === "corpora") {
    const { place, problem, hint } = faultInCorpora(type.fields, value)!;
    throw new XformerError("CONFIG", `${field}${place}: ${problem}`, { hint });
  }
  const range = type.kind === "number" ? type : type.kind === "numbers" ? type.each : undefined;
  const expected = range === undefined ? describeType(type) : describeRange(range);
  throw new XformerError("CONFIG", `${field} is ${typeof value === "string" ? `"${value}"` : value}`, {
    hint: `It has to be ${expected}${nullMeans === undefined ? "" : ", or null"}.`,
  });
}

/** A type in words that follow "expected": `a number above 0 and at most 10`. */
export function describeType(type: ValueType): string {
  switch (type.kind) {
    case "number":
      return `${describeRange(type)}${type.percent ? ", or a share such as 5%" : ""}`;
    case "numbers":
      return `a list of ${type.count}, each ${describeRange(type.each)}`;
    case "choice":
      return `one of ${type.choices.join(", ")}`;
    case "boolean":
      return "true or false";
    case "text":
      return "a text";
    case "texts":
      return "a list of texts";
    case "path":
      return type.endings === undefined ? "a path" : `the path of a ${inWords(type.endings)} file`;
    case "tag":
      return "a tag such as <2de>";
    case "corpora":
      return `a path, or a list of corpora, each a path or an object of path, ${Object.keys(type.fields).join(", ")}`;
  }
}

/**
 * What a text on the command line means.
 *
 * @returns undefined when it is not of the type
 */
export function parseValue(type: ValueType, text: string): Value | undefined {
  const value = convert(type, text);
  return accepts(type, value) ? value : undefined;
}

/** A share in per cent, less than the whole: 100 % would be 1, which is a number. */
export const PERCENT = /^(\d{1,2}(?:\.\d+)?)%$/;

/** What a text on the command line would mean, whether the type takes it or not. */
export function convert(type: ValueType, text: string): Value {
  if (type.kind === "corpora") return parseEntry(type.fields, text);
  if (type.kind === "numbers") return text.split(",").map((part) => parseNumber(part.trim()));
  if (type.kind === "texts") return text.split(",").map((part) => part.trim());
  if (type.kind === "boolean" && /^(true|false)$/.test(text)) return text === "true";
  if (type.kind !== "number") return text;
  const [, share] = (type.percent && PERCENT.exec(text)) || [];
  return parseNumber(share === undefined ? text : `${share}e-2`);
}

/** A corpus on the command line: `b.tsv weight=2 tag=<2de>`; one without any of it is a path alone. */
function parseEntry(fields: Readonly<Record<string, Rule>>, text: string): Value {
  const given: Record<string, string | number | boolean | null> = {};
  let path = text;
  for (;;) {
    const [ending, key = "", value = ""] = /\s+(\w+)=(\S*)$/.exec(path) ?? [];
    const rule = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (ending === undefined || rule === undefined) break;
    given[key] = convert(rule.type, value) as string | number | boolean;
    path = path.slice(0, -ending.length);
  }
  return Object.keys(given).length === 0 ? path : [{ path, ...given }];
}

/**
 * Whether something is a number within a range. Kernels compute in 32 bits: a number that is too large for them, or
 * that they round to 0 or to a bound that it must not reach, is not.
 */
export function isInRange(value: unknown, range: NumberRange): boolean {
  const { whole = false, from, to } = range;
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if ((from !== undefined && value < from) || (to !== undefined && value > to)) return false;
  if (whole) return Number.isSafeInteger(value) && isBetween(value, range);
  const rounded = Math.fround(value);
  const isLost = !Number.isFinite(rounded) || (rounded === 0 && value !== 0);
  return !isLost && isBetween(value, range) && isBetween(rounded, range);
}

function isBetween(value: number, { above, below }: NumberRange): boolean {
  return (above === undefined || value > above) && (below === undefined || value < below);
}

/** A range in words that follow "expected": `a whole number of at least 1`. */
export function describeRange({ whole = false, from, above, to, below }: NumberRange): string {
  const noun = whole ? "a whole number" : "a number";
  if (from !== undefined && to !== undefined) return `${noun} from ${from} to ${to}`;
  const bounds = [
    ...(from === undefined ? [] : [`of at least ${from}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(to === undefined ? [] : [`at most ${to}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return [noun, bounds.join(" and ")].filter((part) => part !== "").join(" ");
}

/** A number as people write it; NaN for anything else. */
export function parseNumber(text: string): number {
  // Number() takes blanks for 0 and reads 0x10: neither is what somebody who typed it can have meant.
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
