import { Argument, Option } from "commander";
import { XformerError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { describeRange, isInRange, type NumberRange, parseNumber } from "../valueType.ts";

/**
 * A flag that takes a number.
 *
 * @param flags as commander wants them: `--lr <rate>`
 */
export function numberOption(flags: string, description: string, range: NumberRange): Option {
  const option = new Option(flags, description);
  return option.argParser((text) => parseWithin(option.long ?? flags, text, range));
}

/** A flag that takes a whole number, from 1 on unless said otherwise. */
export function countOption(flags: string, description: string, range: NumberRange = {}): Option {
  return numberOption(flags, description, { whole: true, from: 1, ...range });
}

/**
 * A flag that takes one of some words.
 *
 * @param usual what it is taken to be when it is not given; only said, not set
 */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
  usual?: string,
): Option {
  const listed = choices.join(", ");
  const option = new Option(
    flags,
    `${description} (${usual === undefined ? listed : `${listed}; default: ${usual}`})`,
  );
  return option.argParser((text) => parseChoice(option.long ?? flags, text, choices));
}

/** An argument that is one of some words. */
export function choiceArgument(name: string, description: string, choices: readonly string[]): Argument {
  return new Argument(name, description).argParser((text) => parseChoice("", text, choices));
}

/** A path, which must not be empty: an empty one is most often a shell variable that is not set. */
export function pathOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((text) => {
    if (text !== "") return text;
    throw new XformerError("USAGE", `${option.long}: the path is empty`, { hint: "Give a path." });
  });
}

/** `--model`, which every command but training needs; see `modelOrNewest`. */
export function modelOption(): Option {
  return pathOption(
    "-m, --model <path>",
    "run directory (then its best model) or checkpoint file (default: the newest run)",
  );
}

/** `--debug`, which every command has. */
export function debugOption(): Option {
  return new Option("--debug", "show where in the program an error came from");
}

/** The entries of an object that are not undefined. */
export function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function parseWithin(name: string, text: string, range: NumberRange): number {
  const value = parseNumber(text);
  if (isInRange(value, range)) return value;
  throw new XformerError("USAGE", `${name}: expected ${describeRange(range)}, got "${text}"`);
}

function parseChoice(name: string, text: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text;
  const guess = nearest(text, choices);
  throw new XformerError(
    "USAGE",
    `${name === "" ? "" : `${name}: `}expected one of ${choices.join(", ")}, got "${text}"`,
    {
      hint: guess === undefined ? undefined : `Did you mean ${guess}?`,
    },
  );
}
