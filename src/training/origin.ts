import { join } from "node:path";
import { XformerError } from "../errors.ts";
import { sha256Of } from "../io/fileHash.ts";
import { ARCHITECTURE, PRESETS } from "../model/config.ts";
import type { Parameters } from "../model/parameters.ts";
import { Transformer } from "../model/transformer.ts";
import type { Heap } from "../tensor/heap.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Adam } from "./adam.ts";
import { checkpointFile, loadCheckpoint } from "./checkpoint.ts";
import {
  type Checkpoint,
  type CheckpointDescription,
  FIRST_MOMENT,
  SECOND_MOMENT,
  tensorIn,
} from "./checkpointFormat.ts";
import type { ConfigOptions, DataConfig, StartConfig, TokenizerConfig } from "./config.ts";
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
    tokenizer: tokenizerOf(origin, options),
    ...(options.data === undefined
      ? {}
      : { data: { ...options.data, ...languagesOf(origin, options.data) } }),
  };
}

function tokenizerOf(
  {
    sourceTokenizer: source,
    targetTokenizer: target,
    file,
  }: CheckpointDescription & { readonly file: string },
  { tokenizer = {}, extendVocabulary = false }: ConfigOptions,
): Partial<TokenizerConfig> {
  const { kind, lowercase } = source;
  const own = { kind, lowercase, joint: areOne(source, target), file: null };
  const { joint, vocabularySize = null, minFrequency = null, ...others } = tokenizer;
  refuseOther(file, "tokenizer", own, others);
  if (joint !== null) refuseOther(file, "tokenizer", own, { joint });
  if (!extendVocabulary && (vocabularySize !== null || minFrequency !== null)) {
    const asked =
      vocabularySize !== null ? `vocabularySize is ${vocabularySize}` : `minFrequency is ${minFrequency}`;
    throw new XformerError("CONFIG", `${asked}, but the model to start from has its vocabulary`, {
      file,
      hint: "Leave it out, or give --extend-vocabulary.",
    });
  }
  return { ...tokenizer, ...own };
}

/** Whether both sides have one vocabulary. */
export function areOne(source: Tokenizer, target: Tokenizer): boolean {
  return source === target || JSON.stringify(source) === JSON.stringify(target);
}

function languagesOf(origin: CheckpointDescription, data: Partial<DataConfig>): Partial<DataConfig> {
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
