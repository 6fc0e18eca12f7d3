import { helpWidth } from "../helpLayout.ts";
import { asInvoked } from "../invocation.ts";
import { displayWidth, wrap } from "./layout.ts";

/** Help as it is shown: for the way in which the program was started, and the columns that there are. */
export function shownHelp(text: string): string {
  return fitHelp(asInvoked(text), helpWidth());
}

/** A text of the help whose lines take no more than `width` columns, where words allow it. */
export function fitHelp(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => (displayWidth(line) <= width ? [line] : fitLine(line, width)))
    .join("\n");
}

function fitLine(line: string, width: number): string[] {
  const [, command, remark] = /^ {2}\$ (.*?)(?: {3,}(.*))?$/.exec(line) ?? [];
  if (command !== undefined) {
    const remarks = remark === undefined ? [] : wrap(remark, width - 4);
    return [...remarks.map((part) => `  # ${part}`), ...foldCommand(command, width)];
  }
  const [, margin = "", term = ""] = /^( *)(?:(\S.*?) {2,}(?=\S))?/.exec(line) ?? [];
  if (term === "") return hanging(line, margin.length, width);
  const rest = line.slice(margin.length + term.length).trim();
  return [`${margin}${term}`, ...hanging(`${margin}    ${rest}`, margin.length + 4, width)];
}

/** A line in several, those after the first so many columns further in. */
function hanging(line: string, indent: number, width: number): string[] {
  const margin = / */.exec(line)![0];
  const [first = "", ...others] = wrap(line.trimStart(), width - Math.max(indent, margin.length));
  return [margin + first, ...others.map((other) => " ".repeat(indent) + other)];
}

/** A command in several lines that a shell takes for one: whole words, and flags with what they are given. */
function foldCommand(command: string, width: number): string[] {
  const words = command.match(/(?:-[\w-]+ (?!-))?(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
  const lines = ["  $"];
  for (const word of words) {
    const line = lines.at(-1)!;
    const isFirst = line.trimStart() === "$";
    if (isFirst || displayWidth(line) + displayWidth(word) + 3 <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else {
      lines[lines.length - 1] = `${line} \\`;
      lines.push(`      ${word}`);
    }
  }
  return lines;
}
