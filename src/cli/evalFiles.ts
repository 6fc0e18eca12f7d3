import { XformerError } from "../errors.ts";
import { looksTokenised } from "../evaluation/bleu.ts";
import { measureText, TEXT_METRIC_NAMES, type TextMetricName } from "../evaluation/metrics.ts";
import { trimEnd } from "../evaluation/tokenizers/whitespace.ts";
import { linesFrom, readLines } from "../io/lines.ts";
import { metricOptions, parseMetrics } from "./evalFlags.ts";
import { tokenCounts } from "./evalModels.ts";
import { acceptedStreams, type System, type SystemFlags, type TestResult } from "./evalSystems.ts";
import { counted } from "./ui/format.ts";
import type { Warn } from "./ui/warnings.ts";

const STANDARD_INPUT = "standard input";

type FileFlags = SystemFlags & { readonly hypotheses: string; readonly references: readonly string[] };

/** Measures translations that are there already, and those of a baseline if there is one. */
export async function measureFiles(flags: FileFlags, warn: Warn): Promise<TestResult> {
  const metrics = parseMetrics<TextMetricName>(flags.metrics ?? "bleu,chrf", TEXT_METRIC_NAMES);
  if (flags.hypotheses === "-" && flags.baseline === "-")
    throw new XformerError("USAGE", "--baseline: standard input is taken by --hypotheses", {
      hint: "Give a file.",
    });
  const streams = flags.references.map(readText);
  const references = acceptedStreams(streams, flags.acceptedSeparator);
  const measure = async (path: string): Promise<System> => {
    const name = path === "-" ? STANDARD_INPUT : path;
    const hypotheses = path === "-" ? await readStandardInput(warn) : readText(path);
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

/** Lines without the white space at their ends, as sacreBLEU reads them. */
function readText(file: string): string[] {
  return readLines(file).map(trimEnd);
}

async function readStandardInput(warn: Warn): Promise<string[]> {
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
