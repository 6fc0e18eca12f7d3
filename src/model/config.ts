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
  /** Layer normalisation after each sublayer's residual (the paper), or before each sublayer and at the end. */
  readonly norm: "post" | "pre";
  /** Activation between the two linear layers of the feed-forward network. */
  readonly activation: "relu" | "gelu";
  /** Positional encodings by sines and cosines (the paper), or learned ones. */
  readonly positions: "sinusoidal" | "learned";
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
  ...(["norm", "activation", "positions", "tie"] as const),
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
  activation: "relu",
  positions: "sinusoidal",
  tie: "decoder",
  maxLength: 256,
  attentionDropout: null,
  activationDropout: 0,
} as const satisfies Partial<ModelConfig>;

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
  norm: oneOf<"norm">("post", "pre"),
  activation: oneOf<"activation">("relu", "gelu"),
  positions: oneOf<"positions">("sinusoidal", "learned"),
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
  if (config.tie === "all" && config.sourceVocabSize !== config.targetVocabSize) {
    throw new XformerError(
      "CONFIG",
      `all embeddings can be tied only over one vocabulary, but there are ${config.sourceVocabSize} source and ${config.targetVocabSize} target tokens`,
      { hint: "Tie the decoder's only, or build one joint vocabulary." },
    );
  }
  return config;
}
