import { type DecodingOptions, resolveDecoding } from "../decoding/options.ts";
import type { Translation } from "../decoding/translation.ts";
import { taggedLines } from "../decoding/translator.ts";
import { XformerError } from "../errors.ts";
import type { LoadedModel } from "../loadedModel.ts";
import { nearest } from "../nearest.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { unknownWords } from "./doubts.ts";
import { heatMap } from "./ui/heatMap.ts";
import { wrap } from "./ui/layout.ts";

/** Alternatives that are shown unless another number is asked for. */
const ALTERNATIVES = 5;

/** What the prompt remembers between lines. */
export interface PromptState {
  readonly model: LoadedModel;
  options: DecodingOptions;
  /** The line that was translated last, and what came of it. */
  last:
    | {
        readonly line: string;
        readonly constraints: readonly string[];
        readonly translation: Translation;
      }
    | undefined;
}

/** Does what a command says; gives the lines to be shown. */
type Command = (
  state: PromptState,
  argument: string,
  width: number,
  signal: AbortSignal | undefined,
) => Promise<readonly string[]>;

const COMMANDS: Readonly<Record<string, { readonly help: string; readonly run: Command }>> = {
  ":beam": { help: ":beam 5          search with five hypotheses; :beam 1 is greedy", run: setBeam },
  ":tag": { help: ":tag <2de>       a tag for the lines that follow; :tag alone for none", run: setTag },
  ":alternatives": {
    help: ":alternatives 5  other translations of the last line, with their scores",
    run: alternatives,
  },
  ":attention": {
    help: ":attention       which source tokens the last translation looked at",
    run: attention,
  },
  ":tokens": {
    help: ":tokens          the tokens of the last line and its translation, and what is unknown",
    run: tokens,
  },
  ":help": { help: ":help            this list", run: async (_, __, width) => help(width) },
  ":quit": { help: ":quit            leaves, as Ctrl-D does", run: async () => [] },
};

/** Columns of a command and the space behind it. */
const NAME_WIDTH = 17;

/** All commands, what each does beside it. */
function help(width: number): readonly string[] {
  return Object.values(COMMANDS).flatMap(({ help }) =>
    wrap(help.slice(NAME_WIDTH), width - NAME_WIDTH).map(
      (line, i) => `${i === 0 ? help.slice(0, NAME_WIDTH) : " ".repeat(NAME_WIDTH)}${line}`,
    ),
  );
}

/** The command in a line; undefined for a line to be translated. */
export function commandIn(line: string): { readonly name: string; readonly argument: string } | undefined {
  const match = /^\s*(:[a-z]+)(?:\s+(.*?))?\s*$/.exec(line);
  return match === null ? undefined : { name: match[1]!, argument: match[2] ?? "" };
}

/**
 * Does what a command says.
 *
 * @param width columns of the terminal
 * @param signal ends a search
 * @returns lines to be shown
 * @throws XformerError USAGE when there is no such command or it does not take this argument; the reason of the signal
 */
export async function runCommand(
  state: PromptState,
  { name, argument }: { readonly name: string; readonly argument: string },
  width: number,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const command = COMMANDS[name];
  if (command !== undefined) return command.run(state, argument, width, signal);
  const guess = nearest(name, Object.keys(COMMANDS));
  throw new XformerError("USAGE", `there is no command ${name}`, {
    hint: guess === undefined ? "See :help." : `Did you mean ${guess}?`,
  });
}

async function setBeam(state: PromptState, argument: string): Promise<readonly string[]> {
  const beam = countIn(":beam", argument);
  const options = { ...state.options, beam, nBest: undefined };
  resolveDecoding(options);
  state.options = options;
  return [beam === 1 ? "greedy search" : `beam search with ${beam} hypotheses`];
}

async function setTag(state: PromptState, argument: string): Promise<readonly string[]> {
  const tag = argument === "" ? undefined : argument;
  taggedLines([], tag, state.model.translator.sourceTokenizer);
  state.options = { ...state.options, tag };
  return [tag === undefined ? "no tag" : `lines begin with ${tag}`];
}

async function alternatives(
  state: PromptState,
  argument: string,
  _: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const { line, constraints } = lastOf(state);
  const nBest = argument === "" ? ALTERNATIVES : countIn(":alternatives", argument);
  const { sample, beam = 1 } = state.options;
  const options = sample
    ? { ...state.options, signal, nBest }
    : { ...state.options, constraints, signal, nBest, beam: Math.max(beam, nBest) };
  const [translation] = await state.model.translator.translate([line], options);
  return translation!.hypotheses.map(({ text, score }) => `${score.toFixed(3).padStart(8)}  ${text}`);
}

async function attention(
  state: PromptState,
  _: string,
  width: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const { line, translation } = lastOf(state);
  const { translator } = state.model;
  const source = translator.sourceTokenizer.encode(line);
  const rows = translation.hypotheses[0]?.tokens ?? [];
  if (rows.length === 0) return ["nothing was translated"];
  const vocabulary = translator.targetTokenizer.vocabulary;
  const target = Int32Array.from(rows, (token) => vocabulary.id(token));
  const [weights] = await translator.attention([{ source, target }], signal);
  const columns = readable(
    translator.sourceTokenizer,
    Array.from(source, (id) => translator.sourceTokenizer.vocabulary.token(id)),
  );
  const { values, columns: stride } = weights!;
  return heatMap({ rows: readable(translator.targetTokenizer, rows), columns, values, stride }, width);
}

async function tokens(state: PromptState): Promise<readonly string[]> {
  const { line, translation } = lastOf(state);
  const { sourceTokenizer, targetTokenizer } = state.model.translator;
  const source = Array.from(sourceTokenizer.encode(line), (id) => sourceTokenizer.vocabulary.token(id));
  const unknown = unknownWords(sourceTokenizer, line);
  return [
    `source  ${readable(sourceTokenizer, source).join(" ")}`,
    `target  ${readable(targetTokenizer, translation.hypotheses[0]?.tokens ?? []).join(" ")}`,
    ...(unknown.length === 0 ? [] : [`unknown ${unknown.join(", ")}`]),
  ];
}

function readable(tokenizer: Tokenizer, tokens: readonly string[]): readonly string[] {
  return tokens.map((token) => tokenizer.readable?.(token) ?? token);
}

function countIn(name: string, argument: string): number {
  if (/^[1-9]\d{0,3}$/.test(argument)) return Number(argument);
  throw new XformerError("USAGE", `${name} takes a whole number, not "${argument}"`, {
    hint: `Say ${name} 5, for example.`,
  });
}

function lastOf({ last }: PromptState): NonNullable<PromptState["last"]> {
  if (last !== undefined) return last;
  throw new XformerError("USAGE", "no line has been translated yet", { hint: "Type one first." });
}
