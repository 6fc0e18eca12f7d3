import type { NamedTensor } from "../../io/safetensorsFormat.ts";
import type { ModelConfig } from "../../model/config.ts";

/**
 * A tensor of Marian or Pegasus in transformers, and the tensor of a checkpoint that has its numbers. Both libraries
 * have sines and cosines of Vaswani et al. 2017, section 3.5, but the paper takes turns (sin, cos, sin, cos, ...), while
 * these have all sines first and then all cosines. Nothing else in a Transformer cares which dimension of dModel is
 * which: so one permutation of the width makes each the other, and each tensor says which of its axes is that width.
 */
export interface Correspondence {
  readonly theirs: string;
  readonly ours: string;
  /** Of ours, which band of dModel rows it is: 0 queries, 1 keys, 2 values; undefined for all of it. */
  readonly band?: 0 | 1 | 2;
  /** The axis that is the width of the model, in the order of its sinusoids. */
  readonly width: "rows" | "columns" | "none";
}

/** Everything but embeddings and the output projection. */
export function correspondences(config: ModelConfig): Correspondence[] {
  const { nEncoderLayers, nDecoderLayers, norm } = config;
  const stack = (name: "encoder" | "decoder", layers: number): Correspondence[] => [
    ...Array.from({ length: layers }, (_, i) => layer(name, i)).flat(),
    ...(norm === "pre" ? layerNorm(`${name}.norm`, `model.${name}.layer_norm`) : []),
  ];
  return [...stack("encoder", nEncoderLayers), ...stack("decoder", nDecoderLayers)];
}

function layer(stack: "encoder" | "decoder", index: number): Correspondence[] {
  const ours = `${stack}.layers.${index}`;
  const theirs = `model.${stack}.layers.${index}`;
  const last = stack === "encoder" ? "norm2" : "norm3";
  const cross =
    stack === "encoder"
      ? []
      : [
          ...attention(`${ours}.multihead_attn`, `${theirs}.encoder_attn`),
          ...layerNorm(`${ours}.norm2`, `${theirs}.encoder_attn_layer_norm`),
        ];
  return [
    ...attention(`${ours}.self_attn`, `${theirs}.self_attn`),
    ...layerNorm(`${ours}.norm1`, `${theirs}.self_attn_layer_norm`),
    ...cross,
    { ours: `${ours}.linear1.weight`, theirs: `${theirs}.fc1.weight`, width: "columns" },
    { ours: `${ours}.linear1.bias`, theirs: `${theirs}.fc1.bias`, width: "none" },
    { ours: `${ours}.linear2.weight`, theirs: `${theirs}.fc2.weight`, width: "rows" },
    { ours: `${ours}.linear2.bias`, theirs: `${theirs}.fc2.bias`, width: "rows" },
    ...layerNorm(`${ours}.${last}`, `${theirs}.final_layer_norm`),
  ];
}

function attention(ours: string, theirs: string): Correspondence[] {
  const bands = (["q", "k", "v"] as const).flatMap((letter, index): Correspondence[] => {
    const band = index as 0 | 1 | 2;
    return [
      { ours: `${ours}.in_proj_weight`, band, theirs: `${theirs}.${letter}_proj.weight`, width: "columns" },
      { ours: `${ours}.in_proj_bias`, band, theirs: `${theirs}.${letter}_proj.bias`, width: "none" },
    ];
  });
  return [
    ...bands,
    { ours: `${ours}.out_proj.weight`, theirs: `${theirs}.out_proj.weight`, width: "rows" },
    { ours: `${ours}.out_proj.bias`, theirs: `${theirs}.out_proj.bias`, width: "rows" },
  ];
}

function layerNorm(ours: string, theirs: string): Correspondence[] {
  return (["weight", "bias"] as const).map((part) => ({
    ours: `${ours}.${part}`,
    theirs: `${theirs}.${part}`,
    width: "rows",
  }));
}

/** Which dimension of ours each of theirs is: all even ones, which are sines, and then all odd ones. */
export function sinesFirst(dModel: number): Int32Array {
  return Int32Array.from({ length: dModel }, (_, j) => (j < dModel / 2 ? 2 * j : 2 * j - dModel + 1));
}

/** A tensor whose rows or columns stand in another order: row or column j of what comes out is `order[j]` of it. */
export function reordered<T extends Omit<NamedTensor, "name">>(
  tensor: T,
  width: Correspondence["width"],
  order: Int32Array,
): T {
  if (width === "none") return tensor;
  const { shape, data } = tensor;
  const columns = width === "columns" ? order.length : data.length / order.length;
  const ordered = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    ordered[at] =
      data[width === "columns" ? row * columns + order[column]! : order[row]! * columns + column]!;
  }
  return { ...tensor, shape, data: ordered };
}
