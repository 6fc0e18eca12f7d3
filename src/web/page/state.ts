import { batch, effect, type Signal, signal } from "@preact/signals";
import type { Trace } from "../../model/trace.ts";
import type { ModelFacts, Side, Walk } from "../protocol.ts";
import type { Client } from "./client.ts";

/** A token of the sentence or its translation, by its place; before the first of the translation, at -1, is BEGIN. */
export interface Place {
  readonly side: Side;
  readonly index: number;
}

/** Tokens in a row, and where the first of them stands. */
export interface TokenRow {
  readonly labels: readonly string[];
  readonly side: Side;
  readonly first: number;
}

/** All that views share: the model, the sentence, and what the model made of it. */
export interface State {
  readonly client: Client;
  readonly facts: ModelFacts;
  /** The sentence as it was typed. */
  readonly source: Signal<string>;
  /** Tokens that the user has chosen instead of the model, from the first on. */
  readonly prefix: Signal<readonly number[]>;
  readonly walk: Signal<Walk | undefined>;
  /** Every value of the model on the sentence and its translation. */
  readonly trace: Signal<Trace | undefined>;
  /** The tokens that the pointer or the keyboard is on: they light up wherever they are shown. */
  readonly lit: Signal<readonly Place[]>;
  readonly error: Signal<string | undefined>;
}

/** Candidates that are shown at each step. */
const CANDIDATES = 8;

/** Makes the state and keeps it right: whatever is typed is translated, and the newest answer wins. */
export function createState(client: Client, facts: ModelFacts, first: string): State {
  const state: State = {
    client,
    facts,
    source: signal(first),
    prefix: signal([]),
    walk: signal(undefined),
    trace: signal(undefined),
    lit: signal([]),
    error: signal(undefined),
  };
  let newest = 0;
  effect(() => {
    const asked = ++newest;
    const takes = { source: state.source.value, prefix: state.prefix.value, candidates: CANDIDATES };
    void follow(state, takes, () => asked === newest);
  });
  return state;
}

async function follow(
  { client, walk, trace, error }: State,
  takes: { readonly source: string; readonly prefix: readonly number[]; readonly candidates: number },
  isNewest: () => boolean,
): Promise<void> {
  try {
    const walked = await client.ask("walk", takes);
    if (!isNewest()) return;
    const source = walked.source.slice(0, -1).map(({ id }) => id);
    const target = walked.steps.map(({ chosen }) => chosen.id);
    const ended = walked.steps.at(-1)?.chosen.text === "</s>";
    const traced =
      source.length === 0
        ? undefined
        : await client.ask("trace", { source, target: ended ? target.slice(0, -1) : target });
    if (!isNewest()) return;
    batch(() => {
      walk.value = walked;
      trace.value = traced;
      error.value = undefined;
    });
  } catch (problem) {
    if (isNewest()) error.value = problem instanceof Error ? problem.message : String(problem);
  }
}

/** The tokens that the encoder reads, END included. */
export function encoderInput(walk: Walk): TokenRow {
  return { labels: walk.source.map(({ text }) => text), side: "source", first: 0 };
}

/** The tokens that the decoder has read when it says each word: BEGIN and all but the last. */
export function decoderInput(walk: Walk): TokenRow {
  const labels = ["<s>", ...walk.steps.map(({ chosen }) => chosen.text)].slice(0, -1);
  return { labels, side: "target", first: -1 };
}

/** The tokens that the decoder says, END included where it came. */
export function decoderOutput(walk: Walk): TokenRow {
  return { labels: walk.steps.map(({ chosen }) => chosen.text), side: "target", first: 0 };
}
