import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "..", "src");

/** Rooms from the top of the house down: each may use those below it. */
const FLOORS = [
  "cli",
  "serve",
  "web",
  "library",
  "report",
  "lab",
  "interop",
  "training",
  "evaluation",
  "decoding",
  "replicas",
  "model",
  "tensor",
  "kernels",
];
/** Rooms at the side, which everybody may use and which use only one another. */
const SIDE = ["text", "data", "io", "errors", "random", "nearest", "tasks", "valueType", "globals"];
/** Files that put rooms together. */
const DOORS = [
  "index",
  "metrics",
  "tokenizers",
  "browser",
  "worker",
  "modelWorker",
  "labWorker",
  "jobs",
  "loadedModel",
];

/** What a browser can load: nothing of Node, neither its modules nor its globals. */
const PORTABLE = [
  ...["web", "kernels", "tensor", "model", "text", "decoding", "evaluation", "report", "tasks"],
  ...["random", "errors", "nearest", "valueType", "jobs", "metrics", "tokenizers", "browser"],
];
/** Files of other rooms that a browser can load: threads seen from within, a step of training, formats. */
const PORTABLE_FILES = [
  ...["replicas/control.ts", "replicas/pool.ts", "replicas/replica.ts", "replicas/sharedPool.ts"],
  ...[
    "training/adam.ts",
    "training/feed.ts",
    "training/freeze.ts",
    "training/schedule.ts",
    "training/state.ts",
    "training/step.ts",
  ],
  ...[
    "training/trainer.ts",
    "training/checkpointFormat.ts",
    "training/validation.ts",
    "io/safetensorsFormat.ts",
    "io/crc32.ts",
  ],
  ...[
    "library/trainedModel.ts",
    "library/localEngine.ts",
    "library/learnTokenizer.ts",
    "library/fetchBytes.ts",
  ],
];
/** Files of portable rooms that bring in what only Node has. */
const OF_NODE = ["kernels/load.ts", "kernels/native.ts"];

interface Import {
  readonly file: string;
  /** The file that is imported, from `src`. */
  readonly target: string;
  readonly from: string;
  readonly to: string;
  /** Whether nothing but types is imported, so that nothing is loaded. */
  readonly types: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.tsx?$/.test(file) && !file.includes("assembly"),
  );
}

function roomOf(path: string): string {
  return (path.split(sep)[0] ?? "").replace(/\.ts$/, "");
}

function imports(): Import[] {
  return sourceFiles().flatMap((file) => {
    const text = readFileSync(join(SRC, file), "utf8");
    const matches = text.matchAll(/(?:((?:import|export) type \{[^}]*\} )?from|import\()\s*"(\.[^"]+)"/g);
    return [...matches].map(([, types, specifier]) => {
      const target = relative(SRC, join(SRC, dirname(file), specifier!));
      return { file, target, from: roomOf(file), to: roomOf(target), types: types !== undefined };
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
      if (to === "jobs") return !["cli", "web", "training"].includes(from);
      if (to === "loadedModel") return !["cli", "library", "lab"].includes(from);
      if (DOORS.includes(to)) return true;
      return SIDE.includes(from) || FLOORS.indexOf(to) < FLOORS.indexOf(from);
    });
    expect(wrong).toEqual([]);
  });

  it("are all known", () => {
    const rooms = new Set(sourceFiles().map(roomOf));
    expect([...rooms].filter((room) => ![...FLOORS, ...SIDE, ...DOORS].includes(room))).toEqual([]);
  });

  it("know the terminal in cli only", () => {
    const terminal = /\bconsole\.|from "(chalk|commander)"|process\.(exit|stdout|stderr|stdin)/;
    const wrong = sourceFiles().filter((file) => roomOf(file) !== "cli" && terminal.test(codeOf(file)));
    expect(wrong).toEqual([]);
  });

  it("have no files that import each other in a circle", () => {
    expect(circles()).toEqual([]);
  });

  it("know nothing of Node where a browser is to load them, nor does anything that they load", () => {
    const node = /["']node:|\bprocess\.|\bBuffer\b/;
    const loaded = sourceFiles().filter(
      (file) => (PORTABLE.includes(roomOf(file)) && !OF_NODE.includes(file)) || PORTABLE_FILES.includes(file),
    );
    expect(PORTABLE_FILES.filter((file) => !loaded.includes(file))).toEqual([]);
    const all = new Set(loaded);
    // What is made when the package is built is text and no more.
    const runtime = imports().filter(({ types, target }) => !types && !target.endsWith("embedded.js"));
    for (const file of all)
      for (const { target } of runtime.filter((each) => each.file === file)) all.add(target);
    expect([...all].filter((file) => node.test(codeOf(file)))).toEqual([]);
    expect(all.size).toBeGreaterThan(100);
  });
});
