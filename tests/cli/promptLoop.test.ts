import { PassThrough } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { promptLoop } from "../../src/cli/promptLoop.ts";
import type { DecodingOptions } from "../../src/decoding/options.ts";
import type { LoadedModel } from "../../src/loadedModel.ts";

/** Waits for a search that only Ctrl-C ends. */
const ENDLESS = "forever";
const model = {
  description: { sourceLanguage: "zh", targetLanguage: "en", model: { maxLength: 9 } },
  translator: {
    sourceTokenizer: { encodeTokens: () => [] },
    translate: async ([line]: readonly string[], { signal }: DecodingOptions) => {
      if (line === ENDLESS) {
        await new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
      }
      return [{ text: `<${line}>`, overLong: false, hypotheses: [] }];
    },
  },
  close: async () => {},
} as unknown as LoadedModel;

const loops: { readonly leave: () => void; readonly code: Promise<number> }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const { leave, code } of loops.splice(0)) {
    leave();
    await code;
  }
});
const interrupts = process.listenerCount("SIGINT");
afterAll(() => expect(process.listenerCount("SIGINT")).toBe(interrupts));

/** A prompt at a terminal that is not there. */
function atTerminal() {
  const keys = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: (mode: boolean) => Object.assign(keys, { isRaw: mode }),
  });
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = "";
  screen.on("data", (chunk) => {
    shown += chunk;
  });
  const stream = screen as unknown as WriteStream;
  const stdin = keys as unknown as ReadStream;
  const code = promptLoop(model, {}, { stdin, stdout: stream, stderr: stream });
  const leave = (): void => void keys.end();
  loops.push({ leave, code });
  /** What has been written since, when it has all of `texts` in this order. */
  const sees = async (...texts: readonly string[]): Promise<string> => {
    await vi.waitFor(
      () => {
        let from = 0;
        for (const text of texts) {
          const at = stripVTControlCharacters(shown).indexOf(text, from);
          if (at === -1) throw new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(shown)}`);
          from = at + text.length;
        }
      },
      { timeout: 60_000 },
    );
    const seen = stripVTControlCharacters(shown);
    shown = "";
    return seen;
  };
  return { type: (text: string) => void keys.write(text), sees, raw: () => shown, keys, leave, code };
}

const CTRL_C = "\u0003";
const LEFT = "\u001b[D";

it("a chunk put into the middle of a line stays in its order, as input methods send it", async () => {
  const { type, sees } = atTerminal();
  type(`她想去。${LEFT}`);
  await sees("她想去。");
  type("学校");
  type("\r");
  await sees("<她想去学校。>");
});

it("pasted lines are shown one by one, each with its translation below; the last is left to be edited", async () => {
  const { type, sees } = atTerminal();
  await sees("zh> ");
  type("one\r\ntwo\nthree\rfour");
  const seen = await sees("<three>", "zh> four");
  const lines = seen.split(/[\r\n]+/).filter((line) => line !== "");
  expect(lines).toEqual(["one", "<one>", "zh> two", "<two>", "zh> three", "<three>", "zh> four"]);
  type("!\r");
  await sees("<four!>");
});

it("Ctrl-C clears a line that is typed, and leaves when there is none", async () => {
  const { type, sees, code } = atTerminal();
  type("wrong");
  await sees("wrong");
  type(CTRL_C);
  type("right\r");
  await sees("<right>");
  type(CTRL_C);
  expect(await code).toBe(130);
});

it("Ctrl-C ends a search and what was pasted behind it, and the prompt goes on", async () => {
  const { type, sees } = atTerminal();
  type(`${ENDLESS}\rnever\r`);
  await sees(`zh> ${ENDLESS}`);
  type(CTRL_C);
  expect(await sees("interrupted", "zh> ")).not.toContain("never");
  type("again\r");
  await sees("<again>");
});

it("goes on when the process goes on after Ctrl-Z", async () => {
  const { type, sees, keys } = atTerminal();
  await sees("zh> ");
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);
  type("ha");
  type("\u001a");
  await vi.waitFor(() => expect(kill).toHaveBeenCalledWith(process.pid, "SIGTSTP"));
  expect(keys.isRaw).toBe(false);
  kill.mockRestore();
  process.emit("SIGCONT");
  await sees("zh> ha");
  expect(keys.isRaw).toBe(true);
  type("lf\r");
  await sees("<half>");
});

it(":quit and the end of the input leave without a failure", async () => {
  const quitting = atTerminal();
  quitting.type(":quit\rnever\r");
  expect(await quitting.code).toBe(0);
  const ending = atTerminal();
  ending.type("last\r");
  await ending.sees("<last>");
  ending.leave();
  expect(await ending.code).toBe(0);
});

it("a beam that is too wide is told of in a line", async () => {
  const { type, sees } = atTerminal();
  type(":beam 5000\r");
  await sees("the beam is 5000. It has to be a whole number from 1 to 256.\n", "zh> ");
});

it("TERM=dumb: lines in, lines out, and not a sequence for the cursor", async () => {
  vi.stubEnv("TERM", "dumb");
  const { type, sees, raw, keys } = atTerminal();
  type("one\ntwo\n");
  await sees("<one>", "<two>");
  expect(keys.isRaw).toBe(false);
  expect(raw()).not.toContain("\u001b");
});
