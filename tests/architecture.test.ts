import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "..", "src");

/** Rooms from the top of the house down: each may use those below it. */
const FLOORS = [
  "cli",
  "report",
  "training",
  "evaluation",
  "decoding",
  "replicas",
  "model",
  "tensor",
  "kernels",
];
/** Rooms at the side, which everybody may use and which use only one another. */
const SIDE = ["text", "data", "io", "errors", "random", "nearest", "tasks", "valueType"];
/** Files that put rooms together. */
const DOORS = ["index", "worker", "jobs", "trainedModel"];

/** What a browser can load: nothing of Node, neither its modules nor its globals. */
const PORTABLE = ["text", "evaluation", "report", "tasks", "random", "errors", "nearest", "valueType"];

interface Import {
  readonly file: string;
  /** The file that is imported, from `src`. */
  readonly target: string;
  readonly from: string;
  readonly to: string;
}

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes("assembly"),
  );
}

function roomOf(path: string): string {
  return (path.split(sep)[0] ?? "").replace(/\.ts$/, "");
}

function imports(): Import[] {
  return sourceFiles().flatMap((file) => {
    const text = readFileSync(join(SRC, file), "utf8");
    const specifiers = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(
      (match) => match[1] as string,
    );
    return specifiers.map((specifier) => {
      const target = relative(SRC, join(SRC, dirname(file), specifier));
      return { file, target, from: roomOf(file), to: roomOf(target) };
    });
  });
}

/** A file without its block comments. */
function codeOf(file: string): string {
  return readFileSync(join(SRC, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
}

/** Ways from a file back to itself, by imports of types too; one for each file that closes one. */
function circles(): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of imports()) targets.set(file, [...(targets.get(file) ?? []), target]);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(" > "));
    if (path.includes(file) || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}

describe("the rooms of the house", () => {
  it("import only downwards and sideways", () => {
    const wrong = imports().filter(({ from, to }) => {
      if (from === to || DOORS.includes(from) || SIDE.includes(to)) return false;
      if (to === "jobs") return !["cli", "training"].includes(from);
      if (to === "trainedModel") return from !== "cli";
      if (to === "index" || to === "worker") return true;
      return SIDE.includes(from) || FLOORS.indexOf(to) < FLOORS.indexOf(from);
    });
    expect(wrong).toEqual([]);
  });

  it("are all known", () => {
    const rooms = new Set(sourceFiles().map(roomOf));
    expect([...rooms].filter((room) => ![...FLOORS, ...SIDE, ...DOORS].includes(room))).toEqual([]);
  });

  it("know the terminal in cli only", () => {
    const terminal = /\bconsole\.|from "(chalk|commander|cli-progress)"|process\.(exit|stdout|stderr|stdin)/;
    const wrong = sourceFiles().filter((file) => roomOf(file) !== "cli" && terminal.test(codeOf(file)));
    expect(wrong).toEqual([]);
  });

  it("have no files that import each other in a circle", () => {
    expect(circles()).toEqual([]);
  });

  it("know nothing of Node where a browser is to load them", () => {
    const node = /["']node:|\bprocess\.|\bBuffer\b/;
    const wrong = sourceFiles().filter((file) => PORTABLE.includes(roomOf(file)) && node.test(codeOf(file)));
    expect(wrong).toEqual([]);
  });
});
