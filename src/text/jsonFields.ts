import { XformerError } from "../errors.ts";

/** @throws XformerError CHECKPOINT when the value is not an object */
export function record(value: unknown, name: string, file: string | undefined): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    damaged(`${name} is ${show(value)}, expected an object`, file);
  }
  return value as Record<string, unknown>;
}

/** @throws XformerError CHECKPOINT when the value is not a list */
export function list(value: unknown, name: string, file: string | undefined): readonly unknown[] {
  if (!Array.isArray(value)) damaged(`${name} is ${show(value)}, expected a list`, file);
  return value;
}

/** @throws XformerError CHECKPOINT when the value is not text */
export function text(value: unknown, name: string, file: string | undefined): string {
  if (typeof value !== "string") damaged(`${name} is ${show(value)}, expected text`, file);
  return value;
}

/** @throws XformerError CHECKPOINT when the value is not bytes written in base 64 */
export function bytes(value: unknown, name: string, file: string | undefined): Uint8Array {
  const written = text(value, name, file);
  if (written.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(written))
    damaged(`${name} is not base 64`, file);
  return Uint8Array.from(atob(written), (character) => character.charCodeAt(0));
}

/**
 * @param usual what it is when it is missing
 * @throws XformerError CHECKPOINT when the value is neither true nor false
 */
export function flag(value: unknown, name: string, file: string | undefined, usual: boolean): boolean {
  const given = value ?? usual;
  if (typeof given !== "boolean") damaged(`${name} is ${show(value)}, expected true or false`, file);
  return given;
}

/**
 * The tokens of a table of ids, in the order of the ids.
 *
 * @throws XformerError CHECKPOINT when the ids are not the whole numbers from 0, each once
 */
export function tokensById(vocab: ReadonlyMap<string, unknown>, file: string | undefined): string[] {
  const entries = [...vocab];
  const tokens = new Array<string | undefined>(entries.length);
  for (const [token, id] of entries) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= entries.length) {
      damaged(
        `model.vocab gives ${show(token)} the id ${show(id)}, expected 0 to ${entries.length - 1}`,
        file,
      );
    }
    const other = tokens[id];
    if (other !== undefined)
      damaged(`model.vocab gives ${show(other)} and ${show(token)} the same id ${id}`, file);
    tokens[id] = token;
  }
  return tokens as string[]; // every id from 0 is taken exactly once, so no entry is missing
}

/** Code units of the longest token that is looked for at every place of a text. */
const LONGEST_TOKEN = 1000;

/** @throws XformerError CHECKPOINT when a token is so long that to look for it everywhere would take too long */
export function refuseLongTokens(tokens: readonly string[], file: string | undefined): void {
  const long = tokens.find(({ length }) => length > LONGEST_TOKEN);
  if (long === undefined) return;
  unsupported(`the token ${show(long)} of ${long.length} characters`, `up to ${LONGEST_TOKEN}`, file);
}

/** The value as JSON, one level of it and cut to a length that fits an error line. */
export function show(value: unknown): string {
  let isTop = true;
  const json = JSON.stringify(value, (_, part: unknown) => {
    const isInside = !isTop && typeof part === "object" && part !== null;
    isTop = false;
    return isInside ? "..." : part;
  });
  if (json === undefined) return "missing";
  return json.length > 40 ? `${json.slice(0, 40)}...` : json;
}

/** @throws XformerError CHECKPOINT always */
export function damaged(problem: string, file: string | undefined): never {
  throw new XformerError("CHECKPOINT", `not a tokenizer that can be used: ${problem}`, {
    file,
    hint: "Use the file as it was written, or train again.",
  });
}

/**
 * Says that a part of a tokenizer made elsewhere cannot be used.
 *
 * @param what the part and its name, as in `the normalizer "Nmt"`
 * @param supported what can be used instead
 * @throws XformerError CHECKPOINT always
 */
export function unsupported(what: string, supported: string, file: string | undefined): never {
  throw new XformerError("CHECKPOINT", `${what} is not supported`, {
    file,
    hint: `Supported: ${supported}.`,
  });
}
