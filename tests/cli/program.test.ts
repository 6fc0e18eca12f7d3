import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { Run } from "../../src/cli/exit.ts";
import { createProgram } from "../../src/cli/program.ts";
import { tasks } from "../../src/tasks/tasks.ts";

/** A program whose commands only say that they were reached. */
function program(reached: (flags: unknown) => void = () => {}): Command {
  const run: Run =
    () =>
    async (...args) =>
      reached(args);
  const made = createProgram(run, () => {});
  for (const command of commandsOf(made)) command.configureOutput({ writeOut: () => {} });
  return made;
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

/** What help prints, examples included. */
function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => parts.push(part) }).outputHelp();
  return parts.join("");
}

const examples = commandsOf(program()).flatMap((command) =>
  [...helpOf(command).matchAll(/^ {2}\$ (.*?)(?: {3,}.*)?$/gm)].map(([, line]) => line!),
);

describe("examples of the help can be pasted", () => {
  it("every command has some", () => {
    for (const command of commandsOf(program())) {
      if (command.name() !== "data") expect(helpOf(command)).toContain("\nExamples:\n  $ ");
    }
  });

  it.each(
    examples.flatMap((line) => line.split(/ [|]{1,2} | && /)).filter((part) => part.startsWith("npx ")),
  )("%s", async (line) => {
    // Words as a shell has them: what is in quotes is one.
    const words = line.split(/ [<>] /)[0]!.match(/(?:"[^"]*"|[^ "])+/g)!;
    const [, name, ...args] = words.map((word) => word.replaceAll('"', ""));
    expect(name).toBe("xformer");
    let reached = 0;
    const parsing = program(() => reached++).parseAsync(args, { from: "user" });
    if (args.includes("--help")) await expect(parsing).rejects.toThrow("(outputHelp)");
    else await parsing;
    expect(reached).toBe(args.includes("--help") ? 0 : 1);
  });
});

it("help knows every task", () => {
  const make = commandsOf(program()).find((command) => command.name() === "make")!;
  expect(helpOf(make).replace(/\s+/g, " ")).toContain(`(${tasks.map(({ name }) => name).join(", ")})`);
});
