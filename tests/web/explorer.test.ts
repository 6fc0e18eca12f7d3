import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allowsRelaxedSimd } from "../../src/kernels/load.ts";
import { webAssemblySet } from "../../src/kernels/webAssemblySet.ts";
import { type LoadedModel, loadFiles } from "../../src/loadedModel.ts";
import { parseCheckpoint } from "../../src/training/checkpointFormat.ts";
import { train } from "../../src/training/train.ts";
import { Explorer } from "../../src/web/engine/explorer.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "../support/cli.ts";

const directory = temporaryDirectory();
const LINES = letterPairs(330)
  .slice(-20)
  .map((pair) => pair.split("\t")[0]!);
const BUILD = allowsRelaxedSimd() ? "relaxed" : "strict";

describe("the engine of the explorer", () => {
  let model: LoadedModel;
  let explorer: Explorer;
  beforeAll(async () => {
    writeFiles(directory, { "pairs.tsv": letterPairs(300) });
    const out = join(directory, "run");
    await train({
      data: { train: join(directory, "pairs.tsv") },
      out,
      model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 },
      training: { maxSteps: 40, learningRate: 0.01, warmupSteps: 10, batchTokens: 256 },
    });
    const file = join(out, "best.safetensors");
    model = await loadFiles(file, { threads: 1, ...(BUILD === "strict" ? { kernels: BUILD } : {}) });
    const wasm = readFileSync(
      join(import.meta.dirname, "..", "..", "dist", "kernels", `${BUILD}.unshared.wasm`),
    );
    explorer = new Explorer(parseCheckpoint(readFileSync(file), file, crc32), webAssemblySet(BUILD, wasm));
  });
  afterAll(() => model.close());

  it("walks to the translation, with the model's probabilities", async () => {
    for (const line of LINES) {
      const [translation] = await model.translator.translate([line]);
      const walk = explorer.walk({ source: line, prefix: [], candidates: 5 });
      expect(walk.text).toBe(translation!.text);
      const { tokenLogProbabilities } = translation!.hypotheses[0]!;
      expect(walk.steps).toHaveLength(tokenLogProbabilities.length);
      for (const [i, { chosen, candidates }] of walk.steps.entries()) {
        expect(Math.log(chosen.probability)).toBeCloseTo(tokenLogProbabilities[i]!, 4);
        expect(candidates[0]).toEqual(chosen);
        expect(candidates).toHaveLength(5);
      }
    }
  });

  it("goes on from tokens that were chosen for it", () => {
    const own = explorer.walk({ source: LINES[0]!, prefix: [], candidates: 3 });
    const other = own.steps[0]!.candidates[1]!;
    const walk = explorer.walk({ source: LINES[0]!, prefix: [other.id], candidates: 3 });
    expect(walk.steps[0]!.chosen).toEqual(other);
    expect(walk.steps[0]!.candidates).toEqual(own.steps[0]!.candidates);
  });

  it("finds what beam search finds, and says what became of every hypothesis", async () => {
    for (const line of LINES) {
      const [translation] = await model.translator.translate([line], { beam: 4, lengthPenalty: 0.6 });
      const { nodes, best, text } = explorer.beam({ source: line, beam: 4, lengthPenalty: 0.6 });
      expect(text).toBe(translation!.text);
      expect(nodes[best]!.score).toBeCloseTo(translation!.hypotheses[0]!.score, 4);
      expect(nodes[best]!.fate).toBe("ended");
      for (const { parent, step } of nodes) {
        if (parent === -1) expect(step).toBe(0);
        else expect(nodes[parent]).toMatchObject({ fate: "kept", step: step - 1 });
      }
    }
  });

  it("learns from a pair what scoring says: −ln p of each token, and a gradient that is no zero", async () => {
    const [source, target] = letterPairs(5)[0]!.split("\t") as [string, string];
    const [score] = await model.translator.score([source], [target]);
    const { steps, input, gradients } = explorer.lesson({ source, target, smoothing: 0 });
    expect(steps.map(({ label }) => label.text).at(-1)).toBe("</s>");
    expect(input[0]!.text).toBe("<s>");
    for (const [i, { loss, label }] of steps.entries()) {
      expect(loss).toBeCloseTo(-score!.tokenLogProbabilities[i]!, 4);
      expect(loss).toBeCloseTo(-Math.log(label.probability), 4);
    }
    expect(gradients).toHaveLength(explorer.facts.parameters.length);
    expect(gradients.every(({ norm }) => norm > 0)).toBe(true);
  });

  it("says which tokens are alike: itself apart, the most alike first", () => {
    const found = explorer.neighbours({ side: "source", id: 5, count: 4 });
    expect(found.map(({ id }) => id)).not.toContain(5);
    const similarities = found.map(({ similarity }) => similarity);
    expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
  });
});
