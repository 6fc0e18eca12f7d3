import type { WriteStream } from "node:tty";
import type { ChalkInstance } from "chalk";
import { type Options, SingleBar } from "cli-progress";
import type { Part } from "../../report/document.ts";
import { displayWidth, fitParts } from "./layout.ts";

const SHORTEST_BAR = 6;
const LONGEST_BAR = 40;
const FRAMES_A_SECOND = 10;
/** A terminal of fewer lines has none to spare for a second one. */
const FEWEST_ROWS = 6;
/** The columns of a terminal that does not say how many it has. */
const USUAL_WIDTH = 80;

/** The beginning of the line, and nothing from there on (ECMA-48: CHA, ED). */
const CLEAR = "\u001b[G\u001b[J";
/** Whether what is too long goes on in the next line (DEC private mode 7, autowrap). */
const CUT_LINES = "\u001b[?7l";
const WRAP_LINES = "\u001b[?7h";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** So many lines up (ECMA-48: CUU). */
const up = (lines: number): string => `\u001b[${lines}A`;

/** A bar at the bottom of the terminal, with lines above it that stay. */
export interface ProgressBar {
  /** Moves the bar; `parts`, asked for at every drawing, stand behind it, those of low rank only where there is room. */
  update(value: number, total: number, parts: () => readonly Part[]): void;
  /** Prints lines above the bar. */
  log(lines: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** What cli-progress asks of a terminal (its `lib/terminal.js`), as far as a single line needs it. */
class LineTerminal {
  readonly #stream: WriteStream;
  #isOpen = true;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  isTTY(): boolean {
    return true;
  }

  getWidth(): number {
    return this.#stream.columns ?? USUAL_WIDTH;
  }

  cursor(isShown: boolean): void {
    this.#say(isShown ? SHOW_CURSOR : HIDE_CURSOR);
  }

  /**
   * Draws a line, or several. The cursor waits at their beginning: where the terminal is narrowed and breaks them, all of
   * it still stands behind the cursor and is cleared. Where that is not known yet, the terminal cuts what is too long.
   */
  write(lines: string): void {
    const below = lines.split("\n").length - 1;
    this.#say(`${CLEAR}${CUT_LINES}${lines}${WRAP_LINES}${below === 0 ? "" : up(below)}\r`);
  }

  /** Takes the line away for good: what comes after that is not shown. */
  close(): void {
    this.#say(`${CLEAR}${SHOW_CURSOR}`);
    this.#isOpen = false;
  }

  // A line that is cleared before it is drawn, and whose cursor is where it begins, needs none of these.
  cursorTo(): void {}
  clearRight(): void {}
  clearLine(): void {}
  cursorSave(): void {}
  cursorRestore(): void {}
  lineWrapping(): void {}

  #say(text: string): void {
    if (this.#isOpen) this.#stream.write(text);
  }
}

/**
 * Shows a progress bar on a terminal.
 *
 * @param below a line under it that fits into so many columns; empty for none, as where there are but a few lines
 */
export function createProgressBar(
  stream: WriteStream,
  colours: ChalkInstance,
  below: (width: number) => string = () => "",
): ProgressBar {
  const terminal = new LineTerminal(stream);
  const options: Options & { readonly terminal: LineTerminal } = {
    terminal,
    fps: FRAMES_A_SECOND,
    hideCursor: true,
    clearOnComplete: true,
    forceRedraw: true, // a line that was logged has taken the place of the bar
    synchronousUpdate: false,
    gracefulExit: false, // signals are for the run, which is told of them first
    format: (_, { progress, maxWidth }, { parts }: { parts: () => readonly Part[] }) => {
      const bar = barLine(progress, parts(), maxWidth, colours);
      const line = (stream.rows ?? FEWEST_ROWS) < FEWEST_ROWS ? "" : below(maxWidth - 1);
      return line === "" ? bar : `${bar}\n${line}`;
    },
  };
  const bar = new SingleBar(options);
  const draw = (): void => bar.render();
  bar.start(1, 0, { parts: () => [] });
  stream.on("resize", draw);
  return {
    update: (value, total, parts) => {
      bar.setTotal(Math.max(1, total));
      bar.update(value, { parts });
    },
    log: (text) => {
      stream.write(`${CLEAR}${text}\n`);
      draw();
    },
    stop: () => {
      stream.off("resize", draw);
      terminal.close();
      bar.stop();
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
