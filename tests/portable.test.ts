import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { DecodingOptions } from "../src/decoding/options.ts";
import { Translator } from "../src/decoding/translator.ts";
import { JOBS } from "../src/jobs.ts";
import { allowsRelaxedSimd } from "../src/kernels/load.ts";
import { webAssemblySet } from "../src/kernels/webAssemblySet.ts";
import { type LoadedModel, loadFiles } from "../src/loadedModel.ts";
import { SinglePool } from "../src/replicas/pool.ts";
import { Arena } from "../src/tensor/heap.ts";
import { parseCheckpoint, restore } from "../src/training/checkpointFormat.ts";
import { train } from "../src/training/train.ts";
import { temporaryDirectory } from "./io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "./support/cli.ts";

const directory = temporaryDirectory();
/** Of several lengths, the last longer than the room that a session has at first. */
const LINES = [
  ...letterPairs(300)
    .slice(-16)
    .map((pair) => pair.split("\t")[0]!),
  ...["a", "", "h g f e d c b a a a b", "a b c d e f g h ".repeat(5).trim()],
];

/** The fastest WebAssembly that this Node has. */
const BUILD = allowsRelaxedSimd() ? "relaxed" : "strict";

/**
 * The model in a file, on one thread and a memory that nobody shares, as where there are no threads. What comes from
 * outside are bytes, and a checksum.
 */
function loadAlone(file: string): Translator {
  const wasm = join(import.meta.dirname, "..", "dist", "kernels", `${BUILD}.unshared.wasm`);
  const checkpoint = parseCheckpoint(readFileSync(file), file, crc32);
  const pool = new SinglePool(checkpoint.model, webAssemblySet(BUILD, readFileSync(wasm)), JOBS);
  restore(checkpoint, pool.main.model, pool.main.workbench.heap);
  pool.weightsChanged();
  const { sourceTokenizer, targetTokenizer } = checkpoint;
  return new Translator(pool, sourceTokenizer, targetTokenizer, checkpoint);
}

describe("a checkpoint on one thread, in a memory that is not shared", () => {
  let file: string;
  let model: LoadedModel;
  beforeAll(async () => {
    writeFiles(directory, { "pairs.tsv": letterPairs(300) });
    const out = join(directory, "run");
    await train({
      data: { train: join(directory, "pairs.tsv") },
      out,
      model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 },
      training: { maxSteps: 30, learningRate: 0.01, warmupSteps: 10, batchTokens: 256 },
    });
    file = join(out, "last.safetensors");
    model = await loadFiles(file, BUILD === "relaxed" ? { threads: 2 } : { threads: 2, kernels: BUILD });
  });
  afterAll(() => model.close());
  afterEach(() => vi.restoreAllMocks());

  it("translates greedily: the texts and the log-probabilities of threads over shared memory, bit for bit", async () => {
    expect(LINES).toHaveLength(20);
    const alone = loadAlone(file);
    expect(alone.pool.main.workbench.heap.wasm.buffer).toBeInstanceOf(ArrayBuffer);
    expect(model.translator.pool.main.workbench.heap.wasm.buffer).toBeInstanceOf(SharedArrayBuffer);
    const found = await alone.translate(LINES);
    expect(found).toEqual(await model.translator.translate(LINES));
    expect(new Set(found.map(({ text }) => text)).size).toBeGreaterThan(5);
    expect(found[0]!.hypotheses[0]!.tokenLogProbabilities.every((value) => value < 0)).toBe(true);
    await alone.pool.close();
  });

  describe.each([
    ["", false],
    [", which moves at every allocation", true],
  ])("another memory each time%s", (_, moves) => {
    /** What a model gives that has not been used before. */
    async function fromFresh<T>(work: (translator: Translator) => Promise<T>): Promise<T> {
      const alone = loadAlone(file);
      if (moves) {
        const allocate = Arena.prototype.allocate;
        vi.spyOn(Arena.prototype, "allocate").mockImplementation(function (this: Arena, count: number) {
          const pointer = allocate.call(this, count);
          alone.pool.main.workbench.heap.wasm.grow(0); // takes all views back, as growing by more does
          return pointer;
        });
      }
      const result = await work(alone);
      vi.restoreAllMocks();
      return result;
    }

    it.each<[string, DecodingOptions]>([
      ["greedily", {}],
      ["with a beam", { beam: 4, nBest: 3, lengthPenalty: 0.6 }],
      ["by samples", { sample: true, nBest: 2, topK: 5 }],
      ["under constraints", { beam: 2, noRepeatNgram: 2, repetitionPenalty: 1.2, banUnk: true }],
      ["with alignments", { alignments: "tokens" }],
    ])("translates %s as threads do", async (_how, options) => {
      const found = await fromFresh((alone) => alone.translate(LINES, options));
      expect(found).toEqual(await model.translator.translate(LINES, options));
    });

    it("scores as threads do", async () => {
      const targets = LINES.map((_line, i) => LINES[(i + 1) % LINES.length]!);
      const scores = await fromFresh((alone) => alone.score(LINES, targets));
      expect(scores).toEqual(await model.translator.score(LINES, targets));
      expect(scores.every(({ logProbability }) => logProbability < 0)).toBe(true);
    });
  });
});
