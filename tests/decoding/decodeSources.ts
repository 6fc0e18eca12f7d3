import { decodeBatch } from "../../src/decoding/decodeBatch.ts";
import type { Hypothesis } from "../../src/decoding/hypothesis.ts";
import { type DecodingOptions, resolveDecoding } from "../../src/decoding/options.ts";
import type { SpecialIds } from "../../src/model/teacherForcing.ts";
import type { Transformer } from "../../src/model/transformer.ts";
import type { Workbench } from "../../src/tensor/computation.ts";
import { concatenate } from "../support/engine.ts";

/**
 * Decodes sources, each with END, in one batch.
 *
 * @param models one model, or those of an ensemble
 * @param lines the numbers of the sources' lines; by default from 1 on
 */
export function decodeSources(
  models: Transformer | readonly Transformer[],
  workbench: Workbench,
  sources: readonly (readonly number[])[],
  special: SpecialIds,
  limit: number,
  options: DecodingOptions = {},
  { prefixes = [] as readonly (readonly number[])[], lines = sources.map((_, i) => i + 1) } = {},
): (readonly Hypothesis[])[] {
  const members = [models].flat().map((model) => ({ model, source: concatenate(sources) }));
  const batch = {
    ...{ ...special, unkId: 0, lines },
    limit: { factor: 0, plus: limit },
    prefixes: sources.map((_, b) => Int32Array.from(prefixes[b] ?? [])),
  };
  return decodeBatch(members, workbench, batch, resolveDecoding(options));
}
