import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../src/interop/onnx/export.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import {
  largestDifference,
  logitsOf,
  ONE_ALPHABET,
  randomCheckpoint,
  type Tokenizers,
  TWO_ALPHABETS,
} from "../support/checkpoints.ts";
import { makeWorkbench } from "../support/engine.ts";
import { type OnnxGraph, readOnnx, runOnnx, type Tensor } from "../support/onnx.ts";

const VARIANTS: Readonly<Record<string, readonly [Partial<ModelConfig>, Tokenizers]>> = {
  "post-norm, two vocabularies": [{}, TWO_ALPHABETS],
  "post-norm, one vocabulary, all tied, gelu": [{ tie: "all", activation: "gelu" }, ONE_ALPHABET],
  "pre-norm, nothing tied, learned positions": [
    { norm: "pre", tie: "none", positions: "learned", maxLength: 4, nDecoderLayers: 1 },
    TWO_ALPHABETS,
  ],
};

/** Two of different lengths; some are longer than the positions that one of the models has learned. */
const PAIRS = [
  { source: [5, 3, 7, 4, 9, 6], target: [4, 3, 8, 5, 5] },
  { source: [8], target: [3, 7] },
];

/** Rows of ids as a tensor, filled up with something that the mask has to hide. */
function padded(rows: readonly (readonly number[])[]): { readonly ids: Tensor; readonly mask: Tensor } {
  const longest = Math.max(...rows.map(({ length }) => length));
  const shape = [rows.length, longest];
  const filled = (row: readonly number[], filler: number): number[] =>
    Array.from({ length: longest }, (_, i) => row[i] ?? filler);
  const ids = rows.flatMap((row) => filled(row, 6));
  const mask = rows.flatMap((row) =>
    filled(
      row.map(() => 1),
      0,
    ),
  );
  return { ids: { shape, data: ids }, mask: { shape, data: mask } };
}

/** The columns from `first` to below `end` of a matrix. */
function columns({ shape: [rows, width], data }: Tensor, first: number, end: number): Tensor {
  const list = Array.from({ length: rows! }, (_, i) => data.slice(i * width! + first, i * width! + end));
  return { shape: [rows!, end - first], data: list.flat() };
}

/** A cache that is to be passed over: of one token, which is not there. */
function noCache(graph: OnnxGraph, batch: number): Record<string, Tensor> {
  const caches = graph.inputs.filter(({ name }) => name.startsWith("past_key_values"));
  return Object.fromEntries(
    caches.map(({ name, axes: [, heads, , width] }) => [
      name,
      {
        shape: [batch, heads as number, 1, width as number],
        data: new Array(batch * (heads as number) * (width as number)).fill(9),
      },
    ]),
  );
}

const directory = temporaryDirectory();
const workbench = makeWorkbench("reference");

describe.each(Object.entries(VARIANTS))("the ONNX graphs of a model: %s", (name, [changes, tokenizers]) => {
  const checkpoint = randomCheckpoint(changes, tokenizers);
  const folder = join(directory, name);
  const exported = exportOnnx(checkpoint, folder);
  const read = (file: string): OnnxGraph => readOnnx(readFileSync(join(folder, "onnx", file))).graph;
  const [encoder, decoder] = [read("encoder_model.onnx"), read("decoder_model_merged.onnx")];
  const { bosId, eosId } = checkpoint.targetTokenizer.vocabulary;
  const { ids, mask } = padded(PAIRS.map(({ source }) => [...source, eosId]));
  const read_ = padded(PAIRS.map(({ target }) => [bosId, ...target])).ids;
  const expected = logitsOf(workbench, checkpoint, PAIRS);

  /** What is wrong at most, of the rows that are there. */
  const error = (logits: Tensor, first = 0): number => {
    const [, length, vocabulary] = logits.shape as [number, number, number];
    return PAIRS.reduce((most, { target }, b) => {
      const rows = Math.min(length, target.length + 1 - first);
      const ours = expected[b]!.slice(first * vocabulary, (first + rows) * vocabulary);
      const theirs = logits.data.slice(b * length * vocabulary, (b * length + rows) * vocabulary);
      return Math.max(most, largestDifference(theirs, ours));
    }, 0);
  };

  it("give the logits of the model, within 1e-5, whatever the padding and what is in a cache that is not used", () => {
    const { last_hidden_state: memory } = runOnnx(encoder, { input_ids: ids, attention_mask: mask });
    const given = { encoder_attention_mask: mask, encoder_hidden_states: memory!, ...noCache(decoder, 2) };
    const { logits } = runOnnx(decoder, {
      ...given,
      input_ids: read_,
      use_cache_branch: { shape: [1], data: [0] },
    });
    expect(logits!.shape).toEqual([2, 6, checkpoint.model.targetVocabSize]);
    expect(error(logits!)).toBeLessThan(1e-5);
  });

  it("give the same in two parts, the second from the cache alone", () => {
    const { last_hidden_state: memory } = runOnnx(encoder, { input_ids: ids, attention_mask: mask });
    const given = { encoder_attention_mask: mask, encoder_hidden_states: memory!, ...noCache(decoder, 2) };
    const never = { shape: [1], data: [0] };
    const first = runOnnx(decoder, { ...given, input_ids: columns(read_, 0, 2), use_cache_branch: never });
    expect(error(first.logits!)).toBeLessThan(1e-5);
    const cache = Object.fromEntries(
      Object.keys(noCache(decoder, 2)).map((name) => [
        name,
        first[name.replace("past_key_values", "present")]!,
      ]),
    );
    const second = runOnnx(decoder, {
      encoder_attention_mask: mask,
      encoder_hidden_states: { ...memory!, data: memory!.data.map(() => 0) }, // not looked at any more
      input_ids: columns(read_, 2, 6),
      use_cache_branch: { shape: [1], data: [1] },
      ...cache,
    });
    expect(error({ ...second.logits! }, 2)).toBeLessThan(1e-5);
  });

  it("have every weight once, under its name and with its shape", () => {
    const stored = new Map([...encoder.constants, ...decoder.constants]);
    const isWhole = ({ name }: { readonly name: string }): boolean =>
      !name.includes("multihead_attn.in_proj");
    const declared = [...checkpoint.tensors].map(([name, { shape }]) => ({ name, shape }));
    for (const { name, shape } of declared.filter(isWhole))
      expect(stored.get(name)?.shape, name).toEqual(shape);
  });

  it("have the inputs, outputs and axes that Optimum gives them", () => {
    const [batch, length] = ["batch_size", "encoder_sequence_length"];
    expect(encoder.inputs).toEqual([
      { name: "input_ids", element: 7, axes: [batch, length] },
      { name: "attention_mask", element: 7, axes: [batch, length] },
    ]);
    expect(encoder.outputs).toEqual([{ name: "last_hidden_state", element: 1, axes: [batch, length, 8] }]);
    const caches = Array.from({ length: checkpoint.model.nDecoderLayers }, (_, i) =>
      ["decoder.key", "decoder.value", "encoder.key", "encoder.value"].map((part) => `${i}.${part}`),
    ).flat();
    expect(decoder.inputs.map((port) => port.name)).toEqual([
      ...["input_ids", "encoder_attention_mask", "encoder_hidden_states"],
      ...caches.map((part) => `past_key_values.${part}`),
      "use_cache_branch",
    ]);
    expect(decoder.outputs.map((port) => port.name)).toEqual([
      "logits",
      ...caches.map((part) => `present.${part}`),
    ]);
    expect(decoder.inputs[3]!.axes).toEqual([batch, 2, "past_decoder_sequence_length", 4]);
  });

  it("come with tokenizers and settings", () => {
    const tokenizers = checkpoint.model.tie === "all" ? [""] : ["", "target/"];
    expect(exported.files).toEqual([
      ...[
        "onnx/encoder_model.onnx",
        "onnx/decoder_model_merged.onnx",
        "config.json",
        "generation_config.json",
      ],
      ...tokenizers.flatMap((place) => [`${place}tokenizer.json`, `${place}tokenizer_config.json`]),
    ]);
    expect(JSON.parse(readFileSync(join(folder, "generation_config.json"), "utf8"))).toMatchObject({
      ...{ decoder_start_token_id: bosId, eos_token_id: eosId, pad_token_id: bosId, max_length: 13 },
    });
  });
});
