import { type Command, Option } from "commander";
import { XformerError } from "../errors.ts";
import { LIMITS, type Limits } from "../serve/limits.ts";
import type { RunningServer } from "../serve/server.ts";
import { addComputingOptions, type ComputingFlags } from "./computing.ts";
import { EXIT, type ExitCode, type Run, report, untilSignal } from "./exit.ts";
import { countOption, debugOption, modelOption, numberOption } from "./options.ts";
import type { Warn } from "./ui/terminal.ts";

interface ServeFlags extends ComputingFlags, Limits {
  readonly model?: string;
  readonly host: string;
  readonly port: number;
  readonly page: boolean;
  readonly log?: boolean;
}

/** Adds `xformer serve`. */
export function addServe(program: Command, run: Run): void {
  const command = program
    .command("serve")
    .description("serve a model over HTTP: the page of `explain`, and translations as JSON")
    .addOption(modelOption())
    .addOption(hostOption())
    .addOption(
      countOption("--port <n>", "the port; 0 for any that is free", { from: 0, to: 65_535 }).default(8080),
    )
    .option("--no-page", "the API alone");
  for (const { flag, usual, range, description } of Object.values(LIMITS))
    command.addOption(numberOption(flag, description, range).default(usual));
  addComputingOptions(command)
    .option("--log", "a line on standard error for each request")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
POST /translate takes {"source": "..."} and the options of the library; GET /
is the page, /playground that which trains, on all cores of who looks at it;
/health and /metrics are for machines. Ctrl-C answers what is under
way and ends; once more, and it ends at once.

Examples:
  $ npx xformer serve --model runs/zh-en-1
  $ npx xformer serve --model runs/zh-en-1 --port 8000 --no-page --log
  $ npx xformer serve --model runs/zh-en-1 --queue 1000 --timeout 10 --max-sentences 20`,
    )
    .action(run((flags: ServeFlags) => serveModel(flags, program.version() ?? "")));
}

/** `--host`; an empty one, of a variable that is not set, would be every address there is. */
function hostOption(): Option {
  const option = new Option("--host <address>", "where to listen; 0.0.0.0 for everywhere");
  return option.default("127.0.0.1", "127.0.0.1").argParser((text) => {
    if (text !== "") return text;
    throw new XformerError("USAGE", "--host: the address is empty", { hint: "Give an address." });
  });
}

async function serveModel(flags: ServeFlags, version: string): Promise<ExitCode> {
  const [{ modelOrNewest }, { coloursFor, print, printable, shownLines, warnings }] = await Promise.all([
    import("./newestRun.ts"),
    import("./ui/terminal.ts"),
  ]);
  const path = await modelOrNewest(flags.model);
  const warn = warnings(false);
  const note = (text: string): void =>
    void process.stderr.write(`${coloursFor(process.stderr).dim(printable(text))}\n`);
  const onLog = (line: string): void => note(`${new Date().toISOString()} ${line}`);
  await untilSignal(
    async (signal) => {
      const started = await start(path, { ...flags, version, signal, warn, onLog }).catch(
        (error: unknown) => {
          if (!signal.aborted) throw error;
        },
      );
      if (started === undefined) return;
      const { server, close } = started;
      try {
        const { url, isLocal } = server;
        if (!isLocal) warn(`whoever can reach ${url} can use it: there is no password and no encryption.`);
        await print(shownLines(`${flags.page ? "The page and the API are" : "The API is"} at ${url}\n`));
        await Promise.race([aborted(signal), server.lost]);
      } finally {
        await close();
      }
    },
    () => note("Answering what is under way. Once more, and it ends at once."),
    () => {},
  );
  return EXIT.done; // who asks a server to end has not interrupted it
}

interface Start extends ServeFlags {
  readonly version: string;
  readonly signal: AbortSignal;
  readonly warn: Warn;
  readonly onLog: (line: string) => void;
}

/** Loads the model and listens. */
async function start(
  path: string,
  { host, port, page, log, threads, kernels, version, signal, warn, onLog, ...limits }: Start,
): Promise<{ readonly server: RunningServer; readonly close: () => Promise<void> }> {
  const [{ serve }, { loadModel }, { loadCheckpoint }, { explorerPage, playgroundPage }] = await Promise.all([
    import("../serve/server.ts"),
    import("../library/loadModel.ts"),
    import("../training/checkpoint.ts"),
    import("./webPage.ts"),
  ]);
  const model = await loadModel(path, { worker: true, threads, kernels, signal });
  if (model.warning !== undefined) warn(model.warning);
  try {
    const server = await serve({
      ...{ model, limits, version, host, port },
      pages: page
        ? {
            explorer: explorerPage({ checkpoint: loadCheckpoint(path), half: false }),
            playground: playgroundPage(),
          }
        : {},
      ...(log ? { onLog } : {}),
      onFailure: (error) => void report(error, false),
    });
    const close = async (): Promise<void> => {
      await server.stop();
      await model.close();
    };
    return { server, close };
  } catch (error) {
    await model.close();
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
