import { floatsIn } from "../model/parameters.ts";
import type { describeCheckpoint } from "../training/checkpoint.ts";
import { SETTINGS, valueIn } from "../training/settings/table.ts";
import { bestOf } from "../training/state.ts";
import { apart, type Block, type Span, table } from "./document.ts";
import { count, counted, percent } from "./format.ts";

/** A checkpoint as far as it can be described without reading its numbers. */
type Described = ReturnType<typeof describeCheckpoint>;

/** A configuration that says nothing. */
const NOTHING = { data: {}, filter: {}, tokenizer: {}, model: {}, training: {} };

interface TokenizerSummary {
  readonly kind: string;
  readonly lowercase: boolean;
  readonly vocabulary: number;
}

/** Everything about a checkpoint but its numbers. */
export interface Inspection {
  readonly file: string;
  readonly model: object;
  readonly languages: { readonly source: string; readonly target: string };
  readonly outputLimit: number;
  /** The longest lines of training; undefined in files from before they were kept. */
  readonly lengths: Described["lengths"];
  readonly tokenizers: { readonly source: TokenizerSummary; readonly target: TokenizerSummary };
  readonly parameters: { readonly total: number; readonly parts: Readonly<Record<string, number>> };
  readonly tensors: Described["shapes"];
  /** Whether Adam's moments are there, so that training can go on. */
  readonly resumable: boolean;
  readonly training: Described["training"];
}

/** Puts together what is worth knowing about a checkpoint. */
export function inspection(checkpoint: Described): Inspection {
  const { file, model, shapes, sourceTokenizer, targetTokenizer, training } = checkpoint;
  const tensors = shapes.filter(({ name }) => !name.startsWith("adam."));
  const parts: Record<string, number> = {};
  for (const { name, shape } of tensors) {
    const part = partOf(name);
    parts[part] = (parts[part] ?? 0) + floatsIn(shape);
  }
  const about = ({ kind, lowercase, vocabulary }: typeof sourceTokenizer): TokenizerSummary => ({
    kind,
    lowercase,
    vocabulary: vocabulary.size,
  });
  return {
    file,
    model,
    languages: { source: checkpoint.sourceLanguage, target: checkpoint.targetLanguage },
    outputLimit: checkpoint.outputLimit,
    lengths: checkpoint.lengths,
    tokenizers: { source: about(sourceTokenizer), target: about(targetTokenizer) },
    parameters: { total: Object.values(parts).reduce((sum, size) => sum + size, 0), parts },
    tensors,
    resumable: tensors.length < shapes.length,
    training,
  };
}

/** An inspection for people. */
export function inspectionDocument(found: Inspection): Block[] {
  const { parameters, tensors, training } = found;
  const { total } = parameters;
  const share = (size: number): string => percent((100 * size) / total);
  const sizes = Object.entries(parameters.parts).map(([part, size]) => [part, count(size), share(size)]);
  const shapes = tensors.map(({ name, shape }) => [name, shape.join(" x "), count(floatsIn(shape))]);
  return apart(
    section(`${found.file}, ${counted(training.step, "step")}`, history(training)),
    section("Text", table(outline(found))),
    section("Model", table(settingsOf("model", found.model))),
    section("Training", table(settingsOf("training", training.config))),
    section("Parameters", table([...sizes, ["total", count(total), share(total)]], [1, 2])),
    section("Tensors", table(shapes, [1, 2])),
  );
}

function section(title: string, body: Block): Block[] {
  return [{ kind: "heading", text: title }, body];
}

function outline({ tokenizers, languages, outputLimit, lengths, resumable, training }: Inspection): Span[][] {
  const side = (name: "source" | "target"): string => {
    const { kind, lowercase, vocabulary } = tokenizers[name];
    return `${languages[name] || "-"}, ${kind}s${lowercase ? " in lowercase" : ""}, vocabulary ${count(vocabulary)}`;
  };
  return [
    ["source", side("source")],
    ["target", `${side("target")}, at most ${count(outputLimit)} tokens out`],
    ...(lengths === undefined ? [] : [["trained on", longest(lengths)]]),
    ...(training.origin === undefined ? [] : [["started from", startedFrom(training.origin)]]),
    ["resumable", resumable ? "yes, it holds Adam's moments" : "no, see last.safetensors of its run"],
  ];
}

function startedFrom({ step, sha256, updates }: NonNullable<Inspection["training"]["origin"]>): string {
  const moments = updates === 0 ? "" : `, with Adam's moments of ${counted(updates, "update")}`;
  return `step ${count(step)} of the checkpoint with SHA-256 ${sha256}${moments}`;
}

function longest({ source, target, sentences }: NonNullable<Inspection["lengths"]>): string {
  return `sources of up to ${counted(source, "token")} and ${counted(sentences, "sentence")}, targets of up to ${counted(target, "token")}`;
}

function history(training: Inspection["training"]): Block {
  const { validations } = training;
  const best = bestOf(training);
  if (validations.length === 0) return table([["no validation yet"]]);
  return table(
    [
      ["step", "loss", "perplexity", "BLEU", "exact match", ""],
      ...validations.map(({ step, valid }) => [
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

/** The settings of a section, by their keys in a configuration file; what an older file does not say is left out. */
export function settingsOf(
  section: "model" | "training",
  config: object,
): (readonly [key: string, value: string])[] {
  return SETTINGS[section].flatMap((setting) => {
    const value = valueIn({ ...NOTHING, [section]: config }, setting);
    const text = value === null ? "-" : String(value);
    return value === undefined ? [] : [[setting.key, text] as const];
  });
}

/** The part of the model that a tensor belongs to: a layer counts to its stack, the rest by what it is. */
function partOf(name: string): string {
  const [first = name] = name.split(".");
  return first.replaceAll("_", " ");
}
