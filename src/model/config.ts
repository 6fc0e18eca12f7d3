import { XformerError } from "../errors.ts";
import type { Dropouts } from "../tensor/computation.ts";
import { checkField, type Rule } from "../valueType.ts";

/** The sizes and choices that make a Transformer; with a vocabulary they are all it takes to build one. */
export interface ModelConfig {
  /** Width of embeddings and of everything between sublayers (512 in the paper). */
  readonly dModel: number;
  /** Attention heads; divides dModel. */
  readonly nHeads: number;
  /** Inner width of the position-wise feed-forward network. */
  readonly dFF: number;
  readonly nEncoderLayers: number;
  readonly nDecoderLayers: number;
  /** Normalisation after each sublayer's residual (the paper), before each sublayer and at the end, or nowhere. */
  readonly norm: "post" | "pre" | "none";
  /** What normalises: layer normalisation (the paper), or root mean square normalisation. */
  readonly normalisation: "layer" | "rms";
  /** Activation between the two linear layers of the feed-forward network. */
  readonly activation: "relu" | "gelu" | "swiglu";
  /** Whether all layers of a stack are one and the same, applied again and again. */
  readonly shareLayers: boolean;
  /**
   * Positional encodings by sines and cosines (the paper) or learned ones, added to embeddings; none; or what depends on the
   * distance of two tokens, in the self-attentions.
   */
  readonly positions: "sinusoidal" | "learned" | "none" | "relative" | "t5" | "rotary" | "alibi";
  /** How a query scores a key: scaled dot product (the paper), or another kind; see `model/scores.ts`. */
  readonly scores: "scaled-dot" | "dot" | "cosine" | "bilinear" | "additive" | "network";
  /** Heads of keys and values, each seen by as many heads of queries; divides nHeads. Null for nHeads. */
  readonly kvHeads: number | null;
  /** Which projections of an attention are one and the same: W_Q and W_K, or W_K and W_V. */
  readonly shareProjections: "none" | "qk" | "kv";
  /** Whether joined heads go through W_O. */
  readonly outputProjection: boolean;
  /** Which embeddings share their weights: none, the target's with the output projection, or all three. */
  readonly tie: "none" | "decoder" | "all";
  /** Probability of dropping an element of embeddings and sublayer outputs. */
  readonly dropout: number;
  /** Probability of dropping an attention weight; null for that of `dropout`. */
  readonly attentionDropout: number | null;
  /** Probability of dropping an element between the two layers of a feed-forward network. */
  readonly activationDropout: number;
  /** Tokens in the longest sentence trained on, BEGIN or END not counted. */
  readonly maxLength: number;
  readonly sourceVocabSize: number;
  readonly targetVocabSize: number;
}

/** The part of a {@link ModelConfig} that a preset decides. */
export type ModelSize = Pick<
  ModelConfig,
  "dModel" | "nHeads" | "dFF" | "nEncoderLayers" | "nDecoderLayers" | "dropout"
>;

/** What is in the shapes and the meaning of a model's weights; who starts from them may choose all else anew. */
export const ARCHITECTURE: readonly (keyof ModelConfig)[] = [
  ...(["dModel", "nHeads", "dFF", "nEncoderLayers", "nDecoderLayers"] as const),
  ...(["norm", "normalisation", "activation", "shareLayers", "positions", "tie"] as const),
  ...(["scores", "kvHeads", "shareProjections", "outputProjection"] as const),
];

/** Sizes by name, from a laptop's minute to the base model of the paper (its table 3, first row). */
export const PRESETS = {
  tiny: { dModel: 64, nHeads: 4, dFF: 128, nEncoderLayers: 2, nDecoderLayers: 2, dropout: 0.1 },
  small: { dModel: 128, nHeads: 4, dFF: 512, nEncoderLayers: 2, nDecoderLayers: 2, dropout: 0.1 },
  base: { dModel: 256, nHeads: 4, dFF: 1024, nEncoderLayers: 3, nDecoderLayers: 3, dropout: 0.1 },
  paper: { dModel: 512, nHeads: 8, dFF: 2048, nEncoderLayers: 6, nDecoderLayers: 6, dropout: 0.1 },
} as const satisfies Record<string, ModelSize>;

/** What dropout drops while a model is trained. */
export function dropoutsOf({ dropout, attentionDropout, activationDropout }: ModelConfig): Dropouts {
  return { residual: dropout, attention: attentionDropout ?? dropout, activation: activationDropout };
}

/** The three attentions of the paper (Vaswani et al. 2017, section 3.2.3). */
export const ATTENTION_KINDS = ["encoder", "decoder", "cross"] as const;
export type AttentionKind = (typeof ATTENTION_KINDS)[number];

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** The preset where none is named. */
export const DEFAULT_PRESET: PresetName = "small";

/** What a model is beside the sizes of its preset, when nothing else is said. */
export const DEFAULT_MODEL = {
  norm: "post",
  normalisation: "layer",
  activation: "relu",
  shareLayers: false,
  positions: "sinusoidal",
  scores: "scaled-dot",
  kvHeads: null,
  shareProjections: "none",
  outputProjection: true,
  tie: "decoder",
  maxLength: 256,
  attentionDropout: null,
  activationDropout: 0,
} as const satisfies Partial<ModelConfig>;

/** Fields that came later: checkpoints before lack them, and those where they are as usual leave them out. */
const LATER_FIELDS = [
  ...(["normalisation", "shareLayers"] as const),
  ...(["scores", "kvHeads", "shareProjections", "outputProjection"] as const),
] as const satisfies readonly (keyof ModelConfig)[];

/** The choices that are kinds, beside where norms stand. */
export const VARIANT_FIELDS = ["activation", "positions", ...LATER_FIELDS] as const;

/** A model as checkpoints keep it: without fields that came later, where these have their defaults. */
export function storedModel(model: ModelConfig): Partial<ModelConfig> {
  const isUsual = (field: string): boolean =>
    LATER_FIELDS.some((later) => later === field && model[later] === DEFAULT_MODEL[later]);
  return Object.fromEntries(Object.entries(model).filter(([field]) => !isUsual(field)));
}

/** A model from a checkpoint, with the fields that came later. */
export function wholeModel(stored: object): object {
  const later = Object.fromEntries(LATER_FIELDS.map((field) => [field, DEFAULT_MODEL[field]]));
  return { ...later, ...stored };
}

/** No model comes near these bounds: what is larger is a slip, or a file that is to do harm. */
function size(to: number): Rule {
  return { type: { kind: "number", whole: true, from: 1, to } };
}
const WIDTH: Rule = size(65_536);
const LAYERS: Rule = size(1000);
const VOCABULARY: Rule = size(10_000_000);
const SHARE: Rule = { type: { kind: "number", from: 0, below: 1 } };

function oneOf<Field extends keyof ModelConfig>(...choices: readonly (ModelConfig[Field] & string)[]): Rule {
  return { type: { kind: "choice", choices } };
}

/** What each field may be: the check below, flags, configuration files and their schema are made from this. */
export const MODEL_RULES: Readonly<Record<keyof ModelConfig, Rule>> = {
  dModel: WIDTH,
  nHeads: WIDTH,
  dFF: size(1_000_000),
  nEncoderLayers: LAYERS,
  nDecoderLayers: LAYERS,
  norm: oneOf<"norm">("post", "pre", "none"),
  normalisation: oneOf<"normalisation">("layer", "rms"),
  activation: oneOf<"activation">("relu", "gelu", "swiglu"),
  shareLayers: { type: { kind: "boolean" } },
  positions: oneOf<"positions">("sinusoidal", "learned", "none", "relative", "t5", "rotary", "alibi"),
  scores: oneOf<"scores">("scaled-dot", "dot", "cosine", "bilinear", "additive", "network"),
  kvHeads: { ...WIDTH, nullMeans: "as many as heads" },
  shareProjections: oneOf<"shareProjections">("none", "qk", "kv"),
  outputProjection: { type: { kind: "boolean" } },
  tie: oneOf<"tie">("none", "decoder", "all"),
  dropout: SHARE,
  attentionDropout: { ...SHARE, nullMeans: "that of dropout" },
  activationDropout: SHARE,
  maxLength: size(1_000_000),
  sourceVocabSize: VOCABULARY,
  targetVocabSize: VOCABULARY,
};

/**
 * Checks that a model can be built.
 *
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function validateModelConfig(config: ModelConfig): ModelConfig {
  for (const [field, rule] of Object.entries(MODEL_RULES)) {
    checkField(field, config[field as keyof ModelConfig], rule);
  }
  if (config.dModel % config.nHeads !== 0) {
    throw new XformerError("CONFIG", `dModel ${config.dModel} cannot be split into ${config.nHeads} heads`, {
      hint: "Choose a dModel that is a multiple of nHeads.",
    });
  }
  if (config.positions === "sinusoidal" && config.dModel % 2 !== 0) {
    throw new XformerError(
      "CONFIG",
      `dModel ${config.dModel} is odd, but sinusoidal positions pair sines with cosines`,
      {
        hint: "Choose an even dModel or learned positions.",
      },
    );
  }
  refuseAttention(config);
  if (config.tie === "all" && config.sourceVocabSize !== config.targetVocabSize) {
    throw new XformerError(
      "CONFIG",
      `all embeddings can be tied only over one vocabulary, but there are ${config.sourceVocabSize} source and ${config.targetVocabSize} target tokens`,
      { hint: "Tie the decoder's only, or build one joint vocabulary." },
    );
  }
  return config;
}

/** Kinds of scores that are products of queries and keys as they are projected, or turned. */
const PRODUCTS: readonly ModelConfig["scores"][] = ["scaled-dot", "dot"];

/** @throws XformerError CONFIG for kinds of attention that cannot work together */
function refuseAttention(config: ModelConfig): void {
  const { dModel, nHeads, positions, scores, shareProjections } = config;
  const kvHeads = config.kvHeads ?? nHeads;
  const refuse = (problem: string, hint: string): never => {
    throw new XformerError("CONFIG", problem, { hint });
  };
  if (nHeads % kvHeads !== 0)
    refuse(
      `${nHeads} heads cannot share ${kvHeads} of keys and values`,
      "Choose kvHeads that divide nHeads.",
    );
  if (shareProjections === "qk" && kvHeads !== nHeads)
    refuse(
      `queries of ${nHeads} heads cannot be keys of ${kvHeads}, as shareProjections "qk" says`,
      "Leave out kvHeads, or share other projections.",
    );
  if (positions === "relative" && !PRODUCTS.includes(scores))
    refuse(
      `relative positions are products with queries, which scores "${scores}" do not take`,
      "Choose scores scaled-dot or dot, or positions t5 or alibi.",
    );
  if (positions !== "rotary") return;
  if ((dModel / nHeads) % 2 !== 0)
    refuse(
      `heads of ${dModel / nHeads} columns are odd, but rotary positions turn columns in pairs`,
      "Choose a dModel that is an even multiple of nHeads, or other positions.",
    );
  if (![...PRODUCTS, "cosine"].includes(scores))
    refuse(
      `rotary positions show in products, which scores "${scores}" are not`,
      "Choose scores scaled-dot, dot or cosine, or other positions.",
    );
  if (shareProjections === "kv")
    refuse(
      'rotary positions turn keys, which shareProjections "kv" makes values too',
      "Choose other positions, or share other projections.",
    );
}
