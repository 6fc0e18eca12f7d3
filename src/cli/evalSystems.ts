import { resolveDecoding } from "../decoding/options.ts";
import { XformerError } from "../errors.ts";
import { looksTokenised } from "../evaluation/bleu.ts";
import { bleuTokenizerFor, evaluate } from "../evaluation/evaluate.ts";
import {
  LIKELIHOOD_NAMES,
  measureText,
  TEXT_METRIC_NAMES,
  type TextMetricName,
  USUAL_METRICS,
} from "../evaluation/metrics.ts";
import { type References, splitAccepted } from "../evaluation/references.ts";
import { type BleuTokenizer, bleuTokenizers, trimEnd } from "../evaluation/tokenizers.ts";
import { linesFrom, readLines } from "../io/lines.ts";
import type { LoadedModel } from "../loadedModel.ts";
import type { MeasuredSystem, MeasuredSystems } from "../report/evaluation.ts";
import { counted } from "../report/format.ts";
import { type ComputingFlags, openModel } from "./computing.ts";
import { type DecodingFlags, isOrdered } from "./decodingFlags.ts";
import { doubtsAbout } from "./doubts.ts";
import { type MetricFlags, metricOptions, parseMetrics } from "./evalFlags.ts";
import { loadConstrainedPairs, loadTestPairs, type TestFlags } from "./input.ts";
import { modelOrNewest } from "./newestRun.ts";
import { defined } from "./options.ts";
import type { Warn } from "./ui/terminal.ts";

/** The flags that say what is evaluated, and how. */
export interface SystemFlags extends MetricFlags, ComputingFlags, Partial<TestFlags> {
  readonly hypotheses?: string;
  readonly references?: readonly string[];
  readonly baseline?: string;
  readonly acceptedSeparator?: string;
  readonly force?: boolean;
  readonly beam?: number;
  readonly lengthPenalty?: number;
  readonly minLength?: string;
  readonly constraints?: DecodingFlags["constraints"];
  readonly tag?: string;
}

type FileFlags = SystemFlags & { readonly hypotheses: string; readonly references: readonly string[] };

const WAYS = "Give --model and --test, or --hypotheses and --references.";
const FOR_MODELS = {
  test: "--test",
  sourceLang: "--source-lang",
  targetLang: "--target-lang",
  threads: "--threads",
  kernels: "--kernels",
  beam: "--beam",
  lengthPenalty: "--length-penalty",
  minLength: "--min-length",
  constraints: "--constraints",
  tag: "--tag",
} as const satisfies Partial<Record<keyof SystemFlags, string>>;

const STANDARD_INPUT = "standard input";

/**
 * Measures the models, or the files, that the flags name.
 *
 * @throws XformerError USAGE when the flags leave open which of both it is
 */
export async function measureSystems(flags: SystemFlags, warn: Warn): Promise<MeasuredSystems> {
  const { test, hypotheses, references } = flags;
  // Pairs without translations are for a model, if only for the newest.
  const model =
    flags.model ??
    (test === undefined || hypotheses !== undefined ? undefined : await modelOrNewest(undefined));
  if (model !== undefined) {
    if (hypotheses !== undefined || references !== undefined) {
      const flag = hypotheses === undefined ? "--references" : "--hypotheses";
      throw usage(
        `${flag}: with --model the translations are the model's and the references those of --test`,
      );
    }
    if (test === undefined) throw usage("--model: there is nothing to translate");
    return measureModels({ ...flags, model, test }, warn);
  }
  if (hypotheses === undefined) throw usage("there is nothing to evaluate");
  const given = Object.entries(FOR_MODELS).find(
    ([name]) => flags[name as keyof typeof FOR_MODELS] !== undefined,
  );
  if (given !== undefined) throw usage(`${given[1]}: this is for --model, not for --hypotheses`);
  if (references === undefined) throw usage("--hypotheses: there are no references to hold them against");
  return measureFiles({ ...flags, hypotheses, references }, warn);
}

function usage(problem: string): XformerError {
  return new XformerError("USAGE", problem, { hint: WAYS });
}

/** Translates `--test` with the model, and with the baseline if there is one, and measures both. */
async function measureModels(flags: SystemFlags & TestFlags, warn: Warn): Promise<MeasuredSystems> {
  const metrics = parseMetrics(flags.metrics ?? USUAL_METRICS.join(), [
    ...LIKELIHOOD_NAMES,
    ...TEXT_METRIC_NAMES,
  ]);
  const { beam, lengthPenalty, minLength, tag } = flags;
  const orderedConstraints = isOrdered(flags.constraints);
  const decoding = defined({ beam, lengthPenalty, minLength, tag, orderedConstraints });
  resolveDecoding(decoding); // what is wrong with it is said before a model is loaded
  const model = await openModel(flags.model, flags, warn);
  const { description } = model;
  const { source, target, constraints } =
    flags.constraints === undefined
      ? { ...loadTestPairs(flags, description), constraints: undefined }
      : loadConstrainedPairs(flags.test);
  const references = acceptedStreams([target], flags.acceptedSeparator);
  const bleuTokenizer = flags.bleuTokenizer ?? bleuTokenizerFor(description.targetLanguage);
  const lowercase = flags.lowercase ?? description.targetTokenizer.lowercase;
  const measure = async (name: string, loaded: LoadedModel): Promise<MeasuredSystem> => {
    try {
      const { translations, measured } = await evaluate(loaded.translator, source, target, {
        bleuTokenizer,
        lowercase,
        metrics,
        metricOptions: { ...metricOptions(flags), lowercase },
        acceptedSeparator: flags.acceptedSeparator,
        decoding: { ...decoding, constraints },
      });
      for (const doubt of doubtsAbout(translations, loaded.translator.limits)) warn(doubt);
      return { name, hypotheses: translations.map(({ text }) => text), measured };
    } finally {
      await loaded.close();
    }
  };
  const system = await measure(flags.model, model);
  const { baseline } = flags;
  return {
    system,
    baseline:
      baseline === undefined ? undefined : await measure(baseline, await openModel(baseline, flags, warn)),
    references,
    sources: source,
    lengths: {
      source: tokenCounts(source, bleuTokenizerFor(description.sourceLanguage)),
      reference: tokenCounts(references[0]!, bleuTokenizer),
    },
    lowercase,
  };
}

/** Measures translations that are there already, and those of a baseline if there is one. */
async function measureFiles(flags: FileFlags, warn: Warn): Promise<MeasuredSystems> {
  const metrics = parseMetrics<TextMetricName>(flags.metrics ?? "bleu,chrf", TEXT_METRIC_NAMES);
  if (flags.hypotheses === "-" && flags.baseline === "-")
    throw new XformerError("USAGE", "--baseline: standard input is taken by --hypotheses", {
      hint: "Give a file.",
    });
  const streams = flags.references.map(readSegments);
  const references = acceptedStreams(streams, flags.acceptedSeparator);
  const measure = async (path: string): Promise<MeasuredSystem> => {
    const name = path === "-" ? STANDARD_INPUT : path;
    const hypotheses = path === "-" ? await segmentsOfStandardInput(warn) : readSegments(path);
    for (const [i, stream] of streams.entries()) checkCounts(name, hypotheses, flags.references[i]!, stream);
    if (
      metrics.includes("bleu") &&
      flags.bleuTokenizer !== "none" &&
      !flags.force &&
      looksTokenised(hypotheses)
    )
      warn(
        `${name}: many lines end in " .", as if tokenised already, which hurts BLEU; --force if they are not.`,
      );
    const measured = metrics.map((metric) =>
      measureText(metric, hypotheses, references, metricOptions(flags)),
    );
    return { name, hypotheses, measured };
  };
  return {
    system: await measure(flags.hypotheses),
    baseline: flags.baseline === undefined ? undefined : await measure(flags.baseline),
    references,
    sources: undefined,
    lengths: { source: undefined, reference: tokenCounts(references[0]!, flags.bleuTokenizer ?? "13a") },
    lowercase: flags.lowercase ?? false,
  };
}

/** Reference streams with the accepted references of each line taken apart, where lines have several. */
function acceptedStreams(streams: readonly (readonly string[])[], separator: string | undefined): References {
  return separator === undefined ? streams : streams.flatMap((lines) => splitAccepted(lines, separator));
}

/** The tokens of every line. */
function tokenCounts(lines: readonly (string | null)[], tokenizer: BleuTokenizer): number[] {
  return lines.map((line) => bleuTokenizers[tokenizer](line ?? "").length);
}

/** Lines without the white space at their ends, as sacreBLEU reads them. */
function readSegments(file: string): string[] {
  return readLines(file).map(trimEnd);
}

async function segmentsOfStandardInput(warn: Warn): Promise<string[]> {
  const lines: string[] = [];
  const onInvalid = (line: number): void => warn(`${STANDARD_INPUT}:${line}: invalid UTF-8, read as \ufffd.`);
  for await (const line of linesFrom(process.stdin, onInvalid)) lines.push(trimEnd(line));
  return lines;
}

function checkCounts(
  file: string,
  hypotheses: readonly string[],
  referenceFile: string,
  references: readonly string[],
): void {
  if (hypotheses.length === 0)
    throw new XformerError("DATA", "no hypotheses", { file, hint: "Put one on each line." });
  if (hypotheses.length === references.length) return;
  const problem = `${counted(hypotheses.length, "line")}, but ${referenceFile} has ${counted(references.length, "line")}`;
  throw new XformerError("DATA", problem, {
    file,
    hint: "Give one line for each reference, in the same order.",
  });
}
