import type { WriteStream } from "node:tty";
import type { ChalkInstance } from "chalk";
import { MultiBar } from "cli-progress";
import type { Part } from "../../report/document.ts";
import { displayWidth, fitParts } from "./layout.ts";

const SHORTEST_BAR = 6;
const LONGEST_BAR = 40;

/** A bar at the bottom of the terminal, with lines above it that stay. */
export interface ProgressBar {
  /** Moves the bar; `parts` stand behind it, those of low rank only where there is room. */
  update(value: number, parts: readonly Part[]): void;
  /** Prints a line above the bar. */
  log(line: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** Shows a progress bar on a terminal. */
export function createProgressBar(
  stream: WriteStream,
  total: number,
  start: number,
  colours: ChalkInstance,
): ProgressBar {
  const bars = new MultiBar({
    stream,
    fps: 10,
    hideCursor: true,
    clearOnComplete: true,
    forceRedraw: true, // a line that was logged has taken the place of the bar
    gracefulExit: false, // signals are for the run, which is told of them first
    format: (_, { progress, maxWidth }, payload: { parts: readonly Part[] }) => {
      const text = fitParts(payload.parts, maxWidth - SHORTEST_BAR - 5);
      const width = Math.min(LONGEST_BAR, maxWidth - displayWidth(text) - 5);
      const done = Math.round(width * progress);
      return `  ${colours.cyan("━".repeat(done))}${colours.dim("─".repeat(width - done))}  ${text}`;
    },
  });
  const bar = bars.create(total, start, { parts: [] });
  return {
    update: (value, parts) => bar.update(value, { parts }),
    log: (line) => {
      bars.log(`${line}\n`);
      bars.update();
    },
    stop: () => {
      if (bars.isActive) bars.stop();
    },
  };
}
