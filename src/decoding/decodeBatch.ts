import { offsetsOf, type Sentences, type SpecialIds } from "../model/batch.ts";
import type { Steps } from "../replicas/control.ts";
import type { Workbench } from "../tensor/computation.ts";
import type { Heap } from "../tensor/heap.ts";
import { BeamSearch } from "./beamSearch.ts";
import type { Member } from "./ensemble.ts";
import { generate } from "./generate.ts";
import { GreedySearch, translateGreedily } from "./greedy.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { type Decoding, type LengthLimit, lengthLimit, widthOf } from "./options.ts";
import type { FoundTarget } from "./results.ts";
import { SampleSearch } from "./sampling.ts";
import type { Search } from "./search.ts";

/** What decoding a batch needs beside the models and the options. */
export interface DecodingBatch extends SpecialIds {
  readonly unkId: number;
  /** The most tokens of each target, for {@link targetLimits}. */
  readonly limit: LengthLimit;
  /** By sentence: the number of its line, from 1. */
  readonly lines: ArrayLike<number>;
  /** By sentence: the tokens its target begins with. */
  readonly prefixes: readonly Int32Array[];
}

/** The most tokens of each target, END included, for sources with END. */
export function targetLimits(limit: LengthLimit, heap: Heap, source: Sentences): number[] {
  const offsets = offsetsOf(heap, source);
  return Array.from({ length: source.sentences }, (_, b) =>
    lengthLimit(limit, offsets[b + 1]! - offsets[b]! - 1),
  );
}

/**
 * Decodes some sentences as the options say, a token of each at every step.
 *
 * @param members the models, each with the sentences as it reads them; limits go by the first's
 * @returns what was found for each, best first; samples in the order of their numbers
 */
export function* decodeBatch(
  members: readonly Member[],
  workbench: Workbench,
  batch: DecodingBatch,
  decoding: Decoding,
): Steps<(readonly FoundTarget[])[]> {
  const { bosId, eosId, unkId, prefixes } = batch;
  const { noRepeatNgram, repetitionPenalty, banUnk } = decoding;
  const [{ model, source }, ...partners] = members as readonly [Member, ...Member[]];
  const limits = targetLimits(batch.limit, workbench.heap, source);
  if (partners.length === 0 && isPlain(decoding) && prefixes.every(({ length }) => length === 0)) {
    const targets = yield* translateGreedily(model, workbench, source, { bosId, eosId }, limits);
    return targets.map((target) => [target]);
  }
  const search = (sentence: number, start: Hypothesis): Search => {
    const settings = { eosId, limit: limits[sentence]! };
    const { beam, nBest, lengthPenalty: alpha, sampling } = decoding;
    if (sampling !== undefined) {
      const line = batch.lines[sentence]!;
      return new SampleSearch(start, { ...settings, ...sampling, line, samples: nBest });
    }
    return beam === 1
      ? new GreedySearch(start, settings)
      : new BeamSearch(start, { ...settings, beam, nBest, alpha });
  };
  const constraints = { noRepeatNgram, repetitionPenalty, banned: banUnk ? [unkId] : [] };
  const found = yield* generate(members, workbench, {
    bosId,
    eosId,
    width: widthOf(decoding),
    constraints,
    search,
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

/** Whether the most probable token is what is wanted, each time. */
function isPlain({ beam, sampling, noRepeatNgram, repetitionPenalty, banUnk }: Decoding): boolean {
  return beam === 1 && sampling === undefined && noRepeatNgram === 0 && repetitionPenalty === 1 && !banUnk;
}
