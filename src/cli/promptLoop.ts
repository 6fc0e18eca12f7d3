import { createInterface } from "node:readline/promises";
import type { DecodingOptions } from "../decoding/options.ts";
import type { TrainedModel } from "../trainedModel.ts";
import { EXIT, type ExitCode } from "./exitCodes.ts";
import { coloursFor } from "./ui/colour.ts";
import { printable } from "./ui/format.ts";
import { unknownWords } from "./unknownWords.ts";

/** Translates what is typed, a line at a time, until `:quit` or Ctrl-D (then done) or Ctrl-C (then interrupted). */
export async function promptLoop(model: TrainedModel, options: DecodingOptions): Promise<ExitCode> {
  const { sourceLanguage, targetLanguage, model: config } = model.description;
  const notes = coloursFor(process.stderr);
  const note = (text: string): void => void process.stderr.write(`${notes.dim(printable(text))}\n`);
  const from = sourceLanguage || "source";
  const to = targetLanguage || "target";
  note(`Type a line of ${from}, get it in ${to}. :quit or Ctrl-D leaves.`);
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
    prompt: notes.cyan(`${from}> `),
  });
  let code: ExitCode = EXIT.done;
  terminal.on("SIGINT", () => {
    code = EXIT.interrupted;
    terminal.close();
  });
  terminal.prompt();
  let asked = false;
  for await (const line of terminal) {
    asked = line.trim() === ":quit";
    if (asked) break;
    if (line.trim() !== "") {
      const [translation] = await model.translator.translate([line], options);
      const { text, overLong, sourceTokens } = translation!;
      process.stdout.write(
        `${process.stdout.isTTY ? coloursFor(process.stdout).bold(printable(text)) : text}\n`,
      );
      const unknown = unknownWords(model.translator.sourceTokenizer, line);
      if (unknown.length > 0) note(`unknown to the model: ${unknown.join(", ")}`);
      if (overLong)
        note(`${sourceTokens} tokens, more than the ${config.maxLength} the model was trained for`);
    }
    terminal.prompt();
  }
  terminal.close();
  await model.close();
  if (!asked) process.stderr.write("\n"); // Ctrl-D and Ctrl-C leave the cursor behind the prompt
  return code;
}
