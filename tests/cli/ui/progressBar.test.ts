import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { Chalk } from "chalk";
import { expect, it } from "vitest";
import { createProgressBar } from "../../../src/cli/ui/progressBar.ts";

const PARTS = [
  ["1,234/3,820", 4],
  ["loss 2.345", 3],
  ["lr 7.0e-4", 0],
  ["12.3k tok/s", 1],
  ["1 min 20 s left", 2],
] as const;

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
  const bar = createProgressBar(stream, new Chalk({ level: 1 }));
  bar.update(1234, 3820, () => PARTS);
  bar.log("a line that stays");
  bar.stop();
  const lines = stripVTControlCharacters(written()).split(/[\r\n]+/);
  expect(lines).toContain("a line that stays");
  const drawn = lines.filter((line) => line.includes("1,234/3,820"));
  expect(drawn.length).toBeGreaterThan(0);
  for (const line of drawn) {
    expect(line.length).toBeLessThan(columns); // in the last column terminals begin a new line
    expect(line).toMatch(/^ {2}━+─+ {2}/);
  }
});

/** Sequences as they are read by people. */
const spelled = (text: string): string => text.replaceAll("\u001b[", "^");

it("the cursor waits where the line begins, so that what a narrower terminal breaks is cleared", () => {
  const { stream, written } = terminal(80);
  const bar = createProgressBar(stream, new Chalk({ level: 0 }));
  bar.update(1234, 3820, () => PARTS);
  stream.columns = 40;
  stream.emit("resize");
  // The line is cleared, drawn where it cannot go on in the next one, and left.
  expect(spelled(written())).toMatch(/\^G\^J\^\?7l {2}━+─+ {2}1,234\/3,820 {2}loss 2\.345\^\?7h\r$/);
  bar.stop();
  bar.stop();
  expect(spelled(written())).toBe("^G^J^?25h");
  expect(stream.listenerCount("resize")).toBe(0);
});

it("what stands beside it is asked for whenever it is drawn", () => {
  const { stream, written } = terminal(80);
  const bar = createProgressBar(stream, new Chalk({ level: 0 }));
  let seconds = 0;
  bar.update(1, 2, () => [[`${++seconds} s`, 1]]);
  bar.log("one");
  bar.log("two");
  bar.stop();
  expect(written()).toMatch(/one\n[^\n]*1 s[^\n]*two\n[^\n]*2 s/);
});

it("a line below goes with it: drawn under the bar, cleared with it, left out of a terminal that is too low", () => {
  const { stream, written } = terminal(80);
  stream.rows = 24;
  const bar = createProgressBar(stream, new Chalk({ level: 0 }), (width) => `below ${width}`);
  bar.update(1, 2, () => PARTS);
  bar.log("one\ntwo");
  // Up to where the bar begins, so that clearing takes both.
  expect(spelled(written())).toMatch(/\^G\^Jone\ntwo\n\^G\^J\^\?7l {2}━+─+ [^\n]*\nbelow 79\^\?7h\^1A\r$/);
  stream.rows = 4;
  stream.emit("resize");
  expect(written()).not.toContain("below");
  bar.stop();
});
