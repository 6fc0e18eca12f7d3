import type { IdPair } from "../model/batch.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { PairTrace } from "./pairTrace.ts";

/** A token of a sentence. */
export interface TracedToken {
  readonly id: number;
  /** As the vocabulary has it. */
  readonly token: string;
  /** As people read it; of a word that is not known, the word that stands there. */
  readonly text: string;
  readonly isUnknown: boolean;
}

/** What a side reads, and how it begins: Euclidean norms, [T] each. */
export interface SideTrace {
  /** The source and END, or BEGIN and the target. */
  readonly tokens: readonly TracedToken[];
  /** Of each token's row of the embedding table, times the square root of dModel. */
  readonly embedding: readonly number[];
  /** Of each position's encoding. */
  readonly position: readonly number[];
  /** Of their sum, which the first layer gets. */
  readonly sum: readonly number[];
}

/** A token that might have come next. */
export interface TracedCandidate extends TracedToken {
  /** From 0 to 1. */
  readonly probability: number;
}

/** A state of the decoder, and what it has predicted. */
export interface TraceStep {
  /** The token that was written: that of the target, or END. */
  readonly written: TracedCandidate;
  /** The most probable ones, best first. */
  readonly candidates: readonly TracedCandidate[];
}

/** What a model computes while it reads a sentence and writes another: all that can be shown of it. */
export interface SentenceTrace extends Pick<PairTrace, "attention" | "encoder" | "decoder"> {
  readonly source: SideTrace;
  readonly target: SideTrace;
  /** [T]: row t of the decoder's attentions is of the state that has read target token t and writes this. */
  readonly steps: readonly TraceStep[];
  /** The target as text. */
  readonly text: string;
  /** Whether the target is the model's own, by greedy search. */
  readonly isOwn: boolean;
  /** Whether it comes to its END: a translation may be cut short by its limit. */
  readonly ended: boolean;
}

/** Puts tokens to the numbers of a trace. */
export function describeTrace(
  model: Transformer,
  [sourceTokenizer, targetTokenizer]: readonly [source: Tokenizer, target: Tokenizer],
  [sourceText, targetText]: readonly [source: string, target: string],
  { source, target }: IdPair,
  numbers: PairTrace,
  origin: Pick<SentenceTrace, "isOwn" | "ended">,
): SentenceTrace {
  const { bosId, eosId } = targetTokenizer.vocabulary;
  const { attention, encoder, decoder, candidates, probabilities } = numbers;
  const end = tokenOf(targetTokenizer, eosId); // of both sides: sources end with what targets end with
  const readBySource = [...tokensOf(sourceTokenizer, source, sourceText), end];
  const targetTokens = tokensOf(targetTokenizer, target, targetText);
  const written = [...targetTokens, end];
  const readByTarget = [tokenOf(targetTokenizer, bosId), ...targetTokens];
  return {
    ...origin,
    source: { tokens: readBySource, ...embeddingNorms(model, "source", readBySource) },
    target: { tokens: readByTarget, ...embeddingNorms(model, "target", readByTarget) },
    attention,
    encoder,
    decoder,
    steps: written.map((token, t) => ({
      written: { ...token, probability: probabilities[t]! },
      candidates: candidates[t]!.map(({ id, probability }) => ({
        ...tokenOf(targetTokenizer, id),
        probability,
      })),
    })),
    text: targetTokenizer.decode(target),
  };
}

function tokensOf(tokenizer: Tokenizer, ids: Int32Array, text: string): TracedToken[] {
  const surfaces = tokenizer.surfaces?.(text) ?? [];
  return Array.from(ids, (id, i) => {
    const token = tokenOf(tokenizer, id);
    return { ...token, text: token.isUnknown ? (surfaces[i] ?? token.text) : token.text };
  });
}

function tokenOf(tokenizer: Tokenizer, id: number): TracedToken {
  const { vocabulary } = tokenizer;
  const token = vocabulary.token(id);
  return { id, token, text: tokenizer.readable?.(token) ?? token, isUnknown: id === vocabulary.unkId };
}

/** How long the vectors are that a sentence begins as (Vaswani et al. 2017, sections 3.4 and 3.5). */
function embeddingNorms(
  model: Transformer,
  side: "source" | "target",
  tokens: readonly TracedToken[],
): Omit<SideTrace, "tokens"> {
  const { config, maxPosition } = model;
  const { dModel } = config;
  const table = model.embeddingTable(side);
  const positions = model.positionRows(side, tokens.length);
  const norms = (vector: (i: number) => Float32Array): number[] =>
    tokens.map((_, i) => Math.hypot(...vector(i)));
  const row = (values: Float32Array, i: number): Float32Array =>
    values.subarray(i * dModel, (i + 1) * dModel);
  const embedding = (i: number): Float32Array =>
    row(table, tokens[i]!.id).map((value) => value * Math.sqrt(dModel));
  const position = (i: number): Float32Array => row(positions, Math.min(i, maxPosition));
  return {
    embedding: norms(embedding),
    position: norms(position),
    sum: norms((i) => embedding(i).map((value, d) => value + position(i)[d]!)),
  };
}
