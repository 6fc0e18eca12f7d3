import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addAttention } from "./attention.ts";
import { addAverage } from "./average.ts";
import { addCheck } from "./check.ts";
import { addData } from "./data.ts";
import { addDoctor } from "./doctor.ts";
import { addEval } from "./eval.ts";
import type { Run } from "./exit.ts";
import { addExport } from "./export.ts";
import { helpConfiguration } from "./helpLayout.ts";
import { addInspect } from "./inspect.ts";
import { addLab } from "./lab.ts";
import { addPages } from "./pages.ts";
import { addReport } from "./report.ts";
import { addScore } from "./score.ts";
import { addServe } from "./serve.ts";
import { addTokenize } from "./tokenize.ts";
import { addTokenizer } from "./tokenizer.ts";
import { addTrain } from "./train.ts";
import { addTranslate } from "./translate.ts";

/**
 * The command line: every command with its flags. What a command needs to do its work is loaded when it runs,
 * so that `--help` is there at once.
 *
 * @param write gets help, in parts
 */
export function createProgram(run: Run, write: (help: string, stream: NodeJS.WriteStream) => void): Command {
  const program = new Command("xformer")
    .description("Train, run and understand a small sequence-to-sequence Transformer from the terminal.")
    .version(readVersion())
    .configureHelp(helpConfiguration())
    .configureOutput({
      writeOut: (text) => write(text, process.stdout),
      writeErr: (text) => write(text, process.stderr),
      outputError: () => {}, // main reports errors, in one line
    })
    .exitOverride()
    .addHelpText(
      "after",
      `
Examples:
  $ npx xformer train                                            train on the bundled Chinese-English corpus
  $ echo "我很好。" | npx xformer translate --model runs/zh-en-1   translate with what was trained
  $ npx xformer translate                                        type sentences; :attention draws a heat map
  $ npx xformer train --help                                     everything about a command`,
    );
  const running = [addTrain, addTranslate, addServe, addEval, addScore, addLab];
  const looking = [addReport, addPages, addAttention, addTokenize, addTokenizer, addInspect, addCheck];
  for (const add of [...running, ...looking, addAverage, addExport, addData, addDoctor]) add(program, run);
  return program;
}

function readVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
