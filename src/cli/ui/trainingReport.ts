import type { ChalkInstance } from "chalk";
import type { Block, Part } from "../../report/document.ts";
import { counted } from "../../report/format.ts";
import {
  logLine,
  measuringParts,
  type NamedCurve,
  patienceText,
  RemainingTime,
  RunCurves,
  samplesDocument,
  skippedText,
  stepParts,
  validationParts,
} from "../../report/progress.ts";
import {
  introductionDocument,
  type PageOfRun,
  preparedDocument,
  profileDocument,
  resultDocument,
  resultJson,
  stoppedDocument,
} from "../../report/training.ts";
import type { TrainingEvent } from "../../training/events.ts";
import type { TrainResult } from "../../training/run.ts";
import type { Origins } from "../../training/settings/origins.ts";
import { displayWidth, fitParts } from "./layout.ts";
import { createProgressBar, type ProgressBar } from "./progressBar.ts";
import { canvasFor, render } from "./render.ts";
import { sparkline } from "./sparkline.ts";
import { coloursFor, isPlainTerminal, jsonLines, warnings } from "./terminal.ts";

/** Tells the user how a run goes. */
export interface TrainingReport {
  onEvent(event: TrainingEvent): void;
  /** The run has been asked to stop. */
  onSignal(): void;
  /** Leaves the terminal as it was. */
  close(): void;
  /** @param page what was written about the run; null for nothing */
  finish(result: TrainResult, page: PageOfRun | null): void;
}

/**
 * The report that fits: JSON lines on stdout, nothing, a bar on a terminal or plain lines on stderr.
 *
 * @param named where settings were given: the flags, and the lines of a file
 */
export function createTrainingReport(
  flags: { readonly json?: boolean; readonly quiet?: boolean },
  named: Origins = {},
): TrainingReport {
  const report = reportFor(flags);
  return {
    ...report,
    onEvent: (event) => report.onEvent(event.type === "started" ? withNames(event, named) : event),
  };
}

function reportFor(flags: { readonly json?: boolean; readonly quiet?: boolean }): TrainingReport {
  if (flags.json) return jsonReport();
  if (flags.quiet) return humanReport(() => {});
  return isPlainTerminal(process.stderr) ? plainReport() : terminalReport();
}

function withNames(
  { type, summary }: Extract<TrainingEvent, { readonly type: "started" }>,
  named: Origins,
): TrainingEvent {
  return { type, summary: { ...summary, origins: { ...summary.origins, ...named } } };
}

/** Columns of a sparkline. */
const [SHORTEST_CURVE, LONGEST_CURVE] = [4, 40] as const;

/** Back to the beginning of the line, which is then empty (ECMA-48: CHA, EL). */
const CLEAR_LINE = "\u001b[G\u001b[2K";
const STOPPING = "Stopping after this step. Once more leaves at once.";

function tell(blocks: readonly Block[]): void {
  process.stderr.write(render(blocks, canvasFor(process.stderr)));
}

/** What all reports for people share. */
function humanReport(onEvent: (event: TrainingEvent) => void): TrainingReport {
  const started = performance.now();
  let resumedAt = 0;
  let profile: readonly Block[] = [];
  return {
    onEvent: (event) => {
      if (event.type === "profile") profile = profileDocument(event.report, event.steps);
      if (event.type === "started") resumedAt = event.summary.resumedAt;
      onEvent(event);
    },
    onSignal: () => void process.stderr.write(`${STOPPING}\n`),
    close: () => {},
    finish: (result, page) => {
      if (profile.length > 0) tell([...profile, { kind: "gap" }]);
      const session = { steps: result.step - resumedAt, seconds: (performance.now() - started) / 1000 };
      if (result.interrupted) tell(stoppedDocument(result));
      else if (result.prepared) tell(preparedDocument(result));
      else process.stdout.write(render(resultDocument(result, session, page), canvasFor(process.stdout)));
    },
  };
}

function plainReport(): TrainingReport {
  const warn = warnings(false);
  const print = (line: string): void => void process.stderr.write(`${line}\n`);
  const clock = new RemainingTime();
  return humanReport((event) => {
    clock.tell(event);
    if (event.type === "warning") warn(event.message);
    if (event.type === "started") {
      const canvas = { ...canvasFor(process.stderr), width: Number.POSITIVE_INFINITY };
      print(render(introductionDocument(event.summary), canvas));
    }
    if (event.type === "log") print(logLine(event, clock.totalSteps, clock.secondsLeft));
    if (event.type === "validation") {
      print(fitParts(validationParts(event), Number.POSITIVE_INFINITY));
      tell(samplesDocument(event));
    }
    if (event.type === "skipped") print(skippedText(event));
    if (event.type === "patience") print(patienceText(event));
  });
}

function terminalReport(): TrainingReport {
  const stream = process.stderr;
  const colours = coloursFor(stream);
  const clock = new RemainingTime();
  const curves = new RunCurves();
  let bar: ProgressBar | undefined;
  let speed: number | undefined;
  let at = { step: 0, of: 1 };
  const move = (step: number, of: number, parts: () => readonly Part[]): void => {
    at = { step, of };
    bar?.update(step, of, parts);
  };
  const report = humanReport((event) => {
    clock.tell(event);
    curves.tell(event);
    if (event.type === "warning") {
      stream.write(CLEAR_LINE);
      warnings(false)(event.message);
    }
    if (event.type === "preparing") {
      const { phase, pairs } = event;
      const what = phase === "timing" ? "timing steps" : `${phase} the corpus: ${counted(pairs, "pair")}`;
      stream.write(`${CLEAR_LINE}  ${what}`);
    }
    if (event.type === "started") {
      const { totalSteps, resumedAt } = event.summary;
      const canvas = { ...canvasFor(stream), width: stream.columns };
      stream.write(`${CLEAR_LINE}${render(introductionDocument(event.summary), canvas)}\n`);
      bar = createProgressBar(stream, colours, (width) => curvesLine(curves.curves, width, colours));
      move(resumedAt, totalSteps, () => []);
    }
    if (event.type === "step") {
      const { tokensPerSecond } = event;
      speed = speed === undefined ? tokensPerSecond : 0.95 * speed + 0.05 * tokensPerSecond;
      const parts = stepParts(event, speed, clock.secondsLeft);
      move(event.step, event.totalSteps, () => parts);
    }
    if (event.type === "measuring") {
      const began = performance.now();
      move(at.step, at.of, () => measuringParts(event, (performance.now() - began) / 1000));
    }
    if (event.type === "validation") {
      const line = fitParts(validationParts(event, clock.totalSteps), stream.columns - 2).trimEnd();
      const samples = render(samplesDocument(event), { ...canvasFor(stream), width: stream.columns });
      bar?.log(`  ${event.improved ? colours.green(line) : line}\n${samples}`.trimEnd());
    }
    if (event.type === "skipped") bar?.log(`  ${colours.yellow(skippedText(event))}`);
    if (event.type === "patience") bar?.log(`  ${patienceText(event)}`);
  });
  return {
    ...report,
    onSignal: () => (bar === undefined ? report.onSignal() : bar.log(`  ${colours.yellow(STOPPING)}`)),
    close: () => (bar === undefined ? void stream.write(CLEAR_LINE) : bar.stop()),
    finish: (result, page) => {
      stream.write("\n");
      report.finish(result, page);
    },
  };
}

const behind = (now: string | undefined): string => (now === undefined ? "" : ` ${now}`);

/** Curves side by side, as long as there is room for: loss ▇▅▃▂▁  BLEU ▁▃▅▆▇ 97.51. */
function curvesLine(curves: readonly NamedCurve[], width: number, colours: ChalkInstance): string {
  const texts = curves.reduce((sum, { name, now }) => sum + displayWidth(`  ${name} ${behind(now)}`), 0);
  const room = Math.min(LONGEST_CURVE, Math.floor((width - texts) / Math.max(1, curves.length)));
  if (room < SHORTEST_CURVE) return curves.length > 1 ? curvesLine(curves.slice(1), width, colours) : "";
  return curves
    .map(({ name, curve, now }) => {
      const line = sparkline(curve.points(room));
      return `  ${colours.dim(name)} ${colours.cyan(line)}${behind(now)}`;
    })
    .join("");
}

function jsonReport(): TrainingReport {
  const print = (value: object): void => void process.stdout.write(jsonLines(value));
  process.stdout.on("error", () => {}); // who no longer listens to the events may still want the model
  return {
    ...humanReport(() => {}),
    onEvent: print,
    finish: (result, page) => {
      if (page !== null) print({ type: "report", ...page });
      print(resultJson(result));
      if (result.interrupted) tell(stoppedDocument(result));
      if (result.prepared) tell(preparedDocument(result));
    },
  };
}
