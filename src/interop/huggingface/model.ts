import type { NamedTensor } from "../../io/safetensorsFormat.ts";
import type { ModelConfig } from "../../model/config.ts";
import { floatsIn } from "../../model/parameters.ts";
import { fillSinusoids, Transformer } from "../../model/transformer.ts";
import { type Checkpoint, tensorIn } from "../../training/checkpointFormat.ts";
import { ANY_SIZE, type Expressible, STANDARD_KINDS } from "../expressible.ts";
import { correspondences, reordered, sinesFirst } from "./correspondence.ts";

/** What Marian (norm after) and Pegasus (norm before) have words for. */
export const EXPRESSIBLE: Expressible = {
  ...ANY_SIZE,
  ...STANDARD_KINDS,
  norm: ["post", "pre"],
  activation: ["relu", "gelu"],
  positions: ["sinusoidal"],
  tie: "any",
};

/** The positions that an exported model has a table for, if it was not trained on longer sentences. */
const POSITIONS = 1024;

/** A logit that no search follows, and that stays finite: the embeddings of another side's tokens get it. */
const NEVER = -1e9;

/** The classes of transformers that say what a model with its norms there does. */
const ARCHITECTURES = {
  post: { model_type: "marian", architectures: ["MarianMTModel"] },
  pre: { model_type: "pegasus", architectures: ["PegasusForConditionalGeneration"] },
} as const;

/**
 * Where the ids of the sources begin in the exported model. Pegasus has one table of embeddings: where ours has two, the
 * target's rows come first and keep their ids, and the source's come after them.
 */
export function sourceOffset({ norm, tie, targetVocabSize }: ModelConfig): number {
  return norm === "pre" && tie !== "all" ? targetVocabSize : 0;
}

/** How many positions an exported model is made for. */
export function positionsOf({ model, outputLimit }: Pick<Checkpoint, "model" | "outputLimit">): number {
  return Math.max(POSITIONS, model.maxLength + 1, outputLimit + 1);
}

/** `config.json`: what transformers makes the model from. */
export function modelConfig(checkpoint: Checkpoint): Record<string, unknown> {
  const { model } = checkpoint;
  const offset = sourceOffset(model);
  const embeddings =
    model.norm === "post"
      ? vocabularies(model)
      : { vocab_size: offset === 0 ? model.targetVocabSize : offset + model.sourceVocabSize };
  return { ...ARCHITECTURES[model.norm === "pre" ? "pre" : "post"], ...embeddings, ...sizes(checkpoint) };
}

/**
 * `config.json` beside ONNX graphs, which say themselves what they compute: Marian's, by which the libraries know that
 * there is an encoder and a decoder, and their sizes.
 */
export function onnxConfig(checkpoint: Checkpoint): Record<string, unknown> {
  return { ...ARCHITECTURES.post, ...vocabularies(checkpoint.model), ...sizes(checkpoint) };
}

function vocabularies({ sourceVocabSize, targetVocabSize, tie }: ModelConfig): Record<string, unknown> {
  return {
    vocab_size: sourceVocabSize,
    decoder_vocab_size: targetVocabSize,
    share_encoder_decoder_embeddings: tie === "all",
  };
}

function sizes(checkpoint: Checkpoint): Record<string, unknown> {
  const { model } = checkpoint;
  const { dModel, nHeads, dFF, nEncoderLayers, nDecoderLayers, tie } = model;
  return {
    is_encoder_decoder: true,
    tie_word_embeddings: tie !== "none",
    d_model: dModel,
    encoder_layers: nEncoderLayers,
    encoder_attention_heads: nHeads,
    encoder_ffn_dim: dFF,
    decoder_layers: nDecoderLayers,
    decoder_attention_heads: nHeads,
    decoder_ffn_dim: dFF,
    activation_function: model.activation,
    scale_embedding: true,
    max_position_embeddings: positionsOf(checkpoint),
    dropout: model.dropout,
    attention_dropout: model.attentionDropout ?? model.dropout,
    activation_dropout: model.activationDropout,
    use_cache: true,
    ...specialIds(checkpoint),
  };
}

/** `generation_config.json`: how it translates unless told otherwise, greedily and no longer than here. */
export function generationConfig(checkpoint: Checkpoint): Record<string, unknown> {
  return { ...specialIds(checkpoint), max_length: checkpoint.outputLimit + 1, num_beams: 1 };
}

/**
 * There is no padding here. As in Marian's own models the padding there is the token that decoders begin with, BEGIN:
 * it stands in no source, and so a mask can be made from it.
 */
function specialIds({ targetTokenizer }: Checkpoint): Record<string, number | null> {
  const { bosId, eosId } = targetTokenizer.vocabulary;
  return {
    bos_token_id: bosId,
    eos_token_id: eosId,
    pad_token_id: bosId,
    decoder_start_token_id: bosId,
    forced_eos_token_id: null,
  };
}

/** `model.safetensors`: the weights under the names and in the order of dimensions that transformers has. */
export function modelTensors(checkpoint: Checkpoint): NamedTensor[] {
  const { model } = checkpoint;
  const { dModel } = model;
  const order = sinesFirst(dModel);
  const { parameters } = new Transformer(model);
  const stacks = correspondences(model).map(({ ours, theirs, band, width }) => {
    const [rows, ...columns] = parameters.get(ours).shape;
    const all = tensorIn(checkpoint, ours, [rows, ...columns]);
    if (band === undefined)
      return { name: theirs, ...reordered({ shape: [rows, ...columns], data: all }, width, order) };
    const data = all.subarray((band * all.length) / 3, ((band + 1) * all.length) / 3);
    return { name: theirs, ...reordered({ shape: [rows / 3, ...columns], data }, width, order) };
  });
  return model.norm === "post"
    ? [...marianEmbeddings(checkpoint, order), ...stacks]
    : [...pegasusEmbeddings(checkpoint, order), ...sinusoids(checkpoint, order), ...stacks];
}

/** Marian's tables of positions are made where it is loaded; Pegasus wants to find them in the file. */
function sinusoids(checkpoint: Checkpoint, order: Int32Array): NamedTensor[] {
  const shape = [positionsOf(checkpoint), checkpoint.model.dModel];
  const data = new Float32Array(floatsIn(shape));
  fillSinusoids(data, checkpoint.model.dModel);
  const table = reordered({ shape, data }, "columns", order);
  return ["encoder", "decoder"].map((side) => ({ name: `model.${side}.embed_positions.weight`, ...table }));
}

/** A table of embeddings or an output projection, its dimensions in their order. */
type Table = Omit<NamedTensor, "name">;

/** The three tables of a checkpoint, of which some may be the same one. */
function tablesOf(checkpoint: Checkpoint, order: Int32Array): Record<"source" | "target" | "output", Table> {
  const { sourceVocabSize, targetVocabSize, dModel, tie } = checkpoint.model;
  const table = (name: string, rows: number): Table => {
    const shape = [rows, dModel];
    return reordered({ shape, data: tensorIn(checkpoint, name, shape) }, "columns", order);
  };
  const target = table("target_embedding.weight", targetVocabSize);
  const source = tie === "all" ? target : table("source_embedding.weight", sourceVocabSize);
  const output = tie === "none" ? table("output_projection.weight", targetVocabSize) : target;
  return { source, target, output };
}

function biasOf(checkpoint: Checkpoint): Float32Array {
  return tensorIn(checkpoint, "output_projection.bias", [checkpoint.model.targetVocabSize]);
}

/** Marian has a table a side, or one for both. */
function marianEmbeddings(checkpoint: Checkpoint, order: Int32Array): NamedTensor[] {
  const { tie, targetVocabSize } = checkpoint.model;
  const { source, target, output } = tablesOf(checkpoint, order);
  const tables =
    tie === "all"
      ? [{ name: "model.shared.weight", ...target }]
      : [
          { name: "model.encoder.embed_tokens.weight", ...source },
          { name: "model.decoder.embed_tokens.weight", ...target },
          ...(tie === "none" ? [{ name: "lm_head.weight", ...output }] : []),
        ];
  return [...tables, { name: "final_logits_bias", shape: [1, targetVocabSize], data: biasOf(checkpoint) }];
}

/** Pegasus has one table; see {@link sourceOffset}. */
function pegasusEmbeddings(checkpoint: Checkpoint, order: Int32Array): NamedTensor[] {
  const { model } = checkpoint;
  const { source, target, output } = tablesOf(checkpoint, order);
  const more = sourceOffset(model) === 0 ? 0 : model.sourceVocabSize;
  const rows = model.targetVocabSize + more;
  const none: Table = { shape: [more, model.dModel], data: new Float32Array(more * model.dModel) };
  const shared = more === 0 ? target : stacked(target, source);
  const bias = new Float32Array(rows).fill(NEVER);
  bias.set(biasOf(checkpoint));
  const untied: NamedTensor[] =
    model.tie === "none"
      ? [
          { name: "model.encoder.embed_tokens.weight", ...shared },
          { name: "model.decoder.embed_tokens.weight", ...shared },
          { name: "lm_head.weight", ...stacked(output, none) },
        ]
      : [];
  return [
    { name: "model.shared.weight", ...shared },
    ...untied,
    { name: "final_logits_bias", shape: [1, rows], data: bias },
  ];
}

/** The rows of one table under those of another. */
function stacked(upper: Table, lower: Table): Table {
  const data = new Float32Array(upper.data.length + lower.data.length);
  data.set(upper.data);
  data.set(lower.data, upper.data.length);
  return { shape: [upper.shape[0]! + lower.shape[0]!, upper.shape[1]!], data };
}
