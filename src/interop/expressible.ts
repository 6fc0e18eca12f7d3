import { XformerError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import type { CheckpointDescription } from "../training/checkpointFormat.ts";

/**
 * Which values of each field of a model a format has words for. A field that is new has to be decided upon in every
 * format: without that this does not compile.
 */
export type Expressible = {
  readonly [Field in keyof ModelConfig]-?: "any" | readonly ModelConfig[Field][];
};

/** Sizes and dropouts, which every format of models has. */
export const ANY_SIZE = {
  dModel: "any",
  nHeads: "any",
  dFF: "any",
  nEncoderLayers: "any",
  nDecoderLayers: "any",
  dropout: "any",
  attentionDropout: "any",
  activationDropout: "any",
  maxLength: "any",
  sourceVocabSize: "any",
  targetVocabSize: "any",
} as const satisfies Partial<Expressible>;

/** The kinds of the paper, where a format knows no other. */
export const STANDARD_KINDS = {
  normalisation: ["layer"],
  shareLayers: [false],
  scores: ["scaled-dot"],
  kvHeads: [null],
  shareProjections: ["none"],
  outputProjection: [true],
} as const satisfies Partial<Expressible>;

/**
 * Refuses a model that a format has no words for.
 *
 * @param format what has the words: "Marian and Pegasus of transformers"
 * @param hint what to do instead
 * @throws XformerError CHECKPOINT naming the first setting that cannot be expressed
 */
export function refuseInexpressible(
  { model, file }: Pick<CheckpointDescription, "model"> & { readonly file: string },
  expressible: Expressible,
  format: string,
  hint: string,
): void {
  for (const [field, values] of Object.entries(expressible)) {
    const value = model[field as keyof ModelConfig];
    if (values === "any" || (values as readonly unknown[]).includes(value)) continue;
    throw new XformerError(
      "CHECKPOINT",
      `this model has ${field} = ${value}, but ${format} know only ${values.join(", ")}`,
      {
        file,
        hint,
      },
    );
  }
}
