import type { SeenLengths } from "../decoding/longLines.ts";
import { XformerError } from "../errors.ts";
import {
  bytesInMemory,
  type Checksum,
  type NamedTensor,
  readAll,
  type Safetensors,
  type StoredTensor,
} from "../io/safetensorsFormat.ts";
import { at, type Pointer } from "../kernels/kernels.ts";
import {
  DEFAULT_MODEL,
  type ModelConfig,
  storedModel,
  validateModelConfig,
  wholeModel,
} from "../model/config.ts";
import { floatsIn } from "../model/parameters.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Heap } from "../tensor/heap.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { tokenizerFromJSON } from "../text/tokenizerKinds.ts";
import type { Adam } from "./adam.ts";
import { faultOfMetadata, storedTraining, wholeTraining } from "./checkpointSchema.ts";
import type { TrainingState } from "./state.ts";

/** The version of what xformer keeps in the metadata; a reader refuses newer ones. */
const FORMAT_VERSION = 1;

/** The names of Adam's moments and of the averaged weights, which `last.safetensors` holds beside the parameters. */
export const FIRST_MOMENT = "adam.exp_avg.";
export const SECOND_MOMENT = "adam.exp_avg_sq.";
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
  return checkpointOf(readAll(bytesInMemory(content), name, checksum), name);
}

/**
 * A checkpoint from the content of its file.
 *
 * @throws XformerError CHECKPOINT naming what is wrong with it
 */
export function checkpointOf({ tensors, metadata }: Safetensors, file: string): Checkpoint {
  const description = parseDescription(metadata, file);
  refuseNonFinite(tensors, file);
  return { ...description, file, tensors };
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
    model: JSON.stringify(storedModel(model)),
    translation: JSON.stringify({ sourceLanguage, targetLanguage, outputLimit, lengths }),
    source_tokenizer: JSON.stringify(sourceTokenizer.toJSON()),
    target_tokenizer: JSON.stringify(targetTokenizer.toJSON()),
    training: JSON.stringify({ ...training, config: storedTraining(training.config) }),
  };
}

/** Fills a model's parameters, and what its optimizer keeps when asked for, from a checkpoint of the same shape. */
export function restore(checkpoint: Checkpoint, model: Transformer, heap: Heap, optimizer?: Optimizer): void {
  const { list, pointer } = model.parameters;
  const regions: Region[] = [["", pointer], ...regionsOf(optimizer)];
  for (const [prefix, region] of regions) {
    for (const { name, shape, offset } of list) {
      heap.floats(at(region, offset), floatsIn(shape)).set(tensorIn(checkpoint, `${prefix}${name}`, shape));
    }
  }
}

/**
 * The numbers of a tensor.
 *
 * @throws XformerError CHECKPOINT when it is not there, or of another shape
 */
export function tensorIn(
  { file, tensors }: Checkpoint,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw damaged(file, `tensor ${name} is missing`);
  if (tensor.shape.join() !== shape.join())
    throw damaged(file, `tensor ${name} is [${tensor.shape}], but its configuration says [${shape}]`);
  return tensor.data;
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
  const version = metadata.format_version ?? "";
  if (!/^[1-9]\d*$/.test(version) || Number(version) > FORMAT_VERSION) {
    const said = version === "" ? "no format version" : `format version ${version}`;
    throw new XformerError("CHECKPOINT", `it has ${said}, this xformer reads up to ${FORMAT_VERSION}`, {
      file,
      hint: "Update xformer.",
    });
  }
  const parse = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? "");
    } catch (cause) {
      throw damaged(file, `its metadata "${key}" is missing or is not JSON`, cause);
    }
  };
  const { model, translation, training } = checked(
    { model: parse("model"), translation: parse("translation"), training: parse("training") },
    file,
  );
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
  const config = wholeTraining(training.config);
  const whole = { ...training, config };
  return { model, ...translation, sourceTokenizer, targetTokenizer, training: whole };
}

/** What stands in the metadata as JSON. */
interface Metadata {
  readonly model: ModelConfig;
  readonly translation: Pick<
    CheckpointDescription,
    "sourceLanguage" | "targetLanguage" | "outputLimit" | "lengths"
  >;
  readonly training: TrainingState;
}

function checked({ model, ...rest }: { readonly [K in keyof Metadata]: unknown }, file: string): Metadata {
  // Files written before dropouts were told apart have one only; what they lack goes where it belongs.
  const { attentionDropout, activationDropout } = { ...DEFAULT_MODEL, ...(model as Partial<ModelConfig>) };
  const isObject = typeof model === "object" && model !== null && !Array.isArray(model);
  const whole = isObject ? { ...wholeModel(model), attentionDropout, activationDropout } : model;
  const metadata = { ...rest, model: whole };
  const fault = faultOfMetadata(metadata);
  if (fault !== undefined) throw damaged(file, fault);
  try {
    validateModelConfig(whole as ModelConfig);
  } catch (cause) {
    if (!(cause instanceof XformerError)) throw cause;
    throw damaged(file, `its configuration cannot be built: ${cause.message}`, cause);
  }
  return metadata as Metadata;
}

/**
 * Refuses tensors with numbers that are none: they would make every result one.
 *
 * @throws XformerError CHECKPOINT naming file and tensor
 */
function refuseNonFinite(tensors: ReadonlyMap<string, StoredTensor>, file: string): void {
  for (const [name, { data }] of tensors) {
    if (isFiniteAll(data)) continue;
    throw damaged(file, `tensor ${name} has numbers that are not finite`);
  }
}

/** Whether all numbers are finite. */
export function isFiniteAll(data: Float32Array): boolean {
  // Nothing but NaN comes of NaN and the infinities times 0: one look at the sum is enough.
  let probe = 0;
  for (let i = 0; i < data.length; i++) probe += data[i]! * 0;
  return probe === 0;
}

function damaged(file: string, problem: string, cause?: unknown): XformerError {
  return new XformerError("CHECKPOINT", problem, { file, hint: "Use another copy, or train again.", cause });
}
