import { revealed } from "../data/check/characters.ts";
import type { CheckReport, CorpusReport } from "../data/check/check.ts";
import type { FilterName } from "../data/check/filterConfig.ts";
import type { Example, Finding, FindingKind } from "../data/check/findings.ts";
import type { FixedCorpus } from "../data/check/fix.ts";
import type { Bin } from "../data/check/lengths.ts";
import type { SideReport } from "../data/check/sideStatistics.ts";
import type { FittedSettings } from "../training/settings/fit.ts";
import { apart, type Bar, type Block, line, toned } from "./document.ts";
import { count, counted, percent } from "./format.ts";

const TITLES: Readonly<Record<FindingKind, string>> = {
  "no-pairs": "nothing to train on",
  columns: "not two columns",
  uneven: "a line that only one file has",
  empty: "an empty side",
  encoding: "not text in UTF-8",
  duplicate: "the same pair again",
  "other-target": "the same source again with another target",
  "seen-pair": "a pair that is in a corpus before this one",
  "seen-source": "a source that is in a corpus before this one, with another target",
  length: "a side shorter or longer than asked for",
  "too-long": "a side of more tokens than the model takes: training would skip the pair",
  "length-ratio": "sides of unlike length",
  identical: "both sides the same",
  script: "another script than on the other lines",
  characters: "invisible or lost characters",
};

const PARTS = { train: "to train on", valid: "to validate on", test: "held out" } as const;

/**
 * What was found in corpora, for people; the {@link CheckReport} itself is for programs.
 *
 * @param fitted what a training would choose; null where it is not known what it would be on
 */
export function checkDocument(
  { corpora, errors, warnings }: CheckReport,
  fitted: FittedSettings | null = null,
): Block[] {
  const summary =
    errors > 0
      ? toned("bad", `Training would stop: ${counted(errors, "error")}, ${counted(warnings, "warning")}.`)
      : warnings > 0
        ? toned("warning", `No errors, ${counted(warnings, "warning")}.`)
        : toned("good", "Nothing is wrong.");
  return apart(...corpora.map(corpusBlocks), fitted === null ? [] : [fittedBlock(fitted)], [line(summary)]);
}

/** What `xformer train` would choose where it is not told. */
function fittedBlock({ shape, preset, model, training }: FittedSettings): Block {
  const { maxEpochs, batchTokens, learningRate, schedule } = training;
  const sizes = `preset ${preset}, norm ${model.norm}, dropout ${model.dropout}`;
  const course = `${maxEpochs} epochs, batches of ${batchTokens} tokens, rate up to ${learningRate}, then ${schedule}`;
  return {
    kind: "facts",
    rows: [
      ["train", `would choose by these lengths, of ${counted(shape.pairs, "pair")} to train on:`],
      ["", sizes],
      ["", course],
    ],
  };
}

function corpusBlocks(corpus: CorpusReport): Block[] {
  const { path, part, pairs, source, target, findings } = corpus;
  const head = line(toned("strong", path), `  ${counted(pairs, "pair")} ${PARTS[part]}`);
  return apart(
    pairs === 0 ? [head] : [head, facts(corpus)],
    pairs === 0
      ? []
      : [{ kind: "histograms", sides: [lengths("source", source), lengths("target", target)] }],
    ...findings.map(findingBlocks),
    corpus.fixed === undefined ? [] : [line(fixedText(corpus.fixed))],
  );
}

/** What was left out of a corpus, in words that follow a number. */
const LEFT_OUT: Readonly<Record<FilterName | "errors", string>> = {
  errors: "with an error",
  length: "too short or too long",
  ratio: "of unlike length",
  identical: "with both sides the same",
  duplicates: "there before",
  ambiguous: "with a source that was there before",
  script: "in another script",
};

/** How many pairs were left out and why: `3 there before, 1 in another script`. */
export function leftOutText(leftOut: FixedCorpus["leftOut"]): string {
  return Object.entries(leftOut)
    .map(([name, times]) => `${count(times)} ${LEFT_OUT[name as keyof typeof LEFT_OUT]}`)
    .join(", ");
}

function fixedText({ files, pairs, leftOut }: FixedCorpus): string {
  const names = [...new Set([files.source, files.target])].join(" and ");
  const left = leftOutText(leftOut);
  return `${counted(pairs, "pair")} written to ${names}; ${left === "" ? "nothing" : left} left out.`;
}

function facts({ source, target, lengthRatio }: CorpusReport): Block {
  const { median, factor } = lengthRatio;
  const ratio = `target to source usually ${median.toFixed(2)}; unlike beyond ${factor.toFixed(1)} times that`;
  return {
    kind: "facts",
    rows: [
      ["source", sideFacts(source)],
      ["target", sideFacts(target)],
      ["ratio", ratio],
      ...unknownFacts("source", source),
      ...unknownFacts("target", target),
    ],
  };
}

function sideFacts({ script, unit, lengths, total }: SideReport): string {
  const { least, most, median, mean } = lengths;
  return `${script ?? "no letters"}, ${count(least)} to ${count(most)} ${unit}, median ${count(median)}, mean ${mean.toFixed(1)}, ${count(total)} in all`;
}

function unknownFacts(name: string, { unknown, total }: SideReport): [label: string, text: string][] {
  if (unknown === null) return [];
  const share = `${count(unknown.tokens)} of ${count(total)} ${name} tokens (${percent(100 * unknown.rate, 2)})`;
  const words = unknown.words.map(({ word, lines }) => `${word} (${count(lines)})`);
  return [["unknown", words.length === 0 ? share : `${share}: ${words.join(", ")}`]];
}

/** The lengths of a side without the empty bins at the end. */
function lengths(name: string, { unit, histogram }: SideReport) {
  const bins = histogram.slice(0, histogram.findLastIndex((bin) => bin.count > 0) + 1);
  return { title: `${name}, ${unit}`, bars: bins.map(barOf) };
}

function barOf({ from, to, count: times }: Bin): Bar {
  return { label: from === to ? count(from) : `${count(from)}-${count(to)}`, count: times };
}

function findingBlocks({ kind, severity, count: found, examples }: Finding): Block[] {
  const tone = severity === "error" ? "bad" : "warning";
  const rest = found - examples.length;
  return [
    line(toned(tone, severity), `  ${TITLES[kind]}: `, toned("strong", count(found))),
    ...examples.map(quote),
    ...(rest > 0 && examples.length > 0 ? [line(toned("dim", `  and ${count(rest)} more`))] : []),
  ];
}

function quote({ file, line: number, detail, text = "" }: Example): Block {
  const place = number === undefined ? file : `${file}:${number}`;
  return { kind: "quote", place, remark: detail, text: revealed(text) };
}
