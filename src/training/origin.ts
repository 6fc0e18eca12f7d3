import { join } from "node:path";
import { XformerError } from "../errors.ts";
import { sha256Of } from "../io/fileHash.ts";
import { ARCHITECTURE, PRESETS } from "../model/config.ts";
import type { Parameters } from "../model/parameters.ts";
import { Transformer } from "../model/transformer.ts";
import type { Heap } from "../tensor/heap.ts";
import type { Tokenizer, TokenizerKind, TokenKind } from "../text/tokenizer.ts";
import type { Adam } from "./adam.ts";
import { checkpointFile, loadCheckpoint } from "./checkpoint.ts";
import {
  type Checkpoint,
  type CheckpointDescription,
  FIRST_MOMENT,
  SECOND_MOMENT,
  tensorIn,
} from "./checkpointFormat.ts";
import type { ConfigOptions, DataOptions, StartConfig, TokenizerOptions } from "./config.ts";
import { RunDirectory } from "./runDirectory.ts";
import type { StartingRows } from "./startingRows.ts";
import type { OriginRecord } from "./state.ts";

/** A model to start from. */
export type Origin = Checkpoint & { readonly record: OriginRecord };

/**
 * The checkpoint that `from` means: the best of a run, or the last, which has the moments, when these are asked for.
 *
 * @throws XformerError CHECKPOINT or IO when there is none
 */
export function originFile({
  from,
  keepOptimizer,
}: Pick<StartConfig, "keepOptimizer"> & { readonly from: string }): string {
  const best = checkpointFile(from);
  return keepOptimizer && best === new RunDirectory(from).best ? join(from, "last.safetensors") : best;
}

/**
 * Reads the model that a run is to start from.
 *
 * @throws XformerError CHECKPOINT or IO when it cannot be read, or has no moments though they are to be kept
 */
export function loadOrigin(start: Pick<StartConfig, "keepOptimizer"> & { readonly from: string }): Origin {
  const file = originFile(start);
  const checkpoint = loadCheckpoint(file);
  const { step, skipped, origin } = checkpoint.training;
  const hasMoments = [...checkpoint.tensors.keys()].some((name) => name.startsWith(FIRST_MOMENT));
  if (start.keepOptimizer && !hasMoments) {
    throw new XformerError("CHECKPOINT", "it has no moments of Adam, which --keep-optimizer needs", {
      file,
      hint: "Name the last.safetensors of its run, or leave out --keep-optimizer.",
    });
  }
  const updates = start.keepOptimizer ? (origin?.updates ?? 0) + step - skipped : 0;
  return { ...checkpoint, record: { sha256: sha256Of(file), step, updates } };
}

/**
 * The options of a run with what it has from its origin: the architecture, the tokenizers, and the languages where nothing
 * else is said.
 *
 * @throws XformerError CONFIG for an option that contradicts it
 */
export function withOrigin<Options extends ConfigOptions>(
  options: Options,
  origin: CheckpointDescription & { readonly file: string },
): Options {
  const { model, file } = origin;
  const asked = { ...(options.preset === undefined ? {} : PRESETS[options.preset]), ...options.model };
  // A learned position has a row of its own: there the longest sentence is in the shapes, too.
  const fixed = model.positions === "learned" ? [...ARCHITECTURE, "maxLength" as const] : ARCHITECTURE;
  const architecture = Object.fromEntries(fixed.map((field) => [field, model[field]]));
  refuseOther(file, "model", architecture, asked);
  return {
    ...options,
    model: { maxLength: model.maxLength, ...asked, ...architecture },
    tokenizer: tokenizerFrom(origin, options),
    ...(options.data === undefined
      ? {}
      : { data: { ...options.data, ...languagesOf(origin, options.data) } }),
  };
}

/** How the text of each side becomes tokens in the model; what is asked of one side or both must not contradict it. */
function tokenizerFrom(
  {
    sourceTokenizer: source,
    targetTokenizer: target,
    file,
  }: CheckpointDescription & { readonly file: string },
  { tokenizer = {}, extendVocabulary = false }: ConfigOptions,
): TokenizerOptions {
  const joint = areOne(source, target);
  if (tokenizer.joint != null) refuseOther(file, "tokenizer", { joint }, { joint: tokenizer.joint });
  for (const [side, { kind: tokens, lowercase }] of [
    ["source", source],
    ["target", target],
  ] as const) {
    const kind = nearestKind(tokens);
    const { kind: ownKind, lowercase: ownLowercase, file: ownFile } = tokenizer[side] ?? {};
    const own = { kind, lowercase, file: null };
    const asked = { kind: ownKind, lowercase: ownLowercase, file: ownFile };
    refuseOther(file, `tokenizer.${side}`, own, withoutNulls(asked));
    const ofBoth = {
      kind: ownKind == null ? tokenizer.kind : undefined,
      lowercase: ownLowercase == null ? tokenizer.lowercase : undefined,
      file: ownFile == null && ownKind == null ? tokenizer.file : undefined,
    };
    refuseOther(file, "tokenizer", own, ofBoth);
  }
  if (!extendVocabulary) refuseLimits(file, tokenizer);
  const sides = {
    source: { ...tokenizer.source, kind: null, lowercase: null, file: null },
    target: {
      ...tokenizer.target,
      kind: target.kind === source.kind ? null : nearestKind(target.kind),
      lowercase: target.lowercase === source.lowercase ? null : target.lowercase,
      file: null,
    },
  };
  const both = { kind: nearestKind(source.kind), lowercase: source.lowercase, joint, file: null };
  return { ...tokenizer, ...both, ...sides };
}

/** What a configuration calls the tokens of a model: it names what can be learned, and any pieces of words count as bpe. */
function nearestKind(kind: TokenKind): TokenizerKind {
  return kind === "unigram" || kind === "wordpiece" ? "bpe" : kind;
}

/** What is null on a side is as on both. */
function withoutNulls(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function refuseLimits(file: string, { source = {}, target = {}, ...both }: TokenizerOptions): void {
  for (const [place, { vocabularySize, minFrequency }] of [
    ["", both],
    ["source.", source],
    ["target.", target],
  ] as const) {
    if (vocabularySize == null && minFrequency == null) continue;
    const asked =
      vocabularySize != null ? `vocabularySize is ${vocabularySize}` : `minFrequency is ${minFrequency}`;
    throw new XformerError("CONFIG", `${place}${asked}, but the model to start from has its vocabulary`, {
      file,
      hint: "Leave it out, or give --extend-vocabulary.",
    });
  }
}

/** Whether both sides have one vocabulary. */
export function areOne(source: Tokenizer, target: Tokenizer): boolean {
  return source === target || JSON.stringify(source) === JSON.stringify(target);
}

function languagesOf(origin: CheckpointDescription, data: DataOptions): DataOptions {
  return {
    sourceLanguage: data.sourceLanguage || origin.sourceLanguage,
    targetLanguage: data.targetLanguage || origin.targetLanguage,
  };
}

function refuseOther(file: string, what: string, own: object, asked: object): void {
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined || !Object.hasOwn(own, name)) continue;
    const has = (own as Record<string, unknown>)[name];
    if (value === has) continue;
    throw new XformerError("CONFIG", `this model has ${what} setting ${name} = ${has}, not ${value}`, {
      file,
      hint: "Leave the setting out to start from it, or begin without --from.",
    });
  }
}

/** Fills the parameters of a model with those that it starts from; tokens that are new start as `rows` say. */
export function fillParameters(parameters: Parameters, origin: Checkpoint, rows: StartingRows): void {
  const before = new Transformer(origin.model).parameters;
  for (const parameter of parameters.list) {
    const { name, columns, shape } = parameter;
    const values = parameters.values(parameter);
    values.set(tensorIn(origin, name, before.get(name).shape));
    rows.fill(name, values, shape.length === 1 ? 1 : columns);
  }
}

/** Fills Adam's moments with those of the origin; tokens that are new have none. */
export function fillMoments({ list, size }: Parameters, adam: Adam, origin: Checkpoint, heap: Heap): void {
  const before = new Transformer(origin.model).parameters;
  for (const [prefix, region] of [
    [FIRST_MOMENT, adam.m],
    [SECOND_MOMENT, adam.v],
  ] as const) {
    const moments = heap.floats(region, size).fill(0);
    for (const { name, offset } of list)
      moments.set(tensorIn(origin, `${prefix}${name}`, before.get(name).shape), offset);
  }
}
