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

interface Import {
  readonly file: string;
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
    return specifiers.map((specifier) => ({
      file,
      from: roomOf(file),
      to: roomOf(relative(SRC, join(SRC, dirname(file), specifier))),
    }));
  });
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
    const code = (file: string): string =>
      readFileSync(join(SRC, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const wrong = sourceFiles().filter((file) => roomOf(file) !== "cli" && terminal.test(code(file)));
    expect(wrong).toEqual([]);
  });
});
