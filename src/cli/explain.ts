import type { Command } from "commander";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { debugOption, modelOption, pathOption } from "./options.ts";

interface ExplainFlags {
  readonly model?: string;
  readonly source?: string;
  readonly output?: string;
  readonly open?: boolean;
}

/** Adds `xformer explain`. */
export function addExplain(program: Command, run: Run): void {
  program
    .command("explain")
    .description("make a page that holds the model and shows all it computes, live, in any browser, offline")
    .addOption(modelOption())
    .addOption(pathOption("-o, --output <file>", "the page (default: explain.html)"))
    .option(
      "--source <text>",
      "the sentence that the page begins with (default: one of the training's samples)",
    )
    .option("--no-open", "do not open the page in the browser")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer explain
  $ npx xformer explain --model runs/zh-en-1 --output transformer.html --source "我很好。" --no-open`,
    )
    .action(run(explain));
}

async function explain({
  model,
  output = "explain.html",
  source,
  open = true,
}: ExplainFlags): Promise<ExitCode> {
  const [{ modelOrNewest }, { loadCheckpoint }, { explorerPage }, { atomicWrite }, { print }, format] =
    await Promise.all([
      import("./newestRun.ts"),
      import("../training/checkpoint.ts"),
      import("./explorerPage.ts"),
      import("../io/atomicWrite.ts"),
      import("./ui/terminal.ts"),
      import("../report/format.ts"),
    ]);
  const checkpoint = loadCheckpoint(await modelOrNewest(model));
  const html = explorerPage(checkpoint, source);
  atomicWrite(output, (write) => write(html));
  await print(`${output}  ${format.bytes(Buffer.byteLength(html))}, works offline in any browser\n`);
  if (open) await openInBrowser(output);
  return EXIT.done;
}

/** What opens a file for its user, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
  linux: ["xdg-open"],
};

/** Opens a file in the browser, if there is a screen and something that opens files; whoever has neither has the file. */
async function openInBrowser(file: string): Promise<void> {
  const opener = OPENERS[process.platform];
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  const hasScreen = process.platform !== "linux" || DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
  if (opener === undefined || !hasScreen || !process.stdout.isTTY) return;
  const { spawn } = await import("node:child_process");
  const [command, ...args] = opener;
  const child = spawn(command, [...args, file], { detached: true, stdio: "ignore" });
  child.on("error", () => {}); // nothing that opens files: the line above says where the page is
  child.unref();
}
