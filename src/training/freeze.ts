import { XformerError } from "../errors.ts";
import type { NamedParameter } from "../model/parameters.ts";
import { nearest } from "../nearest.ts";

/** What names without a star stand for, beside themselves: the beginnings of names of parameters. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  encoder: ["encoder."],
  decoder: ["decoder."],
  embeddings: ["source_embedding.", "target_embedding.", "source_positions.", "target_positions."],
};

/**
 * The parameters that stay as they are.
 *
 * @param freeze parts of the model, names of parameters, or names in which `*` stands for anything and `?` for a character
 * @throws XformerError CONFIG for one that nothing has, or when nothing is left to train
 */
export function frozenParameters(
  freeze: readonly string[] | null,
  parameters: readonly NamedParameter[],
): NamedParameter[] {
  const chosen = (freeze ?? []).map((which) => {
    const matches = matcherOf(which);
    const found = parameters.filter(({ name }) => matches(name));
    if (found.length === 0) throw nothingLike(which, parameters);
    return found;
  });
  const frozen = new Set(chosen.flat());
  if (frozen.size === parameters.length) {
    throw new XformerError("CONFIG", `freeze is ${freeze!.join(", ")}, which leaves nothing to train`, {
      hint: "Leave one of them out.",
    });
  }
  return parameters.filter((parameter) => frozen.has(parameter));
}

function matcherOf(which: string): (name: string) => boolean {
  const beginnings = Object.hasOwn(PARTS, which) ? PARTS[which]! : undefined;
  if (beginnings !== undefined) return (name) => beginnings.some((beginning) => name.startsWith(beginning));
  return (name) => isLike(name, which);
}

/** Whether a name is what a pattern says; in time that grows with the product of their lengths at most. */
function isLike(name: string, pattern: string): boolean {
  let [at, from] = [0, 0];
  // Where the last star was, and how much of the name it has taken.
  let [star, taken] = [-1, 0];
  while (at < name.length) {
    const sign = pattern[from];
    if (sign === "*") {
      [star, taken] = [from++, at];
    } else if (sign === "?" || sign === name[at]) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  return [...pattern.slice(from)].every((sign) => sign === "*");
}

function nothingLike(which: string, parameters: readonly NamedParameter[]): XformerError {
  const names = parameters.map(({ name }) => name);
  const isBeginning = names.some((name) => name.startsWith(`${which}.`));
  const guess = isBeginning
    ? `${which}.*`
    : nearestOf(which, [...Object.keys(PARTS), ...names, ...beginningsOf(names)]);
  return new XformerError("CONFIG", `freeze: the model has no parameter ${which}`, {
    hint: `Did you mean ${guess}?`,
  });
}

/** Patterns of all that is in a part of the model, as `encoder.layers.0.*`. */
function beginningsOf(names: readonly string[]): string[] {
  const parts = names.flatMap((name) => {
    const words = name.split(".");
    return words.slice(1).map((_, i) => `${words.slice(0, i + 1).join(".")}.*`);
  });
  return [...new Set(parts)];
}

/** The name that a pattern comes nearest to, however far that is. */
function nearestOf(which: string, names: readonly string[]): string {
  const near = nearest(which, names);
  if (near !== undefined) return near;
  // What has most in common from the beginning on.
  const common = (name: string): number => {
    let length = 0;
    while (length < name.length && name[length] === which[length]) length++;
    return length;
  };
  return names.reduce((best, name) => (common(name) > common(best) ? name : best));
}
