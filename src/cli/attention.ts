import { type Command, Option } from "commander";
import type { AttentionChoice } from "../decoding/pairTrace.ts";
import { XformerError } from "../errors.ts";
import { ATTENTION_KINDS, type AttentionKind } from "../model/config.ts";
import { parseNumber } from "../valueType.ts";
import { addComputingOptions, type ComputingFlags } from "./computing.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { choiceOption, debugOption, modelOption, pathOption } from "./options.ts";

interface AttentionFlags extends ComputingFlags {
  readonly model?: string;
  readonly source: string;
  readonly target?: string;
  readonly kind?: AttentionKind;
  readonly layer?: Part;
  readonly head?: Part;
  readonly output?: string;
  readonly quiet?: boolean;
}

/** A layer or a head as people count them, from 1, or the mean of all. */
type Part = number | "mean";

/** The kinds of files that a map can be, by the ending of their names. */
const ENDINGS = [".svg", ".png", ".json"] as const;

/** Adds `xformer attention`. */
export function addAttention(program: Command, run: Run): void {
  const command = program
    .command("attention")
    .description("draw what a model looks at while it translates a sentence, as a heat map")
    .addOption(modelOption())
    .requiredOption("-s, --source <text>", "the sentence to read")
    .option("-t, --target <text>", "what it writes (default: its own greedy translation)")
    .addOption(choiceOption("--kind <kind>", "whose attention", ATTENTION_KINDS, "cross"))
    .addOption(partOption("layer", "the last"))
    .addOption(partOption("head", "mean"))
    .addOption(
      pathOption(
        "-o, --output <file>",
        `a file instead of the terminal: ${ENDINGS.join(", ")} (all layers and heads)`,
      ),
    );
  addComputingOptions(command)
    .option("-q, --quiet", "no warnings")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
A row is a token and adds up to 100 %. In the terminal the map is in colours where there are 256 of them, and in shades
of grey otherwise. Files are .svg, .png (letters beyond ASCII as their code points) or .json.

Examples:
  $ npx xformer attention --model runs/zh-en-1 --source "我很好。"
  $ npx xformer attention --model runs/zh-en-1 --source "我很好。" --target "I am fine." --layer 1 --head 2
  $ npx xformer attention --model runs/zh-en-1 --source "我很好。" --kind encoder --layer mean
  $ npx xformer attention --model runs/zh-en-1 --source "我很好。" --output attention.svg`,
    )
    .action(run(attention));
}

function partOption(part: "layer" | "head", usual: string): Option {
  const option = new Option(
    `--${part} <n|mean>`,
    `which ${part}, from 1, or the mean of all (default: ${usual})`,
  );
  return option.argParser((text): Part => {
    const number = parseNumber(text);
    if (text === "mean" || (Number.isSafeInteger(number) && number >= 1))
      return text === "mean" ? text : number;
    throw new XformerError(
      "USAGE",
      `--${part}: expected a whole number of at least 1, or mean, got "${text}"`,
    );
  });
}

async function attention(flags: AttentionFlags): Promise<ExitCode> {
  const ending = endingOf(flags.output);
  const [{ traceSentence }, { attentionDocument, attentionJson, attentionMap, attentionTitle }] =
    await Promise.all([import("./traceSentence.ts"), import("../report/attention.ts")]);
  const { trace, model } = await traceSentence(flags, ({ model }) => choiceOf(flags, model));
  const choice = choiceOf(flags, model.description.model);
  if (flags.output === undefined) {
    const [{ canvasFor, render }, { print }] = await Promise.all([
      import("./ui/render.ts"),
      import("./ui/terminal.ts"),
    ]);
    await print(render(attentionDocument(trace, choice), canvasFor(process.stdout)));
    return EXIT.done;
  }
  const [{ atomicWrite }, { heatMapSvg }, { heatMapPng }] = await Promise.all([
    import("../io/atomicWrite.ts"),
    import("./ui/heatMapSvg.ts"),
    import("./ui/heatMapPng.ts"),
  ]);
  const title = attentionTitle(trace, choice);
  const content = {
    ".svg": () => heatMapSvg(attentionMap(trace, choice), title),
    ".png": () => heatMapPng(attentionMap(trace, choice), title),
    ".json": () => `${JSON.stringify(attentionJson(trace, model.description.file))}\n`,
  }[ending!]();
  atomicWrite(flags.output, (write) => write(content));
  return EXIT.done;
}

/** What kind of file is wanted; undefined for none. */
function endingOf(output: string | undefined): (typeof ENDINGS)[number] | undefined {
  const ending = ENDINGS.find((known) => output?.toLowerCase().endsWith(known));
  if (output === undefined || ending !== undefined) return ending;
  throw new XformerError("USAGE", `--output: "${output}" does not end in ${ENDINGS.join(", ")}`, {
    hint: "Name a file of one of these kinds.",
  });
}

/** The layer and head that are meant in a model that has so many. */
function choiceOf(
  { kind = "cross", layer, head = "mean" }: AttentionFlags,
  { nEncoderLayers, nDecoderLayers, nHeads }: ModelSizes,
): AttentionChoice {
  const layers = kind === "encoder" ? nEncoderLayers : nDecoderLayers;
  const side = kind === "encoder" ? "the encoder" : "the decoder";
  return {
    kind,
    layer: indexOf("layer", layer ?? layers, layers, `${side} has`),
    head: indexOf("head", head, nHeads, "a layer has"),
  };
}

interface ModelSizes {
  readonly nEncoderLayers: number;
  readonly nDecoderLayers: number;
  readonly nHeads: number;
}

function indexOf(name: "layer" | "head", part: Part, count: number, whole: string): number | "mean" {
  if (part === "mean") return part;
  if (part <= count) return part - 1;
  throw new XformerError("USAGE", `--${name}: there is no ${name} ${part}, ${whole} ${count}`, {
    hint: count === 1 ? "Leave it out." : `Give a number from 1 to ${count}, or mean.`,
  });
}
