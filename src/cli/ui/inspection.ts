import type { ChalkInstance } from "chalk";
import { floatsIn } from "../../model/parameters.ts";
import type { describeCheckpoint } from "../../training/checkpoint.ts";
import { bestOf } from "../../training/state.ts";
import { count, percent, printable } from "./format.ts";
import { type Cell, table } from "./table.ts";

/** A tensor of a checkpoint. */
interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Everything about a checkpoint but its numbers. */
export interface Inspection {
  readonly file: string;
  readonly model: object;
  readonly languages: { readonly source: string; readonly target: string };
  readonly outputLimit: number;
  readonly tokenizers: {
    readonly source: { readonly kind: string; readonly lowercase: boolean; readonly vocabulary: number };
    readonly target: { readonly kind: string; readonly lowercase: boolean; readonly vocabulary: number };
  };
  readonly parameters: { readonly total: number; readonly parts: Readonly<Record<string, number>> };
  readonly tensors: readonly Tensor[];
  /** Whether Adam's moments are there, so that training can go on. */
  readonly resumable: boolean;
  readonly training: ReturnType<typeof describeCheckpoint>["training"];
}

/** Puts together what is worth knowing about a checkpoint. */
export function inspection(checkpoint: ReturnType<typeof describeCheckpoint>): Inspection {
  const { file, model, shapes, sourceTokenizer, targetTokenizer, training } = checkpoint;
  const tensors = shapes.filter(({ name }) => !name.startsWith("adam."));
  const parts: Record<string, number> = {};
  for (const { name, shape } of tensors) {
    const part = partOf(name);
    parts[part] = (parts[part] ?? 0) + floatsIn(shape);
  }
  const about = ({ kind, lowercase, vocabulary }: typeof sourceTokenizer) => ({
    kind,
    lowercase,
    vocabulary: vocabulary.size,
  });
  return {
    file,
    model,
    languages: { source: checkpoint.sourceLanguage, target: checkpoint.targetLanguage },
    outputLimit: checkpoint.outputLimit,
    tokenizers: { source: about(sourceTokenizer), target: about(targetTokenizer) },
    parameters: { total: Object.values(parts).reduce((sum, size) => sum + size, 0), parts },
    tensors,
    resumable: tensors.length < shapes.length,
    training,
  };
}

/** An inspection for people. */
export function inspectionText(found: Inspection, colours: ChalkInstance): string {
  const { parameters, tensors, training, tokenizers, languages } = found;
  const section = (title: string, body: string): string => `${colours.bold(title)}\n${body}`;
  const { total } = parameters;
  const share = (size: number): Cell => percent((100 * size) / total);
  const side = (name: "source" | "target"): string => {
    const { kind, lowercase, vocabulary } = tokenizers[name];
    return `${languages[name] || "-"}, ${kind}s${lowercase ? " in lowercase" : ""}, vocabulary ${count(vocabulary)}`;
  };
  return [
    section(
      printable(found.file),
      table([
        ["source", side("source")],
        ["target", `${side("target")}, at most ${count(found.outputLimit)} tokens out`],
        [
          "resumable",
          found.resumable ? "yes, it holds Adam's moments" : "no, see last.safetensors of its run",
        ],
      ]),
    ),
    section("Model", table(settings(found.model))),
    section("Training", table(settings(training.config))),
    section(
      "Parameters",
      table(
        [
          ...Object.entries(parameters.parts).map(([part, size]): Cell[] => [part, count(size), share(size)]),
          ["total", count(total), share(total)],
        ],
        [1, 2],
      ),
    ),
    section(
      "Tensors",
      table(
        tensors.map(({ name, shape }): Cell[] => [name, shape.join(" x "), count(floatsIn(shape))]),
        [1, 2],
      ),
    ),
    section(`History, ${count(training.step)} steps`, history(training)),
  ].join("\n");
}

function history(training: Inspection["training"]): string {
  const { validations } = training;
  const best = bestOf(training);
  if (validations.length === 0) return "  no validation yet\n";
  return table(
    [
      ["step", "loss", "perplexity", "BLEU", "exact match", ""],
      ...validations.map(({ step, valid }): Cell[] => [
        count(step),
        valid.loss.toFixed(4),
        valid.perplexity.toFixed(3),
        valid.bleu.toFixed(2),
        percent(valid.exactMatch),
        step === best?.step ? "best" : "",
      ]),
    ],
    [0, 1, 2, 3, 4],
  );
}

function settings(config: object): Cell[][] {
  return Object.entries(config).map(([name, value]) => [name, value === null ? "-" : String(value)]);
}

/** The part of the model that a tensor belongs to: a layer counts to its stack, the rest by what it is. */
function partOf(name: string): string {
  const [first = name] = name.split(".");
  return first.replaceAll("_", " ");
}
