import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Tokenizer as TheirTokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { exportHuggingFace } from "../../src/interop/huggingface/export.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import type { Checkpoint } from "../../src/training/checkpointFormat.ts";
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

/** The models that transformers was asked about: see fixtures/huggingface/make_fixtures.py. */
const MODELS: Readonly<Record<string, readonly [Partial<ModelConfig>, Tokenizers]>> = {
  "marian-two": [{}, TWO_ALPHABETS],
  "marian-shared": [{ tie: "all", activation: "gelu" }, ONE_ALPHABET],
  "marian-untied": [{ tie: "none" }, TWO_ALPHABETS],
  "pegasus-two": [{ norm: "pre" }, TWO_ALPHABETS],
  "pegasus-shared": [{ norm: "pre", tie: "all", activation: "gelu" }, ONE_ALPHABET],
  "pegasus-untied": [{ norm: "pre", tie: "none" }, TWO_ALPHABETS],
};

/** What transformers computed with an exported model, and the files that it did it with. */
interface Answer {
  readonly sha256: Readonly<Record<string, string>>;
  /** By pair, the logits of the target's tokens and END, row by row. */
  readonly logits: readonly (readonly number[])[];
}

const FIXTURES = fileURLToPath(new URL("../fixtures/huggingface/", import.meta.url));
const { pairs, answers } = JSON.parse(readFileSync(join(FIXTURES, "answers.json"), "utf8")) as {
  readonly pairs: readonly { readonly source: number[]; readonly target: number[] }[];
  readonly answers: Readonly<Record<string, Answer>>;
};

// To ask transformers again: XFORMER_EXPORTS=DIR npx vitest run tests/interop/huggingface.test.ts, which leaves the
// exported models in DIR, then make_fixtures.py DIR.
const directory = process.env.XFORMER_EXPORTS ?? temporaryDirectory();
const workbench = makeWorkbench("reference");

function checkpointOf(name: string): Checkpoint {
  const [changes, tokenizers] = MODELS[name]!;
  return randomCheckpoint(changes, tokenizers);
}

function readJSON(...path: readonly string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(join(directory, ...path), "utf8")) as Record<string, unknown>;
}

describe.each(Object.keys(MODELS))("a model exported for transformers: %s", (name) => {
  const checkpoint = checkpointOf(name);
  const { model } = checkpoint;
  exportHuggingFace(checkpoint, join(directory, name));

  it("has the logits that transformers computes with these very files, within 1e-5", () => {
    const { sha256, logits } = answers[name]!;
    const hashes = Object.keys(sha256).map((file) => {
      const bytes = readFileSync(join(directory, name, file));
      return [file, createHash("sha256").update(bytes).digest("hex")];
    });
    expect(Object.fromEntries(hashes)).toEqual(sha256);
    const ours = logitsOf(workbench, checkpoint, pairs);
    for (const [i, rows] of logits.entries()) expect(largestDifference(ours[i]!, rows)).toBeLessThan(1e-5);
  });

  it("says its sizes, and that BEGIN is what pads", () => {
    expect(readJSON(name, "config.json")).toMatchObject({
      model_type: model.norm === "post" ? "marian" : "pegasus",
      ...{ d_model: 8, encoder_layers: 2, decoder_ffn_dim: 12, encoder_attention_heads: 2 },
      ...{
        scale_embedding: true,
        activation_function: model.activation,
        dropout: 0.1,
        attention_dropout: 0.1,
      },
      ...{ pad_token_id: 1, decoder_start_token_id: 1, eos_token_id: 2, forced_eos_token_id: null },
      tie_word_embeddings: model.tie !== "none",
    });
    expect(readJSON(name, "generation_config.json")).toMatchObject({ max_length: 13, num_beams: 1 });
  });

  it("has tokenizers that give the ids of the model, with END behind sources", () => {
    const offset = name === "pegasus-two" || name === "pegasus-untied" ? 9 : 0;
    const read = (folder: string): TheirTokenizer =>
      new TheirTokenizer(
        readJSON(name, folder, "tokenizer.json"),
        readJSON(name, folder, "tokenizer_config.json"),
      );
    const { sourceTokenizer, targetTokenizer } = checkpoint;
    const source = Array.from(sourceTokenizer.encode("bad face x"), (id) => id + offset);
    expect(read("").encode("bad face x").ids).toEqual([...source, 2 + offset]);
    const target = model.tie === "all" ? "" : "target";
    const text = model.tie === "all" ? "a hag" : "zy";
    const ids = [...targetTokenizer.encode(text), 2];
    expect(read(target).decode(ids, { skip_special_tokens: true })).toBe(text);
  });
});

describe("an export for transformers", () => {
  it("orders the dimensions so that sines come first: 0, 2, 4, ... and then 1, 3, 5, ...", () => {
    const { tensors } = checkpointOf("marian-two");
    const theirs = readSafetensors(join(directory, "marian-two", "model.safetensors")).tensors;
    const row = (name: string, i: number): number[] => [
      ...tensors.get(name)!.data.subarray(8 * i, 8 * i + 8),
    ];
    const order = [0, 2, 4, 6, 1, 3, 5, 7];
    expect([...theirs.get("model.decoder.embed_tokens.weight")!.data.subarray(8, 16)]).toEqual(
      order.map((j) => row("target_embedding.weight", 1)[j]),
    );
    // Keys are the second band of rows; what comes out of an attention goes back into the width.
    const keys = theirs.get("model.encoder.layers.1.self_attn.k_proj.weight")!;
    expect([...keys.data.subarray(0, 8)]).toEqual(
      order.map((j) => row("encoder.layers.1.self_attn.in_proj_weight", 8)[j]),
    );
    const output = theirs.get("model.decoder.layers.0.encoder_attn.out_proj.weight")!;
    expect([...output.data.subarray(8, 16)]).toEqual(
      row("decoder.layers.0.multihead_attn.out_proj.weight", 2),
    );
  });

  it("puts the sources' embeddings behind the targets' where there can be one table only", () => {
    const { tensors } = readSafetensors(join(directory, "pegasus-two", "model.safetensors"));
    expect(tensors.get("model.shared.weight")!.shape).toEqual([9 + 12, 8]);
    const bias = tensors.get("final_logits_bias")!;
    expect(bias.shape).toEqual([1, 9 + 12]);
    expect(Math.max(...bias.data.subarray(9))).toBe(-1e9);
  });

  it("refuses what transformers has no words for, and says what", () => {
    const learned = randomCheckpoint({ positions: "learned" }, TWO_ALPHABETS);
    expect(() => exportHuggingFace(learned, join(directory, "refused"))).toThrow(
      expect.objectContaining({
        code: "CHECKPOINT",
        file: "model.safetensors",
        message:
          "this model has positions = learned, but Marian and Pegasus of transformers know only sinusoidal",
      }),
    );
  });

  const exported = (
    tokenizers: Tokenizers,
  ): { readonly source: TheirTokenizer; readonly notes: readonly string[] } => {
    const folder = join(directory, "tokenizers");
    const { notes } = exportHuggingFace(randomCheckpoint({}, tokenizers), folder);
    const read = (name: string): Record<string, unknown> => readJSON("tokenizers", name);
    return { source: new TheirTokenizer(read("tokenizer.json"), read("tokenizer_config.json")), notes };
  };
  const idsOf = (tokenizer: Tokenizer, text: string): number[] => [...tokenizer.encode(text), 2];

  it("cuts Chinese into the likeliest words of the vocabulary, and says that these may be others", () => {
    const source = learnTokenizer(["我很好。", "你很好。", "你好吗？"], { kind: "word", language: "zh" });
    const { source: theirs, notes } = exported({ source, target: TWO_ALPHABETS.target });
    expect(theirs.encode("你很好。").ids).toEqual(idsOf(source, "你很好。"));
    expect(notes).toEqual([expect.stringMatching(/^the source's words are cut by ICU's dictionary here/)]);
  });

  it("cuts words of languages with spaces as they are cut here, and puts them together again", () => {
    const lines = ["Yes, I don't know (at all).", "Where is it?", "$5 is well-known"];
    const source = learnTokenizer(lines, { kind: "word", language: "en" });
    const { source: theirs } = exported({ source, target: TWO_ALPHABETS.target });
    for (const line of lines) {
      expect(theirs.encode(line).ids).toEqual(idsOf(source, line));
      expect(theirs.decode([...source.encode(line)])).toBe(line);
    }
  });

  it("has byte-pair encoding as it is, without a word on it", () => {
    const lines = ["low lower lowest", "new newer newest"];
    const source = learnTokenizer(lines, { kind: "bpe", vocabularySize: 280 });
    const { source: theirs, notes } = exported({ source, target: TWO_ALPHABETS.target });
    for (const line of [...lines, "newest lows 我"])
      expect(theirs.encode(line).ids).toEqual(idsOf(source, line));
    expect(notes).toEqual([]);
  });
});
