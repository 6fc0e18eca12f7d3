import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { lengthPenalty } from "../../src/decoding/lengthPenalty.ts";
import type { DecodingOptions } from "../../src/decoding/options.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { DEFAULT_MODEL } from "../../src/model/config.ts";
import { Transformer } from "../../src/model/transformer.ts";
import type { Workbench } from "../../src/tensor/computation.ts";
import { makeWorkbench, poisonScratch, SPECIAL } from "../support/engine.ts";
import { BUILDS } from "../support/kernels.ts";
import { decodeSources } from "./decodeSources.ts";

/** What fixtures/decoding/make_fixtures.py found, a case a combination of models, options and source. */
interface Case {
  readonly models: readonly string[];
  readonly options: Omit<DecodingOptions, "prefix"> & { readonly prefix?: readonly number[] };
  readonly source: readonly number[];
  readonly found: readonly {
    readonly ids: readonly number[];
    readonly ended: boolean;
    readonly logProbability: number;
    readonly score: number;
  }[];
}

const fixtures = new URL("../fixtures/", import.meta.url);
const { limit, cases } = JSON.parse(readFileSync(new URL("decoding/found.json", fixtures), "utf8")) as {
  readonly limit: number;
  readonly cases: readonly Case[];
};

function loadModel(workbench: Workbench, name: string): Transformer {
  const file = readSafetensors(fileURLToPath(new URL(`parity/${name}.safetensors`, fixtures)));
  const { config } = JSON.parse(file.metadata.fixture!);
  const model = new Transformer({ ...DEFAULT_MODEL, ...config }, workbench.heap);
  for (const parameter of model.parameters.list)
    model.parameters.values(parameter).set(file.tensors.get(`parameter/${parameter.name}`)!.data);
  return model;
}

describe.each(BUILDS)("parity with a PyTorch decoder, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const names = [...new Set(cases.flatMap(({ models }) => models))];
  const loaded = new Map(names.map((name) => [name, loadModel(workbench, name)]));
  const settings = [...new Set(cases.map(({ models, options }) => JSON.stringify({ models, options })))];

  it.each(settings)("the same tokens, and log-probabilities and scores within 1e-5: %s", (setting) => {
    const own = cases.filter(({ models, options }) => JSON.stringify({ models, options }) === setting);
    const { prefix = [], ...options } = own[0]!.options;
    poisonScratch(workbench, 2 ** 18);
    const results = decodeSources(
      own[0]!.models.map((name) => loaded.get(name)!),
      workbench,
      own.map(({ source }) => source),
      SPECIAL,
      limit,
      options,
      { prefixes: own.map(() => prefix) },
    );
    for (const [i, { found }] of own.entries()) {
      const ours = results[i]!;
      expect(ours.map((hypothesis) => [hypothesis.tokens(), hypothesis.ended])).toEqual(
        found.map(({ ids, ended }) => [ids, ended]),
      );
      for (const [n, { logProbability, score }] of found.entries()) {
        const hypothesis = ours[n]!;
        expect(Math.abs(hypothesis.logProbability - logProbability)).toBeLessThan(1e-5);
        const penalty = lengthPenalty(hypothesis.length, options.lengthPenalty ?? 1);
        expect(Math.abs(hypothesis.logProbability / penalty - score)).toBeLessThan(1e-5);
      }
    }
  });
});
