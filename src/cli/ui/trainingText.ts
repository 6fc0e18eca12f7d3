import type { ChalkInstance } from "chalk";
import type { RunSummary, TrainingEvent } from "../../training/events.ts";
import type { TrainResult } from "../../training/run.ts";
import type { LogRecord } from "../../training/runDirectory.ts";
import type { ValidationRecord } from "../../training/state.ts";
import type { Part } from "./fitParts.ts";
import {
  bytes,
  count,
  counted,
  duration,
  percent,
  printable,
  rate,
  scientific,
  shellWord,
} from "./format.ts";
import { type Cell, table } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Columns of the longest label of {@link introduction}. */
const LABEL_WIDTH = "kernels".length;

/**
 * What is worth knowing before a run begins.
 *
 * @param width columns there are
 */
export function introduction(summary: RunSummary, width: number, colours: ChalkInstance): string {
  const rows = facts(summary).flatMap(([label, text]) =>
    wrap(text, width - LABEL_WIDTH - 4).map((line, i): [string, string] => [i === 0 ? label : "", line]),
  );
  return table(rows.map(([label, text]): Cell[] => [{ text: label, shown: colours.dim(label) }, text]));
}

function facts(summary: RunSummary): [label: string, text: string][] {
  const { model, corpus, totalSteps, resumedAt } = summary;
  const { nEncoderLayers, nDecoderLayers, dModel, nHeads, dFF, maxLength } = model;
  const pairs = [
    `${printable(corpus.name)}: ${counted(corpus.pairs, "pair")} to train on`,
    ...(summary.validPairs > 0 ? [`${count(summary.validPairs)} to validate on`] : []),
    ...(summary.testPairs > 0 ? [`${count(summary.testPairs)} held out`] : []),
  ];
  const tokens = (tokens: number, side: string, unknown: number, vocabulary: number): string => {
    const share = percent((100 * unknown) / Math.max(1, tokens), 2);
    return `${count(tokens)} ${side}, ${share} unknown, vocabulary ${count(vocabulary)}`;
  };
  const { sourceTokens, unknownSource, targetTokens, unknownTarget } = corpus;
  const resumed = resumedAt === 0 ? "" : `, from step ${count(resumedAt)} on`;
  return [
    [
      "model",
      `${nEncoderLayers}+${nDecoderLayers} layers, width ${dModel}, ${counted(nHeads, "head")}, feed-forward ${dFF}`,
    ],
    ["", counted(summary.parameters, "parameter")],
    ["data", pairs.join(", ")],
    ["", skippedPairs(corpus.skipped, maxLength)],
    ["tokens", tokens(sourceTokens, "source", unknownSource, model.sourceVocabSize)],
    ["", tokens(targetTokens, "target", unknownTarget, model.targetVocabSize)],
    ["kernels", `${summary.kernels} SIMD, ${counted(summary.threads, "thread")}`],
    ["run", printable(summary.directory)],
    [
      "time",
      `about ${duration(summary.estimatedSeconds)} for ${counted(Math.max(0, totalSteps - resumedAt), "step")}${resumed}`,
    ],
    ["", `about ${duration(summary.secondsPerEpoch)} a pass over the corpus, without validation`],
    [
      "memory",
      `${bytes(summary.memory.resident)} in use; ${bytes(summary.memory.shared)} set aside for weights, moments, gradients and activations`,
    ],
  ];
}

function skippedPairs(skipped: number, maxLength: number): string {
  if (skipped === 0) return `no pair is over ${maxLength} tokens long`;
  return `${counted(skipped, "pair")} skipped: a side of more than ${maxLength} tokens`;
}

/** A line of the log, for a pipe or a file. */
export function logLine(record: LogRecord, totalSteps: number, secondsLeft: number): string {
  const parts = [
    `step ${record.step}/${totalSteps}`,
    `loss ${record.loss.toFixed(3)}`,
    `lr ${scientific(record.lr)}`,
    `${rate(record.tokensPerSecond)} tokens/s`,
    `${duration(secondsLeft)} left`,
  ];
  return parts.join("  ");
}

/** A step that changed nothing. */
export function skippedText({ step, what, inARow }: Extract<TrainingEvent, { type: "skipped" }>): string {
  const often = inARow === 1 ? "" : ` (${inARow} in a row)`;
  return `step ${count(step)} skipped${often}: the ${what} is not a finite number`;
}

/** Why a run ends before its last step. */
export function patienceText({ best, validations }: Extract<TrainingEvent, { type: "patience" }>): string {
  return `no better than at step ${count(best.step)} in ${counted(validations, "validation")}: the run ends here`;
}

/** A validation, in parts that can be left out. */
export function validationParts({ step, valid }: ValidationRecord, improved: boolean): Part[] {
  return [
    [`step ${step}`, 5],
    ["validation", 1],
    [`loss ${valid.loss.toFixed(3)}`, 3],
    [`perplexity ${valid.perplexity.toFixed(2)}`, 0],
    [`BLEU ${valid.bleu.toFixed(2)}`, 5],
    [`chrF ${valid.chrf.toFixed(2)}`, 1],
    [`exact match ${percent(valid.exactMatch)}`, 4],
    [improved ? "best" : "", 2],
  ];
}

/** What a run that was stopped leaves behind, and how to go on with it. */
export function stoppedText({ directory, step }: TrainResult): string {
  const place = printable(directory);
  return `Stopped after step ${count(step)} and saved in ${place}. Go on with:\n  npx xformer train --resume ${shellWord(place)}\n`;
}

/**
 * How a run ended: the model on held-out pairs, some translations, and what to do with it.
 *
 * @param session what this session did of the run
 */
export function resultText(
  result: TrainResult,
  session: { readonly steps: number; readonly seconds: number },
  colours: ChalkInstance,
): string {
  const { directory, step, best, test, average } = result;
  const place = printable(directory);
  const inAll = session.steps === step ? "" : ` (${count(step)} in all)`;
  const chosen = best === null ? "" : `; the best model is that of step ${count(best.step)}`;
  return [
    `Trained ${counted(session.steps, "step")}${inAll} in ${duration(session.seconds)}${chosen}.\n`,
    ...(test === null ? validationResult(best) : testResult(test, colours)),
    ...(average === null ? [] : [averageResult(average)]),
    `The model is in ${colours.bold(place)}. Translate with it:\n  npx xformer translate --model ${shellWord(place)}\n`,
  ].join("\n");
}

function averageResult({ file, steps, valid, test }: NonNullable<TrainResult["average"]>): string {
  const row = (pairs: string, bleu: number, exactMatch: number, perplexity: number): Cell[] => [
    ...[pairs, `BLEU ${bleu.toFixed(2)}`, `exact match ${percent(exactMatch)}`],
    `perplexity ${perplexity.toFixed(3)}`,
  ];
  const rows = [
    ...(valid === null ? [] : [row("validation", valid.bleu, valid.exactMatch, valid.perplexity)]),
    ...(test === null ? [] : [row("held-out", test.bleu.score, test.exactMatch, test.perplexity)]),
  ];
  const checkpoints = `the average of steps ${steps.map(count).join(", ")}`;
  return `In ${printable(file)}, ${checkpoints}\n${table(rows)}`;
}

function validationResult(best: ValidationRecord | null): string[] {
  if (best === null) return [];
  const { bleu, exactMatch, perplexity } = best.valid;
  return [
    `On the validation pairs\n${table([
      ["BLEU", bleu.toFixed(2)],
      ["exact match", percent(exactMatch)],
      ["perplexity", perplexity.toFixed(3)],
    ])}`,
  ];
}

function testResult(test: NonNullable<TrainResult["test"]>, colours: ChalkInstance): string[] {
  const { bleu, exactMatch, perplexity, source } = test;
  const examples = samples(test).map((sample) => {
    const isRight = sample.translation === sample.reference;
    const translation = printable(sample.translation);
    return table([
      [{ text: "source", shown: colours.dim("source") }, printable(sample.source)],
      [{ text: "reference", shown: colours.dim("reference") }, printable(sample.reference)],
      [
        { text: "translation", shown: colours.dim("translation") },
        isRight ? colours.green(translation) : colours.yellow(translation),
      ],
    ]);
  });
  return [
    `On ${counted(source.length, "held-out pair")}\n${table([
      ["BLEU", { text: bleu.score.toFixed(2), shown: colours.bold(bleu.score.toFixed(2)) }],
      ["", { text: bleu.signature, shown: colours.dim(bleu.signature) }],
      ["exact match", { text: percent(exactMatch), shown: colours.bold(percent(exactMatch)) }],
      ["perplexity", perplexity.toFixed(3)],
    ])}`,
    `Some of them\n${examples.join("\n")}`,
  ];
}

/** A test sentence with what the model made of it. */
export interface Sample {
  readonly source: string;
  readonly reference: string;
  readonly translation: string;
}

/** Five sentences spread over the test set, always the same ones. */
export function samples(test: NonNullable<TrainResult["test"]>): Sample[] {
  const wanted = Math.min(5, test.source.length);
  return Array.from({ length: wanted }, (_, i) => {
    const index = Math.floor(((i + 0.5) * test.source.length) / wanted);
    return {
      source: test.source[index]!,
      reference: test.target[index]!,
      translation: test.translations[index]!.text,
    };
  });
}
