import type { SeenLengths } from "../decoding/longLines.ts";
import { XformerError } from "../errors.ts";
import {
  bytesInMemory,
  type Checksum,
  type NamedTensor,
  readAll,
  type StoredTensor,
} from "../io/safetensorsFormat.ts";
import { at, type Pointer } from "../kernels/kernels.ts";
import { DEFAULT_MODEL, type ModelConfig, validateModelConfig } from "../model/config.ts";
import { floatsIn } from "../model/parameters.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Heap } from "../tensor/heap.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { tokenizerFromJSON } from "../text/tokenizerKinds.ts";
import type { Adam } from "./adam.ts";
import type { TrainingState } from "./state.ts";

/** The version of what xformer keeps in the metadata; a reader refuses newer ones. */
const FORMAT_VERSION = 1;

/** The names of Adam's moments and of the averaged weights, which `last.safetensors` holds beside the parameters. */
const FIRST_MOMENT = "adam.exp_avg.";
const SECOND_MOMENT = "adam.exp_avg_sq.";
const MOVING_AVERAGE = "ema.";

/** What a checkpoint says about itself, apart from its tensors. */
export interface CheckpointDescription {
  readonly model: ModelConfig;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
  /** The most tokens a translation may have. */
  readonly outputLimit: number;
  /** The longest lines of training; files written before they were kept have none. */
  readonly lengths?: SeenLengths | undefined;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;
  /** Where training stood. */
  readonly training: TrainingState;
}

/** A checkpoint that was read and verified. */
export interface Checkpoint extends CheckpointDescription {
  /** The file it came from. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** What `last.safetensors` holds beside the parameters, so that training can go on from it. */
export interface Optimizer {
  readonly adam: Adam;
  /** The moving average of the weights, when one is kept. */
  readonly movingAverage: Pointer | undefined;
}

/**
 * Reads and verifies a checkpoint that is in memory.
 *
 * @param name what messages call it
 * @throws XformerError CHECKPOINT naming what is wrong with it
 */
export function parseCheckpoint(content: Uint8Array, name: string, checksum: Checksum): Checkpoint {
  const { tensors, metadata } = readAll(bytesInMemory(content), name, checksum);
  return { ...parseDescription(metadata, name), file: name, tensors };
}

/** A prefix of tensor names, and where the tensors lie, laid out as the parameters. */
type Region = readonly [prefix: string, region: Pointer];

function regionsOf(optimizer: Optimizer | undefined): Region[] {
  if (optimizer === undefined) return [];
  const { adam, movingAverage } = optimizer;
  return [
    [FIRST_MOMENT, adam.m],
    [SECOND_MOMENT, adam.v],
    ...(movingAverage === undefined ? [] : [[MOVING_AVERAGE, movingAverage] as const]),
  ];
}

/** The tensors of a model, and of its optimizer when training is to go on, as views. */
export function tensorsOf(model: Transformer, heap: Heap, optimizer?: Optimizer): NamedTensor[] {
  const { list, pointer } = model.parameters;
  const regions: Region[] = [["", pointer], ...regionsOf(optimizer)];
  return regions.flatMap(([prefix, region]) =>
    list.map(({ name, shape, offset }) => ({
      name: `${prefix}${name}`,
      shape,
      data: heap.floats(at(region, offset), floatsIn(shape)),
    })),
  );
}

/** What a checkpoint says about itself, as strings. */
export function metadataOf(description: CheckpointDescription): Record<string, string> {
  const { model, sourceTokenizer, targetTokenizer, training, ...translation } = description;
  const { sourceLanguage, targetLanguage, outputLimit, lengths } = translation;
  return {
    format: "xformer",
    format_version: String(FORMAT_VERSION),
    model: JSON.stringify(model),
    translation: JSON.stringify({ sourceLanguage, targetLanguage, outputLimit, lengths }),
    source_tokenizer: JSON.stringify(sourceTokenizer.toJSON()),
    target_tokenizer: JSON.stringify(targetTokenizer.toJSON()),
    training: JSON.stringify(training),
  };
}

/** Fills a model's parameters, and what its optimizer keeps when asked for, from a checkpoint of the same shape. */
export function restore(checkpoint: Checkpoint, model: Transformer, heap: Heap, optimizer?: Optimizer): void {
  const { list, pointer } = model.parameters;
  const regions: Region[] = [["", pointer], ...regionsOf(optimizer)];
  for (const [prefix, region] of regions) {
    for (const { name, shape, offset } of list) {
      const tensor = checkpoint.tensors.get(`${prefix}${name}`);
      if (tensor === undefined) throw damaged(checkpoint.file, `tensor ${prefix}${name} is missing`);
      if (tensor.shape.join() !== shape.join()) {
        throw damaged(
          checkpoint.file,
          `tensor ${prefix}${name} is [${tensor.shape}], but its configuration says [${shape}]`,
        );
      }
      heap.floats(at(region, offset), floatsIn(shape)).set(tensor.data);
    }
  }
}

/** Reads what {@link metadataOf} wrote. */
export function parseDescription(
  metadata: Readonly<Record<string, string>>,
  file: string,
): CheckpointDescription {
  if (metadata.format !== "xformer") {
    throw new XformerError(
      "CHECKPOINT",
      "this safetensors file is not an xformer checkpoint: it lacks xformer's metadata",
      {
        file,
        hint: "Name a file that `xformer train` wrote.",
      },
    );
  }
  const version = Number(metadata.format_version);
  if (!(version <= FORMAT_VERSION)) {
    throw new XformerError(
      "CHECKPOINT",
      `it has format version ${metadata.format_version}, this xformer reads up to ${FORMAT_VERSION}`,
      { file, hint: "Update xformer." },
    );
  }
  const parse = <T>(key: string): T => {
    try {
      return JSON.parse(metadata[key] ?? "") as T;
    } catch (cause) {
      throw damaged(file, `its metadata "${key}" is missing or is not JSON`, cause);
    }
  };
  const model = validated(parse<ModelConfig>("model"), file);
  const sourceTokenizer = tokenizerFromJSON(parse("source_tokenizer"), file);
  const targetTokenizer = tokenizerFromJSON(parse("target_tokenizer"), file);
  for (const [side, tokenizer, size] of [
    ["source", sourceTokenizer, model.sourceVocabSize],
    ["target", targetTokenizer, model.targetVocabSize],
  ] as const) {
    const entries = tokenizer.vocabulary.size;
    if (entries !== size)
      throw damaged(file, `its ${side} vocabulary has ${entries} entries, the model ${size}`);
  }
  const translation =
    parse<Pick<CheckpointDescription, "sourceLanguage" | "targetLanguage" | "outputLimit" | "lengths">>(
      "translation",
    );
  return {
    model,
    ...translation,
    sourceTokenizer,
    targetTokenizer,
    training: parse<TrainingState>("training"),
  };
}

function validated(config: ModelConfig, file: string): ModelConfig {
  try {
    // Files written before dropouts were told apart have one only; what they lack goes where it belongs.
    const usual = DEFAULT_MODEL;
    const { attentionDropout = usual.attentionDropout, activationDropout = usual.activationDropout } =
      config as Partial<ModelConfig>;
    return validateModelConfig({ ...config, attentionDropout, activationDropout });
  } catch (cause) {
    throw damaged(
      file,
      `its configuration cannot be built: ${cause instanceof Error ? cause.message : cause}`,
      cause,
    );
  }
}

function damaged(file: string, problem: string, cause?: unknown): XformerError {
  return new XformerError("CHECKPOINT", problem, { file, hint: "Use another copy, or train again.", cause });
}
