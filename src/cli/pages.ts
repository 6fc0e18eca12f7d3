import { type Command, Option } from "commander";
import { XformerError } from "../errors.ts";
import type { Block } from "../report/document.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption, modelOption, pathOption } from "./options.ts";

/** The flags of {@link addPageOptions}. */
export interface PageFlags {
  readonly output?: string;
  readonly open: boolean;
}

interface ExplainFlags extends PageFlags {
  readonly model?: string;
  readonly source?: string;
  readonly target?: string;
  readonly text?: boolean;
  readonly half?: boolean;
}

/** Adds `xformer explain` and `xformer playground`, which make pages. */
export function addPages(program: Command, run: Run): void {
  const explainer = program
    .command("explain")
    .description("make a page that holds the model and shows all it computes, live, in any browser, offline")
    .addOption(modelOption())
    .option("-s, --source <text>", "the sentence that the page begins with (default: some frequent tokens)")
    .addOption(halfOption())
    .option("--text", "no page: a walk through the model with the source, as text")
    .option(
      "-t, --target <text>",
      "with --text: what the model writes (default: its own greedy translation)",
    );
  addPageOptions(explainer, "explain.html")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer explain
  $ npx xformer explain --model runs/zh-en-1 --output transformer.html --source "我很好。" --no-open
  $ npx xformer explain --model runs/zh-en-1 --half --output half.html --no-open
  $ npx xformer explain --model runs/zh-en-1 --text --source "我很好。"
  $ npx xformer explain --model runs/zh-en-1 --text --source "我很好。" --target "I am fine."`,
    )
    .action(run(explain));
  const player = program
    .command("playground")
    .description(
      "make a page that trains a small Transformer in the browser, offline: choose, press play, watch",
    );
  addPageOptions(player, "playground.html")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer playground
  $ npx xformer playground --output class.html --no-open`,
    )
    .action(run(playground));
}

/** `--half`, of commands whose page holds a model. */
export function halfOption(): Option {
  return new Option(
    "--half",
    "weights as half floats: a page half as large; says what that does to the scores",
  );
}

/** Gives a command the flags of its page. */
export function addPageOptions(command: Command, file: string): Command {
  return command
    .addOption(pathOption("-o, --output <file>", `the page (default: ${file})`))
    .option("--no-open", "do not open the page in the browser");
}

async function explain(given: ExplainFlags): Promise<ExitCode> {
  if (given.text) return explainInText(given);
  const { model, source, target, half = false, ...flags } = given;
  if (target !== undefined) {
    throw new XformerError("USAGE", "--target: a page has the model's own translations", {
      hint: "Give --text too, or leave it out.",
    });
  }
  const [{ modelOrNewest }, { loadCheckpoint }, { explorerPage, madeUpSentence }] = await Promise.all([
    import("./newestRun.ts"),
    import("../training/checkpoint.ts"),
    import("./webPage.ts"),
  ]);
  const checkpoint = loadCheckpoint(await modelOrNewest(model));
  const sentence = source ?? madeUpSentence(checkpoint);
  if (!half) {
    await hand(explorerPage({ checkpoint, half }, sentence), "explain.html", flags);
    return EXIT.done;
  }
  const [{ halfScoresDocument, withHalfWeights }, { pairsBeside }, { warnings }] = await Promise.all([
    import("./halfScores.ts"),
    import("./runReport.ts"),
    import("./ui/terminal.ts"),
  ]);
  const narrow = withHalfWeights(checkpoint);
  await hand(explorerPage({ checkpoint: narrow, half }, sentence), "explain.html", flags);
  const pairs = await pairsBeside(checkpoint.file, warnings(false));
  await printBlocks(await halfScoresDocument(checkpoint, narrow, pairs, sentence));
  return EXIT.done;
}

/** The same in the terminal: one sentence, from its tokens to the last step of decoding. */
async function explainInText({ model: path, source, target, output, half }: ExplainFlags): Promise<ExitCode> {
  if (half)
    throw new XformerError("USAGE", "--half: with --text there is no page", { hint: "Leave it out." });
  if (source === undefined)
    throw new XformerError("USAGE", "--text: there is no sentence", { hint: "Give --source too." });
  if (output !== undefined)
    throw new XformerError("USAGE", "--output: with --text there is no page", { hint: "Leave it out." });
  const [{ traceSentence }, { explanationDocument }] = await Promise.all([
    import("./traceSentence.ts"),
    import("../report/explanation.ts"),
  ]);
  const { trace, model } = await traceSentence({ model: path, source, target });
  await printBlocks(explanationDocument(trace, model.description.model));
  return EXIT.done;
}

/** Prints a report to standard output. */
export async function printBlocks(blocks: readonly Block[]): Promise<void> {
  const [{ canvasFor, render }, { print }] = await Promise.all([
    import("./ui/render.ts"),
    import("./ui/terminal.ts"),
  ]);
  await print(render(blocks, canvasFor(process.stdout)));
}

async function playground(flags: PageFlags): Promise<ExitCode> {
  const { playgroundPage } = await import("./webPage.ts");
  await hand(playgroundPage(), "playground.html", flags);
  return EXIT.done;
}

/** Writes a page, says where it is, and shows it. */
export async function hand(html: string, usual: string, { output = usual, open }: PageFlags): Promise<void> {
  const [{ atomicWrite }, { print, shownLines }, format] = await Promise.all([
    import("../io/atomicWrite.ts"),
    import("./ui/terminal.ts"),
    import("../report/format.ts"),
  ]);
  atomicWrite(output, (write) => write(html));
  const size = format.bytes(Buffer.byteLength(html));
  await print(shownLines(`The page is in ${output} (${size}): it works offline, in any browser.\n`));
  if (open) await openInBrowser(output);
}

/** What opens a file for its user, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
  linux: ["xdg-open"],
};

/** Opens a file in the browser, if somebody sits at a screen and something opens files. */
async function openInBrowser(file: string): Promise<void> {
  const opener = OPENERS[process.platform];
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  const hasScreen = process.platform !== "linux" || DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
  if (opener === undefined || !hasScreen || !process.stdout.isTTY) return;
  const { spawn } = await import("node:child_process");
  const [command, ...args] = opener;
  const child = spawn(command, [...args, file], { detached: true, stdio: "ignore" });
  child.on("error", () => {}); // nothing here opens files: the line above says where the page is
  child.unref();
}
