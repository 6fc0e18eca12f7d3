import { statSync } from "node:fs";
import {
  CST,
  type Document,
  isAlias,
  isMap,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from "yaml";
import { fileSystemError, XformerError } from "../../errors.ts";
import { readLines } from "../../io/lines.ts";
import type { RunConfig } from "../config.ts";
import { abbreviated, interpret, type Path } from "./interpret.ts";
import { resolveConfig } from "./resolve.ts";
import { type GivenSettings, optionsOf } from "./values.ts";

/**
 * Reads the settings that a configuration file gives; YAML or JSON, which is YAML too.
 *
 * @param file the path as the user wrote it
 * @throws XformerError that names the file, the line and what was probably meant
 */
export function readConfigFile(file: string): GivenSettings {
  const { content, lineOf } = readYaml(file);
  return interpret(content, file, lineOf);
}

/** A file of settings as data, with the lines that its parts stand in. */
export interface YamlContent {
  readonly content: unknown;
  /** The line of a value or, when `path` ends in a key, of that key; that of what is around it when it has none. */
  lineOf(path: Path): number | undefined;
}

/**
 * Reads a file of settings, YAML or JSON.
 *
 * @throws XformerError that names the file and the line
 */
export function readYaml(file: string): YamlContent {
  refuseTooLong(file);
  const text = readLines(file).join("\n");
  refuseTooMuch(text, file);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(1, counter.linePos(offset).line);
  const [error] = document.errors;
  if (error !== undefined) throw syntaxError(error, text, file, lineAt(error.pos[0]));
  refuseUnknownAliases(document, file, lineAt);
  // A key that is given by an alias is shared, never copied: no file makes more of itself.
  const content: unknown = document.toJS({ maxAliasCount: -1 });
  const lineOf = (path: Path): number | undefined => {
    const offset = offsetOf(document, path);
    return offset === undefined ? undefined : lineAt(offset);
  };
  return { content, lineOf };
}

/**
 * Reads the configuration that a run directory keeps.
 *
 * @throws XformerError as {@link readConfigFile} does
 */
export function readRunConfig(file: string): RunConfig {
  const given = readConfigFile(file);
  try {
    return configOf(given);
  } catch (error) {
    // Values that do not fit each other: nobody else has said any.
    if (!(error instanceof XformerError) || error.file !== undefined) throw error;
    const { code, message, hint } = error;
    throw new XformerError(code, message, { file, hint, cause: error });
  }
}

/** The whole configuration that given settings make. */
export function configOf(given: GivenSettings): RunConfig {
  const { data, ...options } = optionsOf(given);
  const { train } = data;
  return resolveConfig({ ...options, ...(train === undefined ? {} : { data: { ...data, train } }) });
}

/** A configuration has some sixty settings: who needs more than this many bytes has given another file. */
const MOST_BYTES = 2 ** 18;

/** How much of each there may be: what is done with keys, aliases and nesting takes more than linear time. */
const LIMITS: Readonly<Record<string, readonly [most: number, what: string]>> = {
  scalar: [2000, "keys and values"],
  "single-quoted-scalar": [2000, "keys and values"],
  "double-quoted-scalar": [2000, "keys and values"],
  alias: [100, "aliases"],
  "flow-map-start": [500, "braces"],
  "flow-seq-start": [500, "brackets"],
  "seq-item-ind": [500, "list entries"],
};
const KNOWN_TAG = /^!!(str|int|float|bool|null|map|seq)$/;

function refuseTooLong(file: string): void {
  let size: number;
  try {
    ({ size } = statSync(file));
  } catch (error) {
    throw fileSystemError(error, file);
  }
  if (size <= MOST_BYTES) return;
  throw new XformerError("CONFIG", `this file has ${size} bytes, a configuration at most ${MOST_BYTES}`, {
    file,
    hint: "Check the path.",
  });
}

/** Refuses what only a file would have that is to do harm, before more is done with it than to look at every sign once. */
function refuseTooMuch(text: string, file: string): void {
  const counts = new Map<string, number>();
  let line = 1;
  const refuse = (problem: string, hint: string): never => {
    throw new XformerError("CONFIG", problem, { file, line, hint });
  };
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token) ?? "scalar";
    if (type === "tag" && !KNOWN_TAG.test(token))
      refuse(`the tag ${abbreviated(token)} is not known`, "Leave it out.");
    if (type === "explicit-key-ind")
      refuse("a key that begins with a question mark", "Write the key: value.");
    const [most, what] = LIMITS[type] ?? [Number.POSITIVE_INFINITY, ""];
    const count = (counts.get(what) ?? 0) + 1;
    counts.set(what, count);
    if (count > most)
      refuse(`a configuration has at most ${most} ${what}`, "Check that it is the right file.");
    for (let at = token.indexOf("\n"); at !== -1; at = token.indexOf("\n", at + 1)) line++;
  }
}

function syntaxError(
  { code, message, pos }: YAMLParseError,
  text: string,
  file: string,
  line: number,
): XformerError {
  if (code !== "DUPLICATE_KEY") {
    const problem = message.charAt(0).toLowerCase() + message.slice(1);
    return new XformerError(
      "CONFIG",
      `this is not YAML or JSON: ${abbreviated(problem.split("\n")[0]!, 200)}`,
      {
        file,
        line,
        hint: "Mend the line, or one shortly before it.",
      },
    );
  }
  const [, key = ""] = /^["']?([^"':\s]*)/.exec(text.slice(pos[0])) ?? [];
  return new XformerError("CONFIG", `the key "${abbreviated(key)}" is there a second time`, {
    file,
    line,
    hint: "Remove one of the two.",
  });
}

function refuseUnknownAliases(document: Document, file: string, lineAt: (offset: number) => number): void {
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      throw new XformerError("CONFIG", `there is no anchor &${abbreviated(alias.source)} before its alias`, {
        file,
        line: lineAt(alias.range?.[0] ?? 0),
        hint: "Set the anchor first, or put the text in quotes.",
      });
    },
  });
}

/** Where the key or entry that a path leads to begins; that of what is around it when it has no place itself. */
function offsetOf(document: Document, path: Path): number | undefined {
  let node = document.contents as Node | null | undefined;
  let offset = node?.range?.[0];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === step);
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value as Node | undefined;
    } else if (isSeq(node)) {
      node = node.items[Number(step)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    }
  }
  return offset;
}
