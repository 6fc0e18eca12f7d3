import { XformerError } from "../errors.ts";
import type { Measured } from "../evaluation/metrics.ts";
import { type References, splitAccepted } from "../evaluation/references.ts";
import type { MetricFlags } from "./evalFlags.ts";
import type { TestFlags } from "./testPairs.ts";
import type { Warn } from "./ui/warnings.ts";

/** The flags that say what is evaluated, and how. */
export interface SystemFlags extends MetricFlags, Partial<TestFlags> {
  readonly hypotheses?: string;
  readonly references?: readonly string[];
  readonly baseline?: string;
  readonly acceptedSeparator?: string;
  readonly force?: boolean;
  readonly beam?: number;
  readonly lengthPenalty?: number;
}

/** Translations of a test set, measured. */
export interface System {
  /** The model or the file. */
  readonly name: string;
  readonly hypotheses: readonly string[];
  readonly measured: readonly Measured[];
}

/** All that is held against each other. */
export interface TestResult {
  readonly system: System;
  readonly baseline: System | undefined;
  readonly references: References;
  /** Where a model was given. */
  readonly sources: readonly string[] | undefined;
  /** Tokens of each segment. */
  readonly lengths: { readonly source: readonly number[] | undefined; readonly reference: readonly number[] };
  readonly lowercase: boolean;
}

const WAYS = "Give --model and --test, or --hypotheses and --references.";
const FOR_MODELS = {
  test: "--test",
  sourceLang: "--source-lang",
  targetLang: "--target-lang",
  threads: "--threads",
  beam: "--beam",
  lengthPenalty: "--length-penalty",
} as const satisfies Partial<Record<keyof SystemFlags, string>>;

/**
 * Measures the models, or the files, that the flags name.
 *
 * @throws XformerError USAGE when the flags leave open which of both it is
 */
export async function measureSystems(flags: SystemFlags, warn: Warn): Promise<TestResult> {
  const { model, test, hypotheses, references } = flags;
  if (model !== undefined) {
    if (hypotheses !== undefined || references !== undefined) {
      const flag = hypotheses === undefined ? "--references" : "--hypotheses";
      throw usage(
        `${flag}: with --model the translations are the model's and the references those of --test`,
      );
    }
    if (test === undefined) throw usage("--model: there is nothing to translate");
    const { measureModels } = await import("./evalModels.ts");
    return measureModels({ ...flags, model, test }, warn);
  }
  if (hypotheses === undefined) throw usage("there is nothing to evaluate");
  const given = Object.entries(FOR_MODELS).find(
    ([name]) => flags[name as keyof typeof FOR_MODELS] !== undefined,
  );
  if (given !== undefined) throw usage(`${given[1]}: this is for --model, not for --hypotheses`);
  if (references === undefined) throw usage("--hypotheses: there are no references to hold them against");
  const { measureFiles } = await import("./evalFiles.ts");
  return measureFiles({ ...flags, hypotheses, references }, warn);
}

/** Reference streams with the accepted references of each line taken apart, where lines have several. */
export function acceptedStreams(
  streams: readonly (readonly string[])[],
  separator: string | undefined,
): References {
  return separator === undefined ? streams : streams.flatMap((lines) => splitAccepted(lines, separator));
}

function usage(problem: string): XformerError {
  return new XformerError("USAGE", problem, { hint: WAYS });
}
