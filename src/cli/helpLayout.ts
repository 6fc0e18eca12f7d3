import type { Help, HelpConfiguration } from "commander";

/** Lines are easier to read when they are no longer than this, in columns. */
const WIDEST = 100;
/** The columns of a terminal, or of the reader of a pipe, that does not say how many it has. */
const USUAL_WIDTH = 80;
/** A description that has fewer columns than this beside its flag stands below it. */
const NARROWEST = 32;

/** The columns that help may take: a pager shows it on the terminal that errors go to as well. */
export function helpWidth(): number {
  return Math.min(process.stdout.columns ?? process.stderr.columns ?? USUAL_WIDTH, WIDEST);
}

/** How commander lays help out. */
export function helpConfiguration(): HelpConfiguration {
  return { helpWidth: helpWidth(), minWidthToWrap: NARROWEST, formatItem };
}

/** A flag and its description: side by side, or one below the other where there is no room for that. */
function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const width = helper.helpWidth ?? USUAL_WIDTH;
  const room = width - termWidth - 4;
  const isBeside = room >= NARROWEST;
  const indent = isBeside ? termWidth + 4 : 6;
  const lines = helper.boxWrap(description, width - indent).replaceAll("\n", `\n${" ".repeat(indent)}`);
  if (description === "") return `  ${term}`;
  return isBeside ? `  ${term.padEnd(termWidth)}  ${lines}` : `  ${term}\n${" ".repeat(indent)}${lines}`;
}
