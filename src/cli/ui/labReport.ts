import type { LabEnd, LabEvent } from "../../lab/lab.ts";
import type { Part } from "../../report/document.ts";
import { counted, duration } from "../../report/format.ts";
import { endedParts, labDocument, paceText } from "../../report/lab.ts";
import { displayWidth, fitParts } from "./layout.ts";
import { createProgressBar, type ProgressBar } from "./progressBar.ts";
import { canvasFor, render } from "./render.ts";
import { coloursFor, isPlainTerminal, jsonLines, print, printable, warnings } from "./terminal.ts";

/** Tells the user how a lab goes. */
export interface LabReport {
  onEvent(event: LabEvent): void;
  /** The lab has been asked to stop. */
  onSignal(): void;
  /** Leaves the terminal as it was. */
  close(): void;
  finish(end: LabEnd): Promise<void>;
}

const STOPPING = "Stopping after the steps under way. Once more leaves at once.";

/** The report that fits: JSON lines on stdout, nothing but the table, a bar on a terminal or plain lines on stderr. */
export function createLabReport(
  flags: { readonly json?: boolean; readonly quiet?: boolean },
  title: string,
): LabReport {
  if (flags.json) return jsonReport();
  if (flags.quiet) return linesReport(() => {});
  return isPlainTerminal(process.stderr) ? linesReport(printLine, title) : terminalReport(title);
}

function printLine(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** An event as a line that stays; undefined for one that goes by. */
function lineOf(event: LabEvent, width: number): string | undefined {
  switch (event.type) {
    case "planned": {
      const known = event.done === 0 ? "" : `, of which ${event.done} are done`;
      return `${counted(event.runs, "run")}${known}, in ${event.directory}`;
    }
    case "timing":
      return event.what === "pace"
        ? "timing one run on all threads, and several on one each"
        : "timing how many steps fit";
    case "pace":
      return paceText(event);
    case "fitted":
      return `${counted(event.steps, "step")} a run fit into ${event.hours} hours`;
    case "ended":
      return fitParts(endedParts(event), width);
    default:
      return undefined;
  }
}

/** A line for what has happened, for a pipe or a file. */
function linesReport(write: (line: string) => void, title?: string): LabReport {
  const warn = warnings(false);
  if (title !== undefined) write(title);
  return {
    onEvent: (event) => {
      if (event.type === "failed") warn(`${event.run}: ${event.problem}`);
      const line = lineOf(event, Number.POSITIVE_INFINITY);
      if (line !== undefined) write(line);
    },
    onSignal: () => void process.stderr.write(`${STOPPING}\n`),
    close: () => {},
    finish: (end) => print(render(labDocument(end), canvasFor(process.stdout))),
  };
}

/** Knows how far all runs are, those that go on included. */
class LabProgress {
  readonly running = new Map<string, Extract<LabEvent, { type: "progress" }> | undefined>();
  runs = 1;
  /** Runs that are done, and those of them that were so before. */
  done = 0;
  #before = 0;
  #began = performance.now();

  tell(event: LabEvent): void {
    if (event.type === "planned") [this.runs, this.done, this.#before] = [event.runs, event.done, event.done];
    if (event.type === "pace") this.#began = performance.now();
    if (event.type === "began") this.running.set(event.run, undefined);
    if (event.type === "progress") this.running.set(event.run, event);
    if (event.type === "ended") this.done = event.done;
    if (event.type === "ended" || event.type === "failed") this.running.delete(event.run);
  }

  /** Runs that are done, with the parts of others. */
  get value(): number {
    return [...this.running.values()].reduce(
      (sum, run) => sum + (run === undefined ? 0 : run.step / run.totalSteps),
      this.done,
    );
  }

  get parts(): Part[] {
    const gone = (performance.now() - this.#began) / 1000;
    const share = this.value - this.#before;
    const left = (gone / share) * (this.runs - this.value);
    return [
      [`${this.done}/${counted(this.runs, "run")}`, 3],
      [share > 0.05 ? `${duration(left)} left` : "", 2],
    ];
  }

  /** The runs that go on, in as many columns as there are. */
  line(width: number): string {
    const all = [...this.running].flatMap(([run, progress]): Part[] => {
      if (progress === undefined) return [[run, 3]];
      const { step, totalSteps, loss, isTested } = progress;
      if (isTested) return [[`${run} testing`, 3]];
      return [
        [`${run} ${step}/${totalSteps}`, 3],
        [`loss ${loss.toFixed(3)}`, 2],
      ];
    });
    if (all.length === 0) return "";
    const line = `  ${fitParts(all, width - 2)}`;
    return displayWidth(line) <= width ? line : "";
  }
}

function terminalReport(title: string): LabReport {
  const stream = process.stderr;
  const colours = coloursFor(stream);
  const progress = new LabProgress();
  let bar: ProgressBar | undefined;
  const width = (): number => (stream.columns ?? 80) - 3;
  const write = (line: string): void => {
    if (bar === undefined) stream.write(`${line}\n`);
    else bar.log(line);
  };
  write(colours.bold(printable(title)));
  return {
    onEvent: (event) => {
      progress.tell(event);
      const line = lineOf(event, width());
      const paint = event.type === "ended" ? (text: string): string => text : colours.dim;
      if (line !== undefined) write(`  ${paint(printable(line))}`);
      if (event.type === "failed") write(colours.yellow(printable(`  ${event.run}: ${event.problem}`)));
      if (event.type === "pace" && bar === undefined)
        bar = createProgressBar(stream, colours, (columns) => colours.dim(printable(progress.line(columns))));
      bar?.update(progress.value, progress.runs, () => progress.parts);
    },
    onSignal: () => write(colours.yellow(`  ${STOPPING}`)),
    close: () => bar?.stop(),
    finish: (end) => print(`\n${render(labDocument(end), canvasFor(process.stdout))}`),
  };
}

function jsonReport(): LabReport {
  return {
    onEvent: (event) => void process.stdout.write(jsonLines(event)),
    onSignal: () => void process.stderr.write(`${STOPPING}\n`),
    close: () => {},
    finish: (end) => print(jsonLines({ type: "result", ...end })),
  };
}
