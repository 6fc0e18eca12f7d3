import type { ModelConfig } from "../../src/model/config.ts";

/** What a variant of the model changes. */
type Changes = Partial<ModelConfig>;

/** Every kind that is not the paper's, by a name: what the tests of all variants go through. */
export const VARIANTS: Readonly<Record<string, Changes>> = {
  "no norm": { norm: "none", activation: "gelu" },
  "post, RMSNorm": { normalisation: "rms" },
  "pre, RMSNorm": { norm: "pre", normalisation: "rms" },
  SwiGLU: { activation: "swiglu" },
  "shared layers": { shareLayers: true },
  "no positions": { positions: "none" },
  "rotary positions": { positions: "rotary" },
  "relative positions": { positions: "relative" },
  "T5's positions": { positions: "t5", norm: "pre" },
  ALiBi: { positions: "alibi" },
  "Q = K": { shareProjections: "qk" },
  "K = V": { shareProjections: "kv" },
  "Q = K, rotary positions": { shareProjections: "qk", positions: "rotary" },
  "no W_O": { outputProjection: false },
  "multi-query attention": { kvHeads: 1 },
  "grouped queries, rotary positions": { kvHeads: 2, positions: "rotary" },
  "grouped queries, K = V, ALiBi": { kvHeads: 2, shareProjections: "kv", positions: "alibi" },
  "dot product": { scores: "dot" },
  "dot product, relative positions": { scores: "dot", positions: "relative" },
  cosine: { scores: "cosine" },
  "cosine, rotary positions, Q = K, no W_O": {
    ...{ scores: "cosine", positions: "rotary", shareProjections: "qk", outputProjection: false },
  },
  bilinear: { scores: "bilinear" },
  additive: { scores: "additive" },
  network: { scores: "network" },
  "network, grouped queries, T5's positions": { scores: "network", kvHeads: 2, positions: "t5" },
  "shared layers, relative positions, pre, RMSNorm": {
    ...{ shareLayers: true, positions: "relative", norm: "pre", normalisation: "rms" },
  },
};
