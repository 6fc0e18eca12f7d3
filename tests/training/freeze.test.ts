import { describe, expect, it } from "vitest";
import { DEFAULT_MODEL, type ModelConfig, PRESETS } from "../../src/model/config.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { frozenParameters } from "../../src/training/freeze.ts";
import { oneLine } from "../io/oneLine.ts";

const config: ModelConfig = { ...DEFAULT_MODEL, ...PRESETS.tiny, sourceVocabSize: 9, targetVocabSize: 9 };
const { list } = new Transformer({ ...config, positions: "learned" }).parameters;
const names = (...freeze: string[]): string[] => frozenParameters(freeze, list).map(({ name }) => name);
const all = list.map(({ name }) => name);

describe("what is frozen", () => {
  it("is nothing, unless something is said", () => {
    expect(frozenParameters(null, list)).toEqual([]);
    expect(frozenParameters([], list)).toEqual([]);
  });

  it("are parts of the model", () => {
    expect(names("encoder")).toEqual(all.filter((name) => name.startsWith("encoder.")));
    expect(names("decoder")).toEqual(all.filter((name) => name.startsWith("decoder.")));
    expect(names("embeddings")).toEqual([
      "source_embedding.weight",
      "target_embedding.weight",
      "source_positions.weight",
      "target_positions.weight",
    ]);
  });

  it("are names, with stars and question marks", () => {
    expect(names("output_projection.bias")).toEqual(["output_projection.bias"]);
    expect(names("*.bias")).toEqual(all.filter((name) => name.endsWith(".bias")));
    expect(names("*layers.?.norm*.weight")).toEqual(
      all.filter((name) => /layers\.\d\.norm.*weight$/.test(name)),
    );
    expect(names("decoder.layers.0.*", "encoder")).toEqual(
      all.filter((name) => name.startsWith("encoder.") || name.startsWith("decoder.layers.0.")),
    );
  });

  it("takes time that grows with the product of name and pattern at most", () => {
    expect(() => names(`${"*a".repeat(2000)}*b`)).toThrow("has no parameter");
  });
});

describe("what matches nothing is told what is nearest", () => {
  it.each([
    ["encodr", "encoder"],
    ["embedding", "embeddings"],
    ["encoder.layers.0", "encoder.layers.0.*"],
    ["decoder.layers.0.linear1.wieght", "decoder.layers.0.linear1.weight"],
    ["encoder.layers.7.*", "encoder.layers.0.*"],
    ["encoder.layer.0.*", "encoder.layers.0.*"],
    ["*.weigth", "encoder"],
  ])("%s: %s", (pattern, guess) => {
    const line = oneLine(() => names(pattern));
    expect(line).toMatch(`freeze: the model has no parameter ${pattern}. Did you mean `);
    if (!pattern.startsWith("*")) expect(line).toContain(`Did you mean ${guess}?`);
  });

  it("something is left to train", () => {
    expect(oneLine(() => names("*"))).toBe(
      "freeze is *, which leaves nothing to train. Leave one of them out.",
    );
  });
});
