import { decodeBatch } from "../../src/decoding/decodeBatch.ts";
import { type DecodingOptions, resolveDecoding } from "../../src/decoding/options.ts";
import type { Phrases } from "../../src/decoding/phrases.ts";
import type { FoundTarget } from "../../src/decoding/results.ts";
import type { SpecialIds } from "../../src/model/batch.ts";
import type { Transformer } from "../../src/model/transformer.ts";
import { doSteps } from "../../src/replicas/control.ts";
import type { Workbench } from "../../src/tensor/computation.ts";
import { concatenate } from "../support/engine.ts";

/** A target that was found, with what follows from its tokens. */
export interface Found extends Pick<FoundTarget, "ended" | "logProbabilities"> {
  /** The ids of the tokens, without BEGIN and END. */
  tokens(): number[];
  /** The natural log of the probability of all tokens. */
  readonly logProbability: number;
  /** Tokens, END included and BEGIN not. */
  readonly length: number;
}

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
  {
    prefixes = [] as readonly (readonly number[])[],
    lines = sources.map((_, i) => i + 1),
    phrases = [] as readonly (Phrases | undefined)[],
    edges = new Uint8Array(256),
  } = {},
): Found[][] {
  const members = [models].flat().map((model) => ({ model, source: concatenate(workbench, sources) }));
  const batch = {
    ...{ ...special, unkId: 0, lines },
    limit: { factor: 0, plus: limit },
    prefixes: sources.map((_, b) => Int32Array.from(prefixes[b] ?? [])),
    phrases: sources.map((_, b) => phrases[b]),
    edges,
  };
  const found = doSteps(decodeBatch(members, workbench, batch, resolveDecoding(options)));
  return found.map((targets) =>
    targets.map(({ ids, logProbabilities, ended }) => ({
      tokens: () => [...ids],
      logProbabilities,
      logProbability: logProbabilities.reduce((sum, logProbability) => sum + logProbability, 0),
      length: logProbabilities.length,
      ended,
    })),
  );
}
