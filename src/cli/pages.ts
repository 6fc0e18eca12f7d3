import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption, modelOption, pathOption } from "./options.ts";

interface PageFlags {
  readonly output?: string;
  readonly open: boolean;
}

interface ExplainFlags extends PageFlags {
  readonly model?: string;
  readonly source?: string;
  readonly target?: string;
  readonly text?: boolean;
}

/** Adds `xformer explain` and `xformer playground`, which make pages. */
export function addPages(program: Command, run: Run): void {
  const explainer = program
    .command("explain")
    .description("make a page that holds the model and shows all it computes, live, in any browser, offline")
    .addOption(modelOption())
    .option("-s, --source <text>", "the sentence that the page begins with (default: some frequent tokens)")
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

function addPageOptions(command: Command, file: string): Command {
  return command
    .addOption(pathOption("-o, --output <file>", `the page (default: ${file})`))
    .option("--no-open", "do not open the page in the browser");
}

async function explain(given: ExplainFlags): Promise<ExitCode> {
  if (given.text) return explainInText(given);
  const { model, source, target, ...flags } = given;
  if (target !== undefined) {
    throw new XformerError("USAGE", "--target: a page has the model's own translations", {
      hint: "Give --text too, or leave it out.",
    });
  }
  const [{ modelOrNewest }, { loadCheckpoint }, { explorerPage }] = await Promise.all([
    import("./newestRun.ts"),
    import("../training/checkpoint.ts"),
    import("./webPage.ts"),
  ]);
  await hand(explorerPage(loadCheckpoint(await modelOrNewest(model)), source), "explain.html", flags);
  return EXIT.done;
}

/** The same in the terminal: one sentence, from its tokens to the last step of decoding. */
async function explainInText({ model: path, source, target, output }: ExplainFlags): Promise<ExitCode> {
  if (source === undefined)
    throw new XformerError("USAGE", "--text: there is no sentence", { hint: "Give --source too." });
  if (output !== undefined)
    throw new XformerError("USAGE", "--output: with --text there is no page", { hint: "Leave it out." });
  const [{ traceSentence }, { explanationDocument }, { canvasFor, render }, { print }] = await Promise.all([
    import("./traceSentence.ts"),
    import("../report/explanation.ts"),
    import("./ui/render.ts"),
    import("./ui/terminal.ts"),
  ]);
  const { trace, model } = await traceSentence({ model: path, source, target });
  await print(render(explanationDocument(trace, model.description.model), canvasFor(process.stdout)));
  return EXIT.done;
}

async function playground(flags: PageFlags): Promise<ExitCode> {
  const { playgroundPage } = await import("./webPage.ts");
  await hand(playgroundPage(), "playground.html", flags);
  return EXIT.done;
}

/** Writes a page, says where it is, and shows it. */
async function hand(html: string, usual: string, { output = usual, open }: PageFlags): Promise<void> {
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
