import { afterEach, expect, it, vi } from "vitest";
import { createProgram } from "../../../src/cli/program.ts";
import { fitHelp } from "../../../src/cli/ui/help.ts";
import { displayWidth } from "../../../src/cli/ui/layout.ts";

afterEach(() => void vi.restoreAllMocks());

/** The help of a command, as a terminal of so many columns is given it. */
function helpAt(columns: number, command: string): string {
  vi.spyOn(process.stdout, "columns", "get").mockReturnValue(columns);
  const parts: string[] = [];
  const program = createProgram(
    () => async () => {},
    (text) => parts.push(text),
  );
  program.commands.find((each) => each.name() === command)!.outputHelp();
  return fitHelp(parts.join(""), columns);
}

const COMMANDS = createProgram(
  () => async () => {},
  () => {},
).commands.map((command) => command.name());
process.stdout.columns ??= 80; // so that it can be mocked where there is no terminal

it.each(COMMANDS)("%s: every line fits, at 48 columns as at 80, and no word is lost", (command) => {
  const words = (help: string): string[] => help.split(/[\s\\#]+/).sort();
  const wide = helpAt(200, command);
  for (const columns of [48, 80]) {
    const help = helpAt(columns, command);
    expect(help.split("\n").filter((line) => displayWidth(line) > columns)).toEqual([]);
    expect(words(help)).toEqual(words(wide));
  }
});

it("a description stands below its flag where little would fit beside it", () => {
  expect(helpAt(48, "translate")).toContain(
    "\n  -o, --output <file>\n      where translations go (default: standard\n",
  );
  expect(helpAt(80, "translate")).toMatch(/\n {2}-o, --output <file> {2,}where translations go/);
});

it("examples are folded where a shell goes on reading, and their remarks become comments", () => {
  const line = '  $ echo "我 很好。" | xformer translate --model runs/zh-en-1 --sample   draws it';
  expect(fitHelp(line, 40)).toBe(
    [
      "  # draws it",
      '  $ echo "我 很好。" | xformer \\',
      "      translate --model runs/zh-en-1 \\",
      "      --sample",
    ].join("\n"),
  );
  expect(fitHelp(line, 90)).toBe(line);
});
