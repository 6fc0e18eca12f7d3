import type { TrainingEvent } from "../../training/events.ts";
import type { TrainResult } from "../../training/run.ts";
import { coloursFor } from "./colour.ts";
import { fitParts } from "./fitParts.ts";
import { count, counted, duration, rate, scientific } from "./format.ts";
import { profileText } from "./profileText.ts";
import { createProgressBar, type ProgressBar } from "./progressBar.ts";
import { RemainingTime } from "./remainingTime.ts";
import {
  introduction,
  logLine,
  patienceText,
  resultText,
  samples,
  skippedText,
  stoppedText,
  validationParts,
} from "./trainingText.ts";

/** Tells the user how a run goes. */
export interface TrainingReport {
  onEvent(event: TrainingEvent): void;
  /** The run has been asked to stop. */
  onSignal(): void;
  /** Leaves the terminal as it was. */
  close(): void;
  finish(result: TrainResult): void;
}

/** The report that fits: JSON lines on stdout, nothing, a bar on a terminal or plain lines on stderr. */
export function createTrainingReport(flags: {
  readonly json?: boolean;
  readonly quiet?: boolean;
}): TrainingReport {
  if (flags.json) return jsonReport();
  if (flags.quiet) return humanReport(() => {});
  return process.stderr.isTTY ? terminalReport() : plainReport();
}

/** Back to the beginning of the line, which is then empty (ECMA-48: CHA, EL). */
const CLEAR_LINE = "\u001b[G\u001b[2K";
const STOPPING = "Stopping after this step. Once more leaves at once.";

/** What all reports for people share. */
function humanReport(onEvent: (event: TrainingEvent) => void): TrainingReport {
  const started = performance.now();
  let resumedAt = 0;
  let profile = "";
  return {
    onEvent: (event) => {
      if (event.type === "profile") profile = profileText(event.report, event.steps);
      if (event.type === "started") resumedAt = event.summary.resumedAt;
      onEvent(event);
    },
    onSignal: () => void process.stderr.write(`${STOPPING}\n`),
    close: () => {},
    finish: (result) => {
      if (profile !== "") process.stderr.write(`${profile}\n`);
      const session = { steps: result.step - resumedAt, seconds: (performance.now() - started) / 1000 };
      if (result.interrupted) process.stderr.write(stoppedText(result));
      else process.stdout.write(resultText(result, session, coloursFor(process.stdout)));
    },
  };
}

function plainReport(): TrainingReport {
  const print = (line: string): void => void process.stderr.write(`${line}\n`);
  const colours = coloursFor(process.stderr);
  const clock = new RemainingTime();
  return humanReport((event) => {
    clock.tell(event);
    if (event.type === "started") print(introduction(event.summary, Number.POSITIVE_INFINITY, colours));
    if (event.type === "log") print(logLine(event.record, clock.totalSteps, clock.secondsLeft));
    if (event.type === "validation") {
      print(fitParts(validationParts(event.record, event.improved), Number.POSITIVE_INFINITY));
    }
    if (event.type === "skipped") print(skippedText(event));
    if (event.type === "patience") print(patienceText(event));
  });
}

function terminalReport(): TrainingReport {
  const stream = process.stderr;
  const colours = coloursFor(stream);
  const clock = new RemainingTime();
  let bar: ProgressBar | undefined;
  let speed: number | undefined;
  const report = humanReport((event) => {
    clock.tell(event);
    if (event.type === "preparing")
      stream.write(`${CLEAR_LINE}  ${event.phase} the corpus: ${counted(event.pairs, "pair")}`);
    if (event.type === "started") {
      const { totalSteps, resumedAt } = event.summary;
      stream.write(`${CLEAR_LINE}${introduction(event.summary, stream.columns, colours)}\n`);
      bar = createProgressBar(stream, totalSteps, resumedAt, colours);
    }
    if (event.type === "step") {
      const { step, totalSteps, loss, lr, tokensPerSecond } = event;
      speed = speed === undefined ? tokensPerSecond : 0.95 * speed + 0.05 * tokensPerSecond;
      bar?.update(step, [
        [`${count(step)}/${count(totalSteps)}`, 4],
        [`loss ${loss.toFixed(3)}`, 3],
        [`lr ${scientific(lr)}`, 0],
        [`${rate(speed)} tok/s`, 1],
        [`${duration(clock.secondsLeft)} left`, 2],
      ]);
    }
    if (event.type === "validation") {
      const line = fitParts(validationParts(event.record, event.improved), stream.columns - 2);
      bar?.log(`  ${event.improved ? colours.green(line) : line}`);
    }
    if (event.type === "skipped") bar?.log(`  ${colours.yellow(skippedText(event))}`);
    if (event.type === "patience") bar?.log(`  ${patienceText(event)}`);
  });
  return {
    ...report,
    onSignal: () => (bar === undefined ? report.onSignal() : bar.log(`  ${colours.yellow(STOPPING)}`)),
    close: () => (bar === undefined ? void stream.write(CLEAR_LINE) : bar.stop()),
    finish: (result) => {
      stream.write("\n");
      report.finish(result);
    },
  };
}

function jsonReport(): TrainingReport {
  const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  process.stdout.on("error", () => {}); // who no longer listens to the events may still want the model
  return {
    ...humanReport(() => {}),
    onEvent: print,
    finish: (result) => {
      const { test, average, ...run } = result;
      print({
        ...{ type: "finished", ...run, test: test === null ? null : testObject(test) },
        average:
          average === null
            ? null
            : { ...average, test: average.test === null ? null : testObject(average.test) },
      });
      if (result.interrupted) process.stderr.write(stoppedText(result));
    },
  };
}

function testObject(test: NonNullable<TrainResult["test"]>): object {
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
    samples: samples(test),
  };
}
