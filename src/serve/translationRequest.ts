import {
  ALIGNMENT_UNITS,
  type DecodingOptions,
  LONG_LINES,
  lengthLimit,
  resolveDecoding,
  UNKNOWN,
  widthOf,
} from "../decoding/options.ts";
import type { ModelDescription } from "../library/engine.ts";
import { nearest } from "../nearest.ts";
import { accepts, describeType, type ValueType } from "../valueType.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** What `POST /translate` is asked for. */
export interface TranslationRequest {
  readonly lines: readonly string[];
  /** Whether the source was one sentence, not a list: then the answer is one translation. */
  readonly isOne: boolean;
  /** Whether tokens are wanted as they come. */
  readonly stream: boolean;
  /** Whether tokens and probabilities are wanted too. */
  readonly scores: boolean;
  readonly options: DecodingOptions;
}

const NUMBER: ValueType = { kind: "number" };
const BOOLEAN: ValueType = { kind: "boolean" };
const TEXT: ValueType = { kind: "text" };

/** The options that requests have: those of the library, but for what takes the square of a line. */
type Option = Exclude<keyof DecodingOptions, "attention" | "firstLine" | "signal">;
const OPTIONS: Readonly<Record<Option, readonly ValueType[]>> = {
  beam: [NUMBER],
  lengthPenalty: [NUMBER],
  nBest: [NUMBER],
  sample: [BOOLEAN],
  temperature: [NUMBER],
  topK: [NUMBER],
  topP: [NUMBER],
  seed: [NUMBER],
  maxLength: [NUMBER, TEXT],
  minLength: [NUMBER, TEXT],
  constraints: [{ kind: "texts" }],
  orderedConstraints: [BOOLEAN],
  noRepeatNgram: [NUMBER],
  repetitionPenalty: [NUMBER],
  banUnk: [BOOLEAN],
  prefix: [TEXT],
  tag: [TEXT],
  alignments: [{ kind: "choice", choices: ALIGNMENT_UNITS }],
  longLines: [{ kind: "choice", choices: LONG_LINES.filter((how) => how !== "keep") }],
  unknown: [{ kind: "choice", choices: UNKNOWN }],
};
const FIELDS: Readonly<Record<string, readonly ValueType[]>> = {
  source: [TEXT, { kind: "texts" }],
  stream: [BOOLEAN],
  scores: [BOOLEAN],
  ...OPTIONS,
};

/** The most tokens that translations may have by a request's own limit, times those of the source. */
const MOST_TIMES = 10;

/**
 * Reads what a request asks for, and holds it to the limits.
 *
 * @throws Refusal that names what is wrong or too much; XformerError USAGE for options that do not go together
 */
export function readTranslationRequest(
  body: string,
  limits: Limits,
  model: ModelDescription,
): TranslationRequest {
  const { source, stream = false, scores = false, ...options } = parseFields(body);
  const lines = typeof source === "string" ? [source] : source;
  const isOne = typeof source === "string";
  const { nBest } = refuseOptions(options, limits, model);
  refuseAmounts(lines, nBest, limits);
  if (stream && !isOne)
    throw new Refusal("USAGE", "tokens are streamed of one sentence", "Give source as a text.");
  return { lines, isOne, stream, scores, options };
}

interface Fields extends Pick<DecodingOptions, Option> {
  readonly source: string | readonly string[];
  readonly stream?: boolean;
  readonly scores?: boolean;
}

/** The fields of a body, each of its type. */
function parseFields(body: string): Fields {
  const given = parseJson(body);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new Refusal("USAGE", "the body is no JSON object", 'Send one such as {"source": "..."}.');
  for (const [name, value] of Object.entries(given)) {
    const types = Object.hasOwn(FIELDS, name) ? FIELDS[name]! : undefined;
    if (types === undefined) throw unknownField(name);
    if (!types.some((type) => accepts(type, value))) {
      // An empty sentence is one, though no other list of texts has any.
      const isList = name === "source" && Array.isArray(value);
      if (isList && value.every((text) => typeof text === "string")) continue;
      throw new Refusal("USAGE", `${name}: expected ${types.map(describeType).join(", or ")}`);
    }
  }
  if (!("source" in given))
    throw new Refusal("USAGE", "there is no source", "Give it as a text, or as a list of texts.");
  // In the order of the table, so that the same options are the same however they were written.
  const sorted = Object.keys(FIELDS).filter((name) => name in given);
  return Object.fromEntries(sorted.map((name) => [name, given[name as keyof typeof given]])) as never;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal("USAGE", "the body is no JSON", `The parser says: ${error.message.slice(0, 200)}`);
  }
}

function unknownField(name: string): Refusal {
  const shown = name.slice(0, 60);
  const guess = nearest(shown, Object.keys(FIELDS));
  const hint =
    guess === undefined ? `Fields are ${Object.keys(FIELDS).join(", ")}.` : `Did you mean ${guess}?`;
  return new Refusal("USAGE", `unknown field "${shown}"`, hint);
}

/** @throws Refusal for options of which a server would not come to an end, XformerError USAGE for those that are wrong */
function refuseOptions(
  options: DecodingOptions,
  { maxBeam }: Limits,
  { model, outputLimit }: ModelDescription,
): { readonly nBest: number } {
  const decoding = resolveDecoding(options);
  const width = widthOf(decoding);
  if (width > maxBeam) {
    const problem = `${width} hypotheses are asked for, this server follows ${maxBeam} at most`;
    throw new Refusal("TOO_LARGE", problem, "Lower beam or nBest.");
  }
  const most = Math.max(model.maxLength, outputLimit);
  for (const name of ["maxLength", "minLength"] as const) {
    const limit = decoding[name];
    if (
      limit === undefined ||
      (limit.factor <= MOST_TIMES && lengthLimit({ ...limit, factor: 0 }, 0) <= most)
    )
      continue;
    const hint = `Give at most ${most} tokens, or ${MOST_TIMES}x.`;
    throw new Refusal("TOO_LARGE", `${name} is more than this server writes`, hint);
  }
  return decoding;
}

/** @throws Refusal for sentences that are too many or too long */
function refuseAmounts(lines: readonly string[], nBest: number, { maxSentences, maxSentence }: Limits): void {
  if (lines.length * nBest > maxSentences) {
    const each = nBest === 1 ? "" : `, ${nBest} translations of each`;
    const problem = `there are ${lines.length} sentences${each}; this server takes ${maxSentences} at a time`;
    throw new Refusal("TOO_LARGE", problem, "Send them in several requests.");
  }
  const long = lines.findIndex((line) => line.length > maxSentence);
  if (long < 0) return;
  const which = lines.length === 1 ? "the sentence" : `sentence ${long + 1}`;
  const problem = `${which} has ${lines[long]!.length} characters, this server takes ${maxSentence}`;
  throw new Refusal("TOO_LARGE", problem, "Send its parts as sentences of their own.");
}
