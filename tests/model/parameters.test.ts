import { describe, expect, it } from "vitest";
import type { ModelConfig } from "../../src/model/config.ts";
import { Parameters, Scope } from "../../src/model/parameters.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { SMALL_MODEL } from "../support/engine.ts";
import { expectSameBits } from "../support/kernels.ts";

const CONFIG: ModelConfig = {
  ...SMALL_MODEL,
  dModel: 48,
  dFF: 96,
  positions: "learned",
  maxLength: 60,
  sourceVocabSize: 70,
  targetVocabSize: 90,
};

function initialised(seed: number, config = CONFIG): Parameters {
  const model = new Transformer(config, Heap.shared());
  model.initialise(seed);
  return model.parameters;
}

function everything(parameters: Parameters): Float32Array {
  return Float32Array.from(parameters.list.flatMap((parameter) => [...parameters.values(parameter)]));
}

const mean = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
const deviation = (x: Float32Array): number =>
  Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);

describe("initialisation", () => {
  const parameters = initialised(1);

  it("gives the same bytes for the same seed, others for another", () => {
    expectSameBits(everything(initialised(1)), everything(parameters));
    expect(everything(initialised(2))).not.toEqual(everything(parameters));
  });

  it("matrices: uniform within sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010), no two alike", () => {
    const matrices = parameters.list.filter(
      ({ name }) => name.endsWith("weight") && !/norm|embedding|positions/.test(name),
    );
    expect(matrices.length).toBe(2 * 4 + 2 * 6 + 1);
    for (const matrix of matrices) {
      const [rows, columns] = matrix.shape as [number, number];
      const bound = Math.sqrt(6 / (rows + columns));
      const values = parameters.values(matrix);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.98 * bound);
      expect(Math.abs(mean(values))).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
      expect(deviation(values) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
      expect(new Set(matrices.map((other) => parameters.values(other)[0])).size).toBe(matrices.length);
    }
  });

  it("embeddings and learned positions: normal with variance 1 / dModel, so that sqrt(dModel) times one has 1", () => {
    const tables = parameters.list.filter(({ name }) => /embedding|positions/.test(name));
    expect(tables.map(({ name }) => name)).toEqual(
      ["source_embedding", "target_embedding", "source_positions", "target_positions"].map(
        (name) => `${name}.weight`,
      ),
    );
    for (const table of tables) {
      const scaled = parameters.values(table).map((value) => value * Math.sqrt(CONFIG.dModel));
      expect(Math.abs(mean(scaled))).toBeLessThan(5 / Math.sqrt(scaled.length));
      expect(deviation(scaled)).toBeCloseTo(1, 1);
      const beyondTwo = scaled.filter((value) => Math.abs(value) > 2).length / scaled.length;
      expect(beyondTwo).toBeGreaterThan(0.03); // 4.6 % of a normal distribution, none of a uniform one
      expect(beyondTwo).toBeLessThan(0.06);
    }
  });

  it("biases are 0, gains of layer normalisation 1", () => {
    for (const parameter of parameters.list) {
      if (parameter.shape.length > 1) continue;
      const value = /norm\d?\.weight$/.test(parameter.name) ? 1 : 0;
      expect(new Set(parameters.values(parameter)), parameter.name).toEqual(new Set([value]));
    }
  });

  it("a tied model has no matrix twice", () => {
    const names = (config: ModelConfig) => new Transformer(config).parameters.list.map(({ name }) => name);
    const vocabularies = { sourceVocabSize: 70, targetVocabSize: 70 };
    const ties = names({ ...CONFIG, ...vocabularies, tie: "none" });
    const without = (...absent: string[]) => ties.filter((name) => !absent.includes(name));
    expect(names({ ...CONFIG, ...vocabularies, tie: "decoder" })).toEqual(
      without("output_projection.weight"),
    );
    expect(names({ ...CONFIG, ...vocabularies, tie: "all" })).toEqual(
      without("output_projection.weight", "source_embedding.weight"),
    );
  });
});

describe("Parameters", () => {
  const zero = { kind: "constant", value: 0 } as const;

  function declared(): Parameters {
    const parameters = new Parameters();
    parameters.add("a", [3, 5], zero);
    parameters.add("b", [16], zero);
    parameters.add("c", [1], zero);
    return parameters;
  }

  function placed(): Parameters {
    const parameters = declared();
    parameters.place(Heap.shared());
    return parameters;
  }

  it("lie one behind the other at multiples of 16 floats", () => {
    const parameters = placed();
    expect(parameters.list.map(({ offset }) => offset)).toEqual([0, 16, 32]);
    expect(parameters.list.map(({ pointer }) => pointer - parameters.pointer)).toEqual([0, 64, 128]);
    expect(parameters.list.map(({ rows, columns }) => [rows, columns])).toEqual([
      [3, 5],
      [1, 16],
      [1, 1],
    ]);
    expect(parameters.size).toBe(48);
    expect(parameters.count).toBe(32);
    expect(parameters.pointer % 64).toBe(0);
  });

  it("are found by name", () => {
    const parameters = placed();
    expect(parameters.get("b")).toBe(parameters.list[1]);
    expect([parameters.has("b"), parameters.has("d")]).toEqual([true, false]);
    expect(() => parameters.get("d")).toThrow("the model has no parameter d");
  });

  it("without a place say which they are, and no more", () => {
    const parameters = declared();
    expect([parameters.size, parameters.count]).toEqual([48, 32]);
    expect(() => parameters.pointer).toThrow("the parameters have no place yet");
    expect(() => parameters.list[0]!.pointer).toThrow("the parameters have no place yet");
    expect(() => parameters.values(parameters.get("b"))).toThrow("the parameters have no place yet");
  });

  it("lie where another thread has them, if it has", () => {
    const heap = Heap.shared();
    const [first, second] = [declared(), declared()];
    first.place(heap);
    second.place(heap, first.pointer);
    first.values(first.get("b")).fill(7);
    expect(second.list.map(({ pointer }) => pointer)).toEqual(first.list.map(({ pointer }) => pointer));
    expect([...second.values(second.get("b"))]).toEqual(new Array(16).fill(7));
  });

  it("are asked for once, by the name of the part and their own", () => {
    const parameters = new Parameters();
    const scope = new Scope(parameters).in("encoder").in(3);
    const weight = scope.matrix("weight", 2, 3);
    expect(parameters.get("encoder.3.weight")).toBe(weight);
    expect(() => scope.vector("weight", 2, 0)).toThrow("the model has two parameters encoder.3.weight");
  });
});
