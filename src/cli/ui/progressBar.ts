import type { WriteStream } from "node:tty";
import type { ChalkInstance } from "chalk";
import type { Part } from "../../report/document.ts";
import { displayWidth, fitParts } from "./layout.ts";

const SHORTEST_BAR = 6;
const LONGEST_BAR = 40;
/** Milliseconds between two drawings. */
const EVERY = 100;
/** The columns of a terminal that does not say how many it has. */
const USUAL_WIDTH = 80;

/** The beginning of the line, and nothing from there on (ECMA-48: CHA, ED). */
const CLEAR = "\u001b[G\u001b[J";
/** Whether what is too long goes on in the next line (DEC private mode 7, autowrap). */
const CUT_LINES = "\u001b[?7l";
const WRAP_LINES = "\u001b[?7h";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** A bar at the bottom of the terminal, with lines above it that stay. */
export interface ProgressBar {
  /** Moves the bar; `parts`, asked for at every drawing, stand behind it, those of low rank only where there is room. */
  update(value: number, total: number, parts: () => readonly Part[]): void;
  /** Prints a line above the bar. */
  log(line: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/**
 * Shows a progress bar on a terminal. The cursor waits at the beginning of its line: where the terminal is narrowed and
 * breaks the line, all of it still stands behind the cursor and is cleared. Where that is not known yet, the terminal
 * cuts what is too long.
 */
export function createProgressBar(stream: WriteStream, colours: ChalkInstance): ProgressBar {
  let line = (): string => "";
  const draw = (): void => void stream.write(`${CLEAR}${CUT_LINES}${line()}${WRAP_LINES}\r`);
  const timer = setInterval(draw, EVERY).unref();
  stream.on("resize", draw);
  stream.write(HIDE_CURSOR);
  let isShown = true;
  return {
    update: (value, total, parts) => {
      line = () => barLine(value / Math.max(1, total), parts(), stream.columns ?? USUAL_WIDTH, colours);
    },
    log: (text) => {
      stream.write(`${CLEAR}${text}\n`);
      draw();
    },
    stop: () => {
      if (!isShown) return;
      isShown = false;
      clearInterval(timer);
      stream.off("resize", draw);
      stream.write(`${CLEAR}${SHOW_CURSOR}`);
    },
  };
}

/** A bar and what stands behind it, a column short of the end of the line, where terminals begin a new one. */
function barLine(progress: number, parts: readonly Part[], columns: number, colours: ChalkInstance): string {
  const text = fitParts(parts, columns - SHORTEST_BAR - 5);
  const width = Math.max(0, Math.min(LONGEST_BAR, columns - displayWidth(text) - 5));
  const done = Math.round(width * Math.min(1, progress));
  return `  ${colours.cyan("━".repeat(done))}${colours.dim("─".repeat(width - done))}  ${text}`;
}
