import { offsetsOf, type Sentences, type SpecialIds } from "../model/batch.ts";
import type { Steps } from "../replicas/control.ts";
import type { Workbench } from "../tensor/computation.ts";
import type { Heap } from "../tensor/heap.ts";
import { BeamSearch } from "./beamSearch.ts";
import type { Member } from "./ensemble.ts";
import { generate } from "./generate.ts";
import { GreedySearch, translateGreedily } from "./greedy.ts";
import { GridBeamSearch, gridBeam, gridWidth } from "./gridBeamSearch.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { type Decoding, type LengthLimit, leastLength, lengthLimit, widthOf } from "./options.ts";
import type { Phrases } from "./phrases.ts";
import type { FoundTarget } from "./results.ts";
import { SampleSearch } from "./sampling.ts";
import type { NextTokens, Search } from "./search.ts";
import type { WordEdges } from "./wordEdges.ts";

/** What decoding a batch needs beside the models and the options. */
export interface DecodingBatch extends SpecialIds {
  readonly unkId: number;
  /** The most tokens of each target, for {@link targetLimits}. */
  readonly limit: LengthLimit;
  /** By sentence: the number of its line, from 1. */
  readonly lines: ArrayLike<number>;
  /** By sentence: the tokens its target begins with. */
  readonly prefixes: readonly Int32Array[];
  /** By sentence: what its target has to contain, if anything. */
  readonly phrases?: readonly (Phrases | undefined)[];
  /** Of the target's tokens; needed where there are phrases. */
  readonly edges?: WordEdges;
}

/** The most tokens of each target, END included, for sources with END. */
export function targetLimits(limit: LengthLimit, heap: Heap, source: Sentences): number[] {
  return sourceLengths(heap, source).map((tokens) => lengthLimit(limit, tokens));
}

/** The tokens of each source, END not counted. */
function sourceLengths(heap: Heap, source: Sentences): number[] {
  const offsets = offsetsOf(heap, source);
  return Array.from({ length: source.sentences }, (_, b) => offsets[b + 1]! - offsets[b]! - 1);
}

/** Told of a sentence's hypothesis each time that it has one token more. */
export type OnToken = (sentence: number, hypothesis: Hypothesis) => void;

/**
 * Decodes some sentences as the options say, a token of each at every step.
 *
 * @param members the models, each with the sentences as it reads them; limits go by the first's
 * @param onToken follows a search that has one hypothesis a sentence
 * @returns what was found for each, best first; samples in the order of their numbers
 */
export function* decodeBatch(
  members: readonly Member[],
  workbench: Workbench,
  batch: DecodingBatch,
  decoding: Decoding,
  onToken?: OnToken,
): Steps<(readonly FoundTarget[])[]> {
  const { bosId, eosId, unkId, prefixes, phrases = [], edges = new Uint8Array(0) } = batch;
  const { beam, noRepeatNgram, repetitionPenalty, banUnk, minLength } = decoding;
  const [{ model, source }, ...partners] = members as readonly [Member, ...Member[]];
  const sourceTokens = sourceLengths(workbench.heap, source);
  const limits = sourceTokens.map((tokens) => lengthLimit(batch.limit, tokens));
  const isFree = prefixes.every(({ length }) => length === 0) && phrases.every((of) => of === undefined);
  if (partners.length === 0 && isPlain(decoding) && isFree && onToken === undefined) {
    const targets = yield* translateGreedily(model, workbench, source, { bosId, eosId }, limits);
    return targets.map((target) => [target]);
  }
  const search = (sentence: number, start: Hypothesis): Search => {
    const settings = { eosId, limit: limits[sentence]! };
    const { nBest, lengthPenalty: alpha, sampling } = decoding;
    const own = phrases[sentence];
    if (own !== undefined) {
      const narrow = gridBeam(beam, own);
      return new GridBeamSearch(start, { ...settings, beam: narrow, nBest, alpha, phrases: own, edges });
    }
    if (sampling !== undefined) {
      const line = batch.lines[sentence]!;
      return new SampleSearch(start, { ...settings, ...sampling, line, samples: nBest });
    }
    return beam === 1
      ? new GreedySearch(start, settings)
      : new BeamSearch(start, { ...settings, beam, nBest, alpha });
  };
  const followed = (sentence: number, start: Hypothesis): Search => {
    const found = search(sentence, start);
    return onToken === undefined ? found : new FollowedSearch(found, (best) => onToken(sentence, best));
  };
  const constraints = { noRepeatNgram, repetitionPenalty, banned: banUnk ? [unkId] : [] };
  const found = yield* generate(members, workbench, {
    bosId,
    eosId,
    width: Math.max(widthOf(decoding), ...phrases.map((own) => (own ? gridWidth(beam, own) : 0))),
    constraints,
    fewest: limits.map((limit, b) =>
      minLength === undefined ? 0 : leastLength(minLength, sourceTokens[b]!, limit),
    ),
    search: followed,
    // A prefix that is too long leaves nothing to be searched for.
    prefixes: prefixes.map((prefix, b) => prefix.subarray(0, limits[b])),
  });
  return found.map((hypotheses) =>
    hypotheses.map((hypothesis) => ({
      ids: hypothesis.tokens(),
      logProbabilities: hypothesis.logProbabilities(),
      ended: hypothesis.ended,
    })),
  );
}

/** A search that tells what it has found so far. */
class FollowedSearch implements Search {
  readonly #search: Search;
  readonly #onToken: (best: Hypothesis) => void;

  constructor(search: Search, onToken: (best: Hypothesis) => void) {
    this.#search = search;
    this.#onToken = onToken;
  }

  get open(): readonly Hypothesis[] {
    return this.#search.open;
  }

  get found(): readonly Hypothesis[] {
    return this.#search.found;
  }

  advance(next: readonly NextTokens[]): void {
    this.#search.advance(next);
    this.#onToken(this.#search.found[0]!);
  }
}

/** Whether the most probable token is what is wanted, each time. */
function isPlain({ beam, sampling, minLength, noRepeatNgram, repetitionPenalty, banUnk }: Decoding): boolean {
  const isFree = minLength === undefined && noRepeatNgram === 0 && repetitionPenalty === 1 && !banUnk;
  return beam === 1 && sampling === undefined && isFree;
}
