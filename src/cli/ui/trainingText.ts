import type { ChalkInstance } from "chalk";
import type { RunSummary } from "../../training/events.ts";
import type { LogRecord } from "../../training/runDirectory.ts";
import type { ValidationRecord } from "../../training/state.ts";
import type { TrainResult } from "../../training/train.ts";
import type { Part } from "./fitParts.ts";
import { count, counted, duration, percent, printable, rate, scientific, shellWord } from "./format.ts";
import { type Cell, table } from "./table.ts";

/** What is worth knowing before a run begins. */
export function introduction(summary: RunSummary, colours: ChalkInstance): string {
  const { model, corpus, totalSteps, resumedAt } = summary;
  const { sourceVocabSize, targetVocabSize } = model;
  const heldOut = [
    ...(summary.validPairs > 0 ? [`${count(summary.validPairs)} to validate on`] : []),
    ...(summary.testPairs > 0 ? [`${count(summary.testPairs)} held out`] : []),
  ];
  const skipped =
    corpus.skipped === 0
      ? "no pair is"
      : corpus.skipped === 1
        ? "1 pair skipped as it is"
        : `${count(corpus.skipped)} pairs skipped as they are`;
  const steps = totalSteps - resumedAt;
  const rows: [label: string, text: string][] = [
    [
      "model",
      `${model.nEncoderLayers}+${model.nDecoderLayers} layers, width ${model.dModel}, ${counted(model.nHeads, "head")}, feed-forward ${model.dFF}`,
    ],
    ["", `${counted(summary.parameters, "parameter")}`],
    [
      "data",
      [`${printable(corpus.name)}: ${counted(corpus.pairs, "pair")} to train on`, ...heldOut].join(", "),
    ],
    ["", `${skipped} over ${model.maxLength} tokens long`],
    [
      "tokens",
      `${count(corpus.sourceTokens)} source, ${unknownShare(corpus.unknownSource, corpus.sourceTokens)} unknown, vocabulary ${count(sourceVocabSize)}`,
    ],
    [
      "",
      `${count(corpus.targetTokens)} target, ${unknownShare(corpus.unknownTarget, corpus.targetTokens)} unknown, vocabulary ${count(targetVocabSize)}`,
    ],
    ["kernels", `${summary.kernels} SIMD, ${counted(summary.threads, "thread")}`],
    ["run", printable(summary.directory)],
    [
      "time",
      `about ${duration(summary.estimatedSeconds)} for ${counted(steps, "step")}${resumedAt === 0 ? "" : `, from step ${count(resumedAt)} on`}`,
    ],
  ];
  return table(rows.map(([label, text]): Cell[] => [{ text: label, shown: colours.dim(label) }, text]));
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

/** A validation, in parts that can be left out. */
export function validationParts({ step, valid }: ValidationRecord, improved: boolean): Part[] {
  return [
    [`step ${step}`, 5],
    ["validation", 1],
    [`loss ${valid.loss.toFixed(3)}`, 3],
    [`perplexity ${valid.perplexity.toFixed(2)}`, 0],
    [`BLEU ${valid.bleu.toFixed(2)}`, 5],
    [`exact match ${percent(valid.exactMatch)}`, 4],
    [improved ? "best" : "", 2],
  ];
}

/** What a run that was stopped leaves behind, and how to go on with it. */
export function stoppedText({ directory, step }: TrainResult): string {
  const place = printable(directory);
  return `Stopped after step ${count(step)} and saved in ${place}. Go on with:\n  npx xformer train --resume ${shellWord(place)}\n`;
}

/** How a run ended: the model on held-out pairs, some translations, and what to do with it. */
export function resultText(result: TrainResult, seconds: number, colours: ChalkInstance): string {
  const { directory, step, best, test } = result;
  const place = printable(directory);
  const chosen = best === null ? "" : `; the best model is that of step ${count(best.step)}`;
  return [
    `Trained ${counted(step, "step")} in ${duration(seconds)}${chosen}.\n`,
    ...(test === null ? validationResult(best) : testResult(test, colours)),
    `The model is in ${colours.bold(place)}. Translate with it:\n  npx xformer translate --model ${shellWord(place)}\n`,
  ].join("\n");
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
    `${counted(examples.length, "translation")} of them\n${examples.join("\n")}`,
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

function unknownShare(unknown: number, tokens: number): string {
  return percent((100 * unknown) / Math.max(1, tokens), 2);
}
