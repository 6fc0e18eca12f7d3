import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { at } from "../../src/kernels/kernels.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { Heap } from "../../src/tensor/heap.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { Adam } from "../../src/training/adam.ts";
import { describeCheckpoint, loadCheckpoint, saveCheckpoint } from "../../src/training/checkpoint.ts";
import { type CheckpointDescription, type Optimizer, restore } from "../../src/training/checkpointFormat.ts";
import { initialState } from "../../src/training/state.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { randomFloats, SMALL_MODEL } from "../support/engine.ts";
import { expectSameBits } from "../support/kernels.ts";
import { SETTLED_TRAINING } from "../support/settings.ts";

const sourceTokenizer = learnTokenizer(["我很好。"], { kind: "word", language: "zh" });
const targetTokenizer = learnTokenizer(["I am good."], { kind: "char", lowercase: true });
const CONFIG: ModelConfig = {
  ...SMALL_MODEL,
  tie: "decoder",
  sourceVocabSize: sourceTokenizer.vocabulary.size,
  targetVocabSize: targetTokenizer.vocabulary.size,
};
const validation = { step: 7, valid: { loss: 1 / 3, perplexity: 1.4, bleu: 12.5, chrf: 50, exactMatch: 4 } };
const DESCRIPTION: Omit<CheckpointDescription, "model"> = {
  sourceLanguage: "zh",
  targetLanguage: "en",
  outputLimit: 23,
  sourceTokenizer,
  targetTokenizer,
  training: {
    ...initialState(SETTLED_TRAINING, "fingerprint"),
    ...{ step: 9, epoch: 1, batch: 2, skipped: 1, validations: [validation] },
    window: { loss: Math.PI, sourceTokens: 5, targetTokens: 6 },
  },
};

/** A model with its optimizer and average, every number of them filled from `seed`; all zero without one. */
function makeTraining(seed?: number) {
  const heap = Heap.shared();
  const model = new Transformer(CONFIG, heap);
  const { list, pointer, size } = model.parameters;
  const adam = new Adam(model.parameters, heap);
  const movingAverage = heap.reserve(4 * size);
  const optimizer: Optimizer = { adam, movingAverage };
  const tensors = [pointer, adam.m, adam.v, movingAverage].flatMap((region) =>
    list.map(({ offset, rows, columns }) => heap.floats(at(region, offset), rows * columns)),
  );
  if (seed !== undefined) {
    const random = createRandom(seed);
    for (const tensor of tensors) tensor.set(randomFloats(tensor.length, random));
  }
  return { heap, model, optimizer, tensors };
}

const root = temporaryDirectory();
const file = join(root, "last.safetensors");
const saved = makeTraining(1);

beforeEach(() => {
  rmSync(join(root, "best.safetensors"), { force: true });
  saveCheckpoint(file, saved.model, DESCRIPTION, saved.heap, saved.optimizer);
});

/** Writes the checkpoint again with other metadata or tensors. */
function change(
  metadata: Record<string, string | undefined>,
  tensors: (list: NamedTensor[]) => NamedTensor[] = (list) => list,
): void {
  const whole = readSafetensors(file);
  const list = [...whole.tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  const entries = Object.entries({ ...whole.metadata, ...metadata }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("xformer."),
  );
  writeSafetensors(file, tensors(list), Object.fromEntries(entries));
}

describe("a checkpoint", () => {
  it("gives back parameters, moments and average, bit for bit, and all it was told", () => {
    const checkpoint = loadCheckpoint(file);
    const { sourceTokenizer: source, targetTokenizer: target, tensors, ...rest } = checkpoint;
    expect(rest).toEqual({
      ...{ model: CONFIG, file, sourceLanguage: "zh", targetLanguage: "en", outputLimit: 23 },
      training: DESCRIPTION.training,
    });
    expect(source.toJSON()).toEqual(sourceTokenizer.toJSON());
    expect(target.toJSON()).toEqual(targetTokenizer.toJSON());
    expect(tensors.size).toBe(4 * saved.model.parameters.list.length);
    const fresh = makeTraining();
    restore(checkpoint, fresh.model, fresh.heap, fresh.optimizer);
    for (const [i, tensor] of fresh.tensors.entries()) expectSameBits(tensor, saved.tensors[i]!);
  });

  it("saved again from what was restored has the same bytes", () => {
    const checkpoint = loadCheckpoint(file);
    const fresh = makeTraining(2);
    restore(checkpoint, fresh.model, fresh.heap, fresh.optimizer);
    const again = join(root, "again.safetensors");
    const { model: _, file: __, tensors: ___, ...description } = checkpoint;
    saveCheckpoint(again, fresh.model, description, fresh.heap, fresh.optimizer);
    expect(readSafetensors(again)).toEqual(readSafetensors(file));
  });

  it("without an optimizer holds the model alone, and restores it alone", () => {
    saveCheckpoint(file, saved.model, DESCRIPTION, saved.heap);
    const checkpoint = loadCheckpoint(file);
    expect([...checkpoint.tensors.keys()]).toEqual(saved.model.parameters.list.map(({ name }) => name));
    const fresh = makeTraining();
    restore(checkpoint, fresh.model, fresh.heap);
    const count = saved.model.parameters.list.length;
    for (const [i, tensor] of fresh.tensors.entries()) {
      if (i < count) expectSameBits(tensor, saved.tensors[i]!);
      else expect(tensor.every((moment) => moment === 0)).toBe(true);
    }
    expect(oneLine(() => restore(checkpoint, fresh.model, fresh.heap, fresh.optimizer))).toBe(
      `${file}: tensor adam.exp_avg.source_embedding.weight is missing. Use another copy, or train again.`,
    );
  });

  it("is described from its header alone", () => {
    const { shapes, tensors: _, ...rest } = { tensors: null, ...describeCheckpoint(file) };
    expect(rest).toMatchObject({ file, model: CONFIG, outputLimit: 23, training: DESCRIPTION.training });
    const { name, shape } = saved.model.parameters.list[0]!;
    expect(shapes[0]).toEqual({ name, shape });
    expect(shapes.length).toBe(4 * saved.model.parameters.list.length);
  });
});

describe("--model", () => {
  it("of a run directory is its best, or its last when there is no best yet", () => {
    expect(loadCheckpoint(root).file).toBe(file);
    const best = join(root, "best.safetensors");
    saveCheckpoint(best, saved.model, DESCRIPTION, saved.heap);
    expect(loadCheckpoint(root).file).toBe(best);
    expect(describeCheckpoint(root).file).toBe(best);
  });

  it("that is not there, or holds no model, is named", () => {
    const nowhere = join(root, "nowhere");
    const empty = join(root, "empty");
    mkdirSync(empty, { recursive: true });
    expect(oneLine(() => loadCheckpoint(nowhere))).toBe(
      `${nowhere}: no such file or directory. Check the path.`,
    );
    expect(oneLine(() => loadCheckpoint(empty))).toBe(
      `${empty}: no best.safetensors or last.safetensors in this directory. ` +
        "Name a run directory that `xformer train` made, or a checkpoint file.",
    );
  });
});

describe("a checkpoint is refused", () => {
  const COPY = "Use another copy, or train again.";

  it.each([
    [
      "that another program wrote",
      { format: "pt" },
      "this safetensors file is not an xformer checkpoint: it lacks xformer's metadata. Name a file that `xformer train` wrote.",
    ],
    [
      "of a newer format",
      { format_version: "2" },
      "it has format version 2, this xformer reads up to 1. Update xformer.",
    ],
    ...["", "-1", "0", "1.5"].map((version): [string, Record<string, string | undefined>, string] => [
      `of format version "${version}"`,
      { format_version: version },
      `it has ${version === "" ? "no format version" : `format version ${version}`}, this xformer reads up to 1. Update xformer.`,
    ]),
    ...[undefined, null, {}, "50", -1, 0, 2.5, 1e9].map(
      (outputLimit): [string, Record<string, string | undefined>, string] => [
        `whose longest output is ${JSON.stringify(outputLimit)}`,
        { translation: JSON.stringify({ sourceLanguage: "zh", targetLanguage: "en", outputLimit }) },
        `translation.outputLimit in its metadata is ${JSON.stringify(outputLimit) ?? "missing"}, expected a whole number from 1 to 1000000. ${COPY}`,
      ],
    ),
    ...(
      [
        [{ kept: undefined }, "kept", "missing", "an object"],
        [{ kept: { best: 3, last: [] } }, "kept.best", "3", "a list"],
        [{ step: "16" }, "step", '"16"', "a whole number of at least 0"],
        [{ epoch: -1 }, "epoch", "-1", "a whole number of at least 0"],
        [{ validation: 5 }, "validation", "5", "a text, or null"],
        [{ validations: [{ step: 3 }] }, "validations[0].valid", "missing", "an object"],
        [
          { config: { ...SETTLED_TRAINING, weightDecay: 1e99 } },
          "config.weightDecay",
          "1e+99",
          "a number from 0 to 10",
        ],
      ] as const
    ).map(([change, field, value, expected]): [string, Record<string, string | undefined>, string] => [
      `whose training has ${field} ${value}`,
      { training: JSON.stringify({ ...DESCRIPTION.training, ...change }) },
      `training.${field} in its metadata is ${value}, expected ${expected}. ${COPY}`,
    ]),
    [
      "of more layers than any model has",
      { model: JSON.stringify({ ...CONFIG, nEncoderLayers: 1e9 }) },
      `model.nEncoderLayers in its metadata is 1000000000, expected a whole number from 1 to 1000. ${COPY}`,
    ],
    [
      "of no format version that is a number",
      { format_version: "one" },
      "it has format version one, this xformer reads up to 1. Update xformer.",
    ],
    [
      "without its configuration",
      { model: undefined },
      `its metadata "model" is missing or is not JSON. ${COPY}`,
    ],
    [
      "whose training is not JSON",
      { training: "{" },
      `its metadata "training" is missing or is not JSON. ${COPY}`,
    ],
    [
      "of sizes that do not fit together",
      { model: JSON.stringify({ ...CONFIG, nHeads: 4 }) },
      `its configuration cannot be built: dModel 6 cannot be split into 4 heads. ${COPY}`,
    ],
    [
      "whose source vocabulary is another",
      { model: JSON.stringify({ ...CONFIG, sourceVocabSize: 5 }) },
      `its source vocabulary has ${CONFIG.sourceVocabSize} entries, the model 5. ${COPY}`,
    ],
    [
      "whose target vocabulary is another",
      { target_tokenizer: JSON.stringify(sourceTokenizer.toJSON()) },
      `its target vocabulary has ${CONFIG.sourceVocabSize} entries, the model ${CONFIG.targetVocabSize}. ${COPY}`,
    ],
  ])("%s", (_, metadata, message) => {
    change(metadata);
    expect(oneLine(() => loadCheckpoint(file))).toBe(`${file}: ${message}`);
    expect(oneLine(() => describeCheckpoint(file))).toBe(`${file}: ${message}`);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "that has %d in a tensor",
    (value) => {
      const name = "adam.exp_avg_sq.encoder.layers.0.norm1.bias";
      change({}, (tensors) => {
        tensors.find((tensor) => tensor.name === name)!.data[1] = value;
        return tensors;
      });
      expect(oneLine(() => loadCheckpoint(file))).toBe(
        `${file}: tensor ${name} has numbers that are not finite. ${COPY}`,
      );
    },
  );

  it("of a run whose validation pairs are not known, as older ones are, and read", () => {
    const { validation: _, ...training } = DESCRIPTION.training;
    change({ training: JSON.stringify(training) });
    expect(loadCheckpoint(file).training).toEqual(training);
  });

  it("of a training from before some settings, which then have their defaults, as they are not written where they have", () => {
    const written = JSON.parse(readSafetensors(file).metadata.training!);
    expect(Object.keys(written.config)).not.toContain("validBeam");
    expect(loadCheckpoint(file).training.config).toEqual(SETTLED_TRAINING);
    change({
      training: JSON.stringify({ ...written, config: { ...written.config, validBeam: 4, testBeam: 5 } }),
    });
    expect(loadCheckpoint(file).training.config).toEqual({ ...SETTLED_TRAINING, validBeam: 4, testBeam: 5 });
  });

  it("that is no safetensors file", () => {
    writeFileSync(file, "not a checkpoint");
    expect(oneLine(() => loadCheckpoint(file))).toMatch(/^.*last\.safetensors: .+\. .+\.$/);
  });

  it.each(["linear1.weight", "adam.exp_avg_sq.encoder.layers.0.norm1.bias", "ema.output_projection.bias"])(
    "that lacks a tensor, such as %s",
    (ending) => {
      const name = ending.startsWith("linear") ? `decoder.layers.1.${ending}` : ending;
      change({}, (tensors) => tensors.filter((tensor) => tensor.name !== name));
      const { model, heap, optimizer } = makeTraining();
      expect(oneLine(() => restore(loadCheckpoint(file), model, heap, optimizer))).toBe(
        `${file}: tensor ${name} is missing. ${COPY}`,
      );
    },
  );

  it("that has a tensor of another shape, were it of the same size", () => {
    const name = "encoder.layers.0.linear1.weight";
    change({}, (tensors) =>
      tensors.map((tensor) =>
        tensor.name === name ? { ...tensor, shape: [...tensor.shape].reverse() } : tensor,
      ),
    );
    const { model, heap } = makeTraining();
    expect(oneLine(() => restore(loadCheckpoint(file), model, heap))).toBe(
      `${file}: tensor ${name} is [6,9], but its configuration says [9,6]. ${COPY}`,
    );
  });
});
