import { fusedAttentions } from "../model/attention.ts";
import type { ModelConfig } from "../model/config.ts";

/** The bytes that a shard of a batch takes while it is computed. */
export interface ShardMemory {
  /** For each source token, END included. */
  readonly source: number;
  /** For each target token. */
  readonly target: number;
  /** For any number of tokens. */
  readonly once: number;
}

/** Floats of logits that are held at a time; see `outputLoss`. */
const LOGITS = 2 ** 18;
const LOGIT_ROWS = 96;
/** Bytes of scratch for attention and products, beside what grows with the tokens. */
const WORKSPACE = 2 ** 20;

/** What a feed-forward network has between its layers, in widths of that. */
const INNER: Record<ModelConfig["activation"], number> = { relu: 1, gelu: 2, swiglu: 3 };

/**
 * What forward and backward over a shard take, so that a batch can be fitted to memory: never less than what they take
 * with any kernels, and little more. A test holds it to that; what layers leave behind is said in `model/layers.ts`.
 *
 * What forward computes is kept for the way back; gradients use each other's room, so that those of one layer count, and
 * the packed inputs of one product.
 */
export function shardMemory(model: ModelConfig): ShardMemory {
  const { dModel: d, dFF, nHeads, nEncoderLayers, nDecoderLayers, activation, targetVocabSize } = model;
  const inner = INNER[activation] * dFF; // before and after the activation
  // Where attention is not fused: scores of every query with every key, queries and keys as they meet, and gradients of both.
  const longest = model.maxLength + 1;
  const fused = fusedAttentions(model);
  const stepwise = nHeads * longest + 6 * d + 2 * nHeads;
  // Norm or sum with its statistics, projections, what attention gives and its log-sum-exp, sum.
  const selfAttention = 7 * d + nHeads + 2 + (fused.self ? 0 : stepwise);
  const crossAttention = 5 * d + nHeads + 2 + (fused.cross ? 0 : stepwise);
  const feedForward = 3 * d + inner + 2;
  const gradients = 9 * d + inner + (fused.self ? 0 : stepwise);
  const packed = 1.25 * Math.max(d, dFF);
  const embedded = 2 * d + 2 + 3; // with the last norm, positions and keys of dropout
  const source =
    embedded +
    nEncoderLayers * (selfAttention + feedForward) +
    nDecoderLayers * (fused.cross ? 3 : 6) * d +
    gradients +
    packed;
  const target =
    embedded + nDecoderLayers * (selfAttention + crossAttention + feedForward) + gradients + packed + 3;
  const logits = Math.max(LOGITS, LOGIT_ROWS * targetVocabSize) + LOGIT_ROWS * d;
  // Of one head of a sentence: weights with their dropout, and keys, values and queries in panels.
  const head = fused.self ? 0 : longest * (longest + 4 * d);
  const packedOutput = 2 * 1.25 * d * targetVocabSize;
  return { source: 4 * source, target: 4 * target, once: 4 * (logits + packedOutput + head) + WORKSPACE };
}
