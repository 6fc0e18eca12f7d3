import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { Chalk } from "chalk";
import { expect, it } from "vitest";
import { createProgressBar } from "../../../src/cli/ui/progressBar.ts";

/** A terminal of so many columns that remembers what is written to it. */
function terminal(columns: number): { stream: WriteStream; written: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns });
  // Newer Nodes read a chunk at a time, older ones all there is.
  const written = (): string => {
    let text = "";
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk;
    return text;
  };
  return { stream: stream as unknown as WriteStream, written };
}

it.each([120, 80, 50, 30])("a line of at most %i columns", (columns) => {
  const { stream, written } = terminal(columns);
  const bar = createProgressBar(stream, 3820, 0, new Chalk({ level: 1 }));
  bar.update(1234, [
    ["1,234/3,820", 4],
    ["loss 2.345", 3],
    ["lr 7.0e-4", 0],
    ["12.3k tok/s", 1],
    ["1 min 20 s left", 2],
  ]);
  bar.log("a line that stays");
  bar.stop();
  const lines = stripVTControlCharacters(written()).split(/[\r\n]+/);
  expect(lines).toContain("a line that stays");
  const drawn = lines.filter((line) => line.includes("1,234/3,820"));
  expect(drawn.length).toBeGreaterThan(0);
  for (const line of drawn) {
    expect(line.length).toBeLessThanOrEqual(columns);
    expect(line).toMatch(/^ {2}━+─+ {2}/);
  }
});
