import { DEFAULT_MODEL, VARIANT_FIELDS } from "../model/config.ts";
import type { ProfileReport } from "../tensor/profile.ts";
import type { RunSummary } from "../training/events.ts";
import type { TrainResult } from "../training/run.ts";
import { type Sample, samplesOf } from "../training/samples.ts";
import { peakOf } from "../training/schedule.ts";
import { MODEL_SETTINGS } from "../training/settings/modelSettings.ts";
import type { CorpusScores, ValidationRecord } from "../training/state.ts";
import type { UnknownTokens } from "../training/unknownTokens.ts";
import { leftOutText } from "./check.ts";
import { apart, type Block, line, table, toned } from "./document.ts";
import { bytes, count, counted, duration, percent, scientific, shellWord } from "./format.ts";
import { METRIC_NAMES } from "./progress.ts";

/** A model on the test pairs of its run. */
type Test = NonNullable<TrainResult["test"]>;

/** A page about a run. */
export interface PageOfRun {
  readonly file: string;
  readonly bytes: number;
  /** What the model would take beside that, where it is so much that it was left out; null where it is inside. */
  readonly bytesOfModel: number | null;
}

/** What is worth knowing before a run begins. */
export function introductionDocument(summary: RunSummary): Block[] {
  const { model, corpus, totalSteps, resumedAt } = summary;
  const pairs = [
    `${corpus.name}: ${counted(corpus.pairs, "pair")} to train on`,
    ...(summary.validPairs > 0 ? [`${count(summary.validPairs)} to validate on`] : []),
    ...(summary.testPairs > 0 ? [`${count(summary.testPairs)} held out`] : []),
  ];
  const tokens = (tokens: number, side: string, unknown: number, vocabulary: number): string => {
    const share = percent((100 * unknown) / Math.max(1, tokens), 2);
    return `${count(tokens)} ${side}, ${share} unknown, vocabulary ${count(vocabulary)}`;
  };
  const { sourceTokens, unknownSource, targetTokens, unknownTarget } = corpus;
  const resumed = resumedAt === 0 ? "" : `, from step ${count(resumedAt)} on`;
  const rows: [label: string, text: string][] = [
    ["model", sizesText(summary)],
    ["", `${counted(summary.parameters, "parameter")}, ${choicesText(summary)}`],
    ["", variantsText(summary)],
    ...frozenRow(summary),
    ...startRows(summary),
    ["data", pairs.join(", ")],
    ...corpusRows(summary),
    ...heldOutRow(summary),
    ["", skippedPairs(corpus.skipped, model.maxLength)],
    ["tokens", tokens(sourceTokens, "source", unknownSource, model.sourceVocabSize)],
    ["", tokens(targetTokens, "target", unknownTarget, model.targetVocabSize)],
    ...unknownRows(summary.unknown),
    ["batch", batchRemark(summary)],
    ["length", lengthText(summary)],
    ["rate", learningRateText(summary)],
    ...metricRow(summary),
    ["kernels", `${summary.kernels}, ${counted(summary.threads, "thread")}`],
    ["loss", lossRemark(summary)],
    ["run", summary.directory],
    [
      "time",
      `about ${duration(summary.estimatedSeconds)} for ${counted(Math.max(0, totalSteps - resumedAt), "step")}${resumed}`,
    ],
    ...fittedRows(summary),
    ["", `about ${duration(summary.secondsPerEpoch)} a pass over the corpus, without validation`],
    [
      "memory",
      `${bytes(summary.memory.resident)} in use; ${bytes(summary.memory.shared)} set aside for weights, moments, gradients and activations`,
    ],
  ];
  return [{ kind: "facts", rows: rows.filter(([, text]) => text !== "") }];
}

/** How large batches have become where they were fitted to memory. */
function batchRemark({ training, memory }: RunSummary): string {
  if (memory.limit === null || training.batchTokens === null) return "";
  return `up to ${count(training.batchTokens)} tokens a side, what ${count(memory.limit)} MiB have room for`;
}

/** Each of several corpora by itself, or one that is not taken once and as it is. */
function corpusRows({ corpora }: RunSummary): [label: string, text: string][] {
  const isPlain = corpora.length === 1 && corpora.every(({ tag, weight }) => tag === null && weight === 1);
  if (isPlain) return filtered(corpora[0]!.leftOut).map((text) => ["", text]);
  return corpora.map(({ path, tag, weight, pairs, skipped, sourceTokens, targetTokens, leftOut }) => {
    const often = weight === 1 ? [] : [`taken ${weight} times an epoch`];
    const parts = [
      counted(pairs, "pair"),
      ...often,
      `${count(sourceTokens)} source and ${counted(targetTokens, "target token")}`,
      ...(skipped === 0 ? [] : [`${count(skipped)} skipped`]),
      ...filtered(leftOut),
    ];
    return ["", `${tag === null ? "" : `${tag} `}${path}: ${parts.join(", ")}`];
  });
}

/** What filters left out. */
function filtered(leftOut: RunSummary["corpora"][number]["leftOut"]): string[] {
  return Object.keys(leftOut).length === 0 ? [] : [`filtered: ${leftOutText(leftOut)}`];
}

/** What stays as it is. */
function frozenRow({ training, parameters, trained }: RunSummary): [label: string, text: string][] {
  if (training.freeze === null || trained === parameters) return [];
  return [["", `${count(trained)} of them trained; frozen: ${training.freeze.join(", ")}`]];
}

/** Which model it started from, and what it took over beside the weights. */
function startRows({ start, grown, resumedAt }: RunSummary): [label: string, text: string][] {
  if (start === null) return [];
  const from = start.from === null ? `a model of SHA-256 ${start.sha256.slice(0, 12)}` : start.from;
  const moments = start.keepOptimizer ? "with Adam's moments" : "with a new optimiser";
  const rows: [label: string, text: string][] = [["from", `${from}, step ${count(start.step)}, ${moments}`]];
  if (grown !== null) {
    const text = `${counted(grown.source, "source token")} and ${counted(grown.target, "target token")}`;
    rows.push(["", `its vocabularies have taken in ${text}`]);
  }
  if (resumedAt === 0) rows.push(["", "the validation of step 0 is what it was before"]);
  return rows;
}

/** What the steps follow from when they were fitted to a time, and how to have the same ones again. */
function fittedRows({ fitted, training }: RunSummary): [label: string, text: string][] {
  if (fitted === null) return [];
  const { minutes, steps, secondsPerStep, secondsPerValidation, closingSeconds } = fitted;
  const parts = [
    `${(1000 * secondsPerStep).toFixed(1)} ms a step`,
    ...(secondsPerValidation > 0 ? [`${duration(secondsPerValidation)} a validation`] : []),
    ...(closingSeconds > 0 ? [`${duration(closingSeconds)} at the end`] : []),
  ];
  return [
    ["", `${counted(steps, "step")} fit into ${minutes} min: ${parts.join(", ")}`],
    ["", `the same bytes without a clock: --max-steps ${training.maxSteps} --schedule ${training.schedule}`],
  ];
}

/** Why the loss while training is so much higher than that of a validation. */
function lossRemark({ training, model }: RunSummary): string {
  const { labelSmoothing } = training;
  const reasons = [
    ...(labelSmoothing > 0 ? [`label smoothing ${labelSmoothing}`] : []),
    ...(model.dropout > 0 ? [`dropout ${model.dropout}`] : []),
  ];
  if (reasons.length === 0) return "";
  return `higher in training, which has ${reasons.join(" and ")}, than in validation, which has not`;
}

/** What is not trained on though it is in the training files. */
function heldOutRow({ heldOut, validPairs }: RunSummary): [label: string, text: string][] {
  const { directory, tooFew } = heldOut;
  if (directory !== null) {
    const parts = validPairs > 0 ? "--valid-split and --test-split say" : "--test-split says";
    return [
      [
        "",
        `chosen by a hash of each pair, so that they stay the same; ${parts} how many; now in ${directory}`,
      ],
    ];
  }
  return tooFew ? [["", "too few to hold some out unasked; --valid-split and --test-split do"]] : [];
}

/** What of the pairs that are not trained on is unknown. */
function unknownRows({ valid, test }: RunSummary["unknown"]): [label: string, text: string][] {
  const shares = (part: string, tokens: UnknownTokens | null): string[] => {
    if (tokens === null) return [];
    const { sourceTokens, unknownSource, targetTokens, unknownTarget } = tokens;
    const share = (unknown: number, all: number): string => percent((100 * unknown) / Math.max(1, all), 2);
    return [
      `${share(unknownSource, sourceTokens)} of source, ${share(unknownTarget, targetTokens)} of target ${part}`,
    ];
  };
  const parts = [...shares("in validation", valid), ...shares("held out", test)];
  return parts.length === 0 ? [] : [["unknown", parts.join("; ")]];
}

/** A value in words, and the fields that say where it comes from. */
type Told = readonly [text: string, ...fields: string[]];

function sizesText({ model, origins }: RunSummary): string {
  const { nEncoderLayers, nDecoderLayers, dModel, nHeads, dFF } = model;
  return withOrigins(origins, [
    [`${nEncoderLayers}+${nDecoderLayers} layers`, "nEncoderLayers", "nDecoderLayers"],
    [`width ${dModel}`, "dModel"],
    [counted(nHeads, "head"), "nHeads"],
    [`feed-forward ${dFF}`, "dFF"],
  ]);
}

function choicesText({ model, origins }: RunSummary): string {
  return withOrigins(origins, [
    [`norm ${model.norm}`, "norm"],
    [`dropout ${model.dropout}`, "dropout"],
  ]);
}

/** What a model has of kinds that are not the paper's. */
function variantsText({ model }: RunSummary): string {
  return MODEL_SETTINGS.flatMap(({ key, fields }) => {
    const field = VARIANT_FIELDS.find((name) => name === fields[0]);
    return field === undefined || model[field] === DEFAULT_MODEL[field] ? [] : [`${key} ${model[field]}`];
  }).join(", ");
}

/** How long a run is, and by what steps it goes. */
function lengthText({ training, origins }: RunSummary): string {
  const { maxEpochs, maxSteps, validateEvery, validateEveryEpochs } = training;
  const every: Told =
    validateEvery !== null
      ? [`validated every ${counted(validateEvery, "step")}`]
      : [
          validateEveryEpochs === 1
            ? "validated every epoch"
            : `validated every ${counted(validateEveryEpochs, "epoch")}`,
          "validateEveryEpochs",
        ];
  return withOrigins(origins, [
    ...(maxEpochs === null ? [] : [[counted(maxEpochs, "epoch"), "maxEpochs"] as const]),
    ...(maxSteps === null ? [] : [[`${counted(maxSteps, "step")} at most`] as const]),
    ...batchesText(training),
    every,
  ]);
}

function batchesText({ batchTokens, batchSentences }: RunSummary["training"]): Told[] {
  if (batchSentences !== null)
    return [[`batches of ${counted(batchSentences, "sentence")}`, "batchSentences"]];
  return batchTokens === null ? [] : [[`batches of ${count(batchTokens)} tokens`, "batchTokens"]];
}

function learningRateText({ training, model, origins }: RunSummary): string {
  const peak = scientific(peakOf(training, model.dModel));
  return withOrigins(origins, [
    [`up to ${peak} over ${counted(training.warmupSteps, "step")} of warm-up`, "learningRate"],
    [`then ${training.schedule}`, "schedule"],
  ]);
}

/** Values with where they come from: said once for neighbours that come from the same place, and not of defaults. */
function withOrigins(origins: RunSummary["origins"], values: readonly Told[]): string {
  const told = values.map(([text, ...fields]) => ({ text, from: originOf(origins, fields) }));
  const parts = told.map(({ text, from }, i) =>
    from === undefined || from === told[i + 1]?.from ? text : `${text} (${from})`,
  );
  return parts.join(", ");
}

function originOf(origins: RunSummary["origins"], fields: readonly string[]): string | undefined {
  const from = new Set(
    fields.flatMap((field) => origins[field] ?? []).filter((origin) => origin !== "default"),
  );
  return from.size === 0 ? undefined : [...from].join(" and ");
}

/** What makes a validation the best, and why. */
function metricRow({ training, validPairs, metricReason }: RunSummary): [label: string, text: string][] {
  if (validPairs === 0) return [];
  const name = METRIC_NAMES[training.metric];
  const reason = metricReason === null || training.metric !== "exact-match" ? "" : `; ${metricReason}`;
  return [["best", `the model with the best ${name} on the validation pairs${reason}`]];
}

function skippedPairs(skipped: number, maxLength: number): string {
  if (skipped === 0) return `no pair is over ${maxLength} tokens long`;
  return `${counted(skipped, "pair")} skipped: a side of more than ${maxLength} tokens`;
}

/** What a run that was stopped leaves behind, and how to go on with it. */
export function stoppedDocument({ directory, step }: TrainResult): Block[] {
  return [
    line(`Stopped after step ${count(step)} and saved in ${directory}. Go on with:`),
    { kind: "command", text: `npx xformer train --resume ${shellWord(directory)}` },
  ];
}

/** A run that was only made ready, and how its steps are taken. */
export function preparedDocument({ directory, step }: TrainResult): Block[] {
  return [
    line(`Ready for step ${count(step + 1)}, in ${directory}. With PyTorch:`),
    {
      kind: "command",
      text: `torchrun --nproc-per-node 2 examples/pytorch/train.py ${shellWord(directory)}`,
    },
    line("Or here, now or afterwards:"),
    { kind: "command", text: `npx xformer train --resume ${shellWord(directory)}` },
  ];
}

/**
 * How a run ended: the model on held-out pairs, some translations, and what to do with it.
 *
 * @param session what this session did of the run
 * @param page what was written about it; null for nothing
 */
export function resultDocument(
  { directory, step, best, longer, test, average }: TrainResult,
  session: { readonly steps: number; readonly seconds: number },
  page: PageOfRun | null,
): Block[] {
  const inAll = session.steps === step ? "" : ` (${count(step)} in all)`;
  const chosen = best === null ? "" : `; the best model is that of step ${count(best.step)}`;
  return apart(
    [line(`Trained ${counted(session.steps, "step")}${inAll} in ${duration(session.seconds)}${chosen}.`)],
    test === null ? validationBlocks(best) : testBlocks(test),
    average === null ? [] : averageBlocks(average),
    longer === null ? [] : longerBlocks(directory, longer),
    [
      line("The model is in ", toned("strong", directory), ". Translate with it:"),
      { kind: "command", text: `npx xformer translate --model ${shellWord(directory)}` },
    ],
    page === null ? [] : pageBlocks(directory, page),
  );
}

function pageBlocks(directory: string, { file, bytes: size, bytesOfModel }: PageOfRun): Block[] {
  const where = `How it went is in ${file} (${bytes(size)}), a page for any browser`;
  if (bytesOfModel === null) return [line(`${where}, with the model inside.`)];
  return [
    line(`${where}, without the model, which would take ${bytes(bytesOfModel)} more. With it:`),
    { kind: "command", text: `npx xformer report ${shellWord(directory)}` },
  ];
}

function longerBlocks(directory: string, longer: NonNullable<TrainResult["longer"]>): Block[] {
  const end = "maxEpochs" in longer ? `--max-epochs ${longer.maxEpochs}` : `--max-steps ${longer.maxSteps}`;
  return [
    line("It was still getting better on the validation pairs. Go on for half as long again with:"),
    { kind: "command", text: `npx xformer train --resume ${shellWord(directory)} ${end}` },
  ];
}

function averageBlocks({ file, steps, valid, test }: NonNullable<TrainResult["average"]>): Block[] {
  const row = (pairs: string, bleu: number, exactMatch: number, perplexity: number): string[] => [
    ...[pairs, `BLEU ${bleu.toFixed(2)}`, `exact match ${percent(exactMatch)}`],
    `perplexity ${perplexity.toFixed(3)}`,
  ];
  return [
    line(`In ${file}, the average of steps ${steps.map(count).join(", ")}`),
    table([
      ...(valid === null ? [] : [row("validation", valid.bleu, valid.exactMatch, valid.perplexity)]),
      ...(test === null ? [] : [row("held-out", test.bleu.score, test.exactMatch, test.perplexity)]),
    ]),
  ];
}

function validationBlocks(best: ValidationRecord | null): Block[] {
  if (best === null) return [];
  const { bleu, exactMatch, perplexity } = best.valid;
  return [
    line("On the validation pairs"),
    table([
      ["BLEU", bleu.toFixed(2)],
      ["exact match", percent(exactMatch)],
      ["perplexity", perplexity.toFixed(3)],
    ]),
    ...byCorpus(best.valid.corpora),
  ];
}

/** The scores on each of several corpora. */
function byCorpus(corpora: readonly CorpusScores[] = []): Block[] {
  if (corpora.length === 0) return [];
  const rows = corpora.map(({ name, pairs, bleu, exactMatch }) => [
    ...[name, counted(pairs, "pair"), `BLEU ${bleu.toFixed(2)}`, `exact match ${percent(exactMatch)}`],
  ]);
  return [line("Each corpus by itself"), table(rows)];
}

function testBlocks(test: Test): Block[] {
  const { bleu, exactMatch, perplexity, source } = test;
  const scores = table([
    ["BLEU", toned("strong", bleu.score.toFixed(2))],
    ["", toned("dim", bleu.signature)],
    ["exact match", toned("strong", percent(exactMatch))],
    ["perplexity", perplexity.toFixed(3)],
  ]);
  const examples = testSamples(test).map(({ source, reference, translation }): Block[] => [
    {
      kind: "facts",
      rows: [
        ["source", source],
        ["reference", reference],
        ["translation", toned(translation === reference ? "good" : "warning", translation)],
      ],
    },
  ]);
  return apart([line(`On ${counted(source.length, "held-out pair")}`), scores], byCorpus(test.corpora), [
    line("Some of them"),
    ...apart(...examples),
  ]);
}

/** How a run ended, for programs. */
export function resultJson({ test, average, ...run }: TrainResult): object {
  return {
    type: "finished",
    ...run,
    test: test === null ? null : testJson(test),
    average:
      average === null ? null : { ...average, test: average.test === null ? null : testJson(average.test) },
  };
}

function testJson(test: Test): object {
  const { loss, perplexity, tokenAccuracy, exactMatch, bleu } = test;
  const { score, signature } = bleu;
  const pairs = test.source.length;
  return {
    pairs,
    loss,
    perplexity,
    tokenAccuracy,
    exactMatch,
    bleu: { score, signature },
    ...(test.corpora === undefined ? {} : { corpora: test.corpora }),
    samples: testSamples(test),
  };
}

/** Sentences that the end of a run shows of the test set. */
const TEST_SAMPLES = 5;

function testSamples(test: Test): Sample[] {
  return samplesOf(test, test.translations, TEST_SAMPLES);
}

/** Where the time of the main thread went, as a table: milliseconds of a step, forward and backward. */
export function profileDocument(report: ProfileReport, steps: number): Block[] {
  const { operations, gemmSeconds, gemmGflops, peakGflops, waitingSeconds, totalSeconds } = report;
  const milliseconds = (seconds: number): string => ((1000 * seconds) / Math.max(1, steps)).toFixed(2);
  const share = (seconds: number): string => percent((100 * seconds) / totalSeconds);
  const inKernels = operations.reduce((sum, time) => sum + time.forwardSeconds + time.backwardSeconds, 0);
  const outside = totalSeconds - inKernels - waitingSeconds;
  const rows = [
    ["ms a step, main thread", "forward", "backward", "share"],
    ...operations.map(({ operation, forwardSeconds, backwardSeconds }) => [
      operation,
      milliseconds(forwardSeconds),
      backwardSeconds === 0 ? "" : milliseconds(backwardSeconds),
      share(forwardSeconds + backwardSeconds),
    ]),
    ["waiting for threads", milliseconds(waitingSeconds), "", share(waitingSeconds)],
    ["outside the kernels", milliseconds(outside), "", share(outside)],
    ["all", milliseconds(totalSeconds), "", ""],
  ];
  const gemm = `matrix products: ${share(gemmSeconds)} of the time, ${gemmGflops.toFixed(1)} GFLOP/s`;
  const peak = `${percent((100 * gemmGflops) / peakGflops)} of the ${peakGflops.toFixed(1)} measured on one that stays in the caches`;
  return apart([table(rows, [1, 2, 3])], [table([[`${gemm}, ${peak}`]])]);
}
