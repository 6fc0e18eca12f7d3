import type { SpecialIds } from "../model/teacherForcing.ts";
import type { Workbench } from "../tensor/computation.ts";
import { BeamSearch } from "./beamSearch.ts";
import type { Member } from "./ensemble.ts";
import { generate } from "./generate.ts";
import { GreedySearch } from "./greedy.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { type Decoding, type LengthLimit, lengthLimit, widthOf } from "./options.ts";
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

/** The most tokens of each target, END included, for sources with END at these offsets. */
export function targetLimits(limit: LengthLimit, sourceOffsets: Int32Array): number[] {
  return Array.from({ length: sourceOffsets.length - 1 }, (_, b) =>
    lengthLimit(limit, sourceOffsets[b + 1]! - sourceOffsets[b]! - 1),
  );
}

/**
 * Decodes some sentences as the options say.
 *
 * @param members the models, each with the sentences as it reads them; limits go by the first's
 * @returns what was found for each, best first; samples in the order of their numbers
 */
export function decodeBatch(
  members: readonly Member[],
  workbench: Workbench,
  batch: DecodingBatch,
  decoding: Decoding,
): (readonly Hypothesis[])[] {
  const { bosId, eosId, unkId, prefixes } = batch;
  const { noRepeatNgram, repetitionPenalty, banUnk } = decoding;
  const limits = targetLimits(batch.limit, members[0]!.source.offsets);
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
  return generate(members, workbench, {
    ...{ bosId, eosId, width: widthOf(decoding), constraints, search },
    // A prefix that is too long leaves nothing to be searched for.
    prefixes: prefixes.map((prefix, b) => prefix.subarray(0, limits[b])),
  });
}
