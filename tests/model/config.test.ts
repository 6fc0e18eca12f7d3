import { describe, expect, it } from "vitest";
import { type ModelConfig, PRESETS, type PresetName, validateModelConfig } from "../../src/model/config.ts";
import { floatsIn } from "../../src/model/parameters.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { oneLine } from "../io/oneLine.ts";
import { SMALL_MODEL } from "../support/engine.ts";

describe("validateModelConfig", () => {
  const complaint = (change: object): string =>
    oneLine(() => validateModelConfig({ ...SMALL_MODEL, ...change } as ModelConfig));

  it("gives back a model that can be built", () => {
    expect(validateModelConfig(SMALL_MODEL)).toBe(SMALL_MODEL);
    expect(complaint({ dModel: 5, nHeads: 5, positions: "learned" })).toBe("no error");
    expect(complaint({ tie: "all" })).toBe("no error");
    expect(complaint({ dropout: 0.999 })).toBe("no error");
  });

  it.each([
    ["dModel", 65_536],
    ["nHeads", 65_536],
    ["dFF", 1_000_000],
    ["nEncoderLayers", 1000],
    ["nDecoderLayers", 1000],
    ["maxLength", 1_000_000],
    ["sourceVocabSize", 10_000_000],
    ["targetVocabSize", 10_000_000],
  ])("%s has to be a whole number from 1 to %i", (name, most) => {
    for (const value of [
      0,
      -1,
      2.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      most + 1,
      2 ** 53,
      undefined,
      "8",
    ]) {
      expect(complaint({ [name]: value })).toBe(
        `${name} is ${typeof value === "string" ? `"${value}"` : value}. It has to be a whole number from 1 to ${most}.`,
      );
    }
  });

  it.each([
    ["norm", "before", "post, pre, none"],
    ["normalisation", "batch", "layer, rms"],
    ["activation", "swish", "relu, gelu, swiglu"],
    ["positions", "relational", "sinusoidal, learned, none, relative, t5, rotary, alibi"],
    ["tie", "encoder", "none, decoder, all"],
  ])("%s has to be one of its choices", (name, value, choices) => {
    expect(complaint({ [name]: value })).toBe(`${name} is "${value}". It has to be one of ${choices}.`);
  });

  it("heads have to divide the width", () => {
    expect(complaint({ dModel: 10, nHeads: 4 })).toBe(
      "dModel 10 cannot be split into 4 heads. Choose a dModel that is a multiple of nHeads.",
    );
  });

  it("sinusoids need an even width", () => {
    expect(complaint({ dModel: 5, nHeads: 5 })).toBe(
      "dModel 5 is odd, but sinusoidal positions pair sines with cosines. Choose an even dModel or learned positions.",
    );
  });

  it("rotary positions need heads of an even width", () => {
    expect(complaint({ positions: "rotary" })).toBe(
      "heads of 3 columns are odd, but rotary positions turn columns in pairs." +
        " Choose a dModel that is an even multiple of nHeads, or other positions.",
    );
  });

  it.each([-0.1, 1, 1.5, Number.NaN])("dropout cannot be %d", (dropout) => {
    expect(complaint({ dropout })).toBe(
      `dropout is ${dropout}. It has to be a number of at least 0 and below 1.`,
    );
  });

  it("one matrix cannot embed two vocabularies", () => {
    expect(complaint({ tie: "all", sourceVocabSize: 12 })).toBe(
      "all embeddings can be tied only over one vocabulary, but there are 12 source and 11 target tokens." +
        " Tie the decoder's only, or build one joint vocabulary.",
    );
  });
});

describe("parameter counts", () => {
  const count = (config: ModelConfig): number =>
    new Transformer(config).parameters.list.reduce((sum, { shape }) => sum + floatsIn(shape), 0);

  /** The paper's matrices, added up. */
  function expectedCount(config: ModelConfig): number {
    const { dModel: d, dFF: f, nEncoderLayers, nDecoderLayers, sourceVocabSize, targetVocabSize } = config;
    const attention = 4 * (d * d + d);
    const feedForward = d * f + f + f * d + d;
    const layers =
      nEncoderLayers * (attention + feedForward) + nDecoderLayers * (2 * attention + feedForward);
    const norms = 2 * nEncoderLayers + 3 * nDecoderLayers + (config.norm === "pre" ? 2 : 0);
    const positions = config.positions === "learned" ? 2 * (config.maxLength + 1) * d : 0;
    const tokens = {
      none: sourceVocabSize + 2 * targetVocabSize,
      decoder: sourceVocabSize + targetVocabSize,
    };
    const embeddings = d * (config.tie === "all" ? targetVocabSize : tokens[config.tie]) + targetVocabSize;
    return layers + norms * 2 * d + positions + embeddings;
  }

  it.each(Object.keys(PRESETS) as PresetName[])("%s: as added up from the paper's matrices", (name) => {
    for (const norm of ["post", "pre"] as const) {
      for (const positions of ["sinusoidal", "learned"] as const) {
        for (const tie of ["none", "decoder", "all"] as const) {
          const config = { ...SMALL_MODEL, ...PRESETS[name], norm, positions, tie, maxLength: 100 };
          expect(count(config)).toBe(expectedCount(config));
        }
      }
    }
  });

  it("paper, with norms first: nn.Transformer's 44,140,544 and the embeddings", () => {
    const config: ModelConfig = { ...SMALL_MODEL, ...PRESETS.paper, norm: "pre" };
    const embeddings = (11 + 11 + 11) * 512 + 11;
    expect(count(config)).toBe(44_140_544 + embeddings);
  });
});
