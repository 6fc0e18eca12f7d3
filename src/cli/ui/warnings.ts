import { coloursFor } from "./colour.ts";
import { printable } from "./format.ts";

/** Tells what may be amiss, a line each; says nothing when quiet. */
export type Warn = (message: string) => void;

/** Warnings on stderr. */
export function warnings(quiet: boolean | undefined): Warn {
  if (quiet) return () => {};
  const colours = coloursFor(process.stderr);
  return (message) => void process.stderr.write(`${colours.yellow(`warning: ${printable(message)}`)}\n`);
}
