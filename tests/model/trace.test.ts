import { beforeAll, describe, expect, it } from "vitest";
import { meanCrossAttention } from "../../src/decoding/crossAttention.ts";
import { raggedOf } from "../../src/model/batch.ts";
import type { ModelConfig } from "../../src/model/config.ts";
import { ATTENTION_KINDS, attentionName, headTrace, type Trace, trace } from "../../src/model/trace.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { Computation, type Workbench } from "../../src/tensor/computation.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";
import { makePairs, makeWorkbench, smallModel } from "../support/engine.ts";

const SIZES: ModelConfig = smallModel(11, {
  dModel: 12,
  nHeads: 3,
  dFF: 20,
  nEncoderLayers: 2,
  nDecoderLayers: 2,
});
const SOURCE = [3, 7, 10, 4, 5, 2];
const TARGET = [8, 3, 3, 6];

describe.each(["post", "pre"] as const)("what a model computes on a pair, norms %s", (norm) => {
  let workbench: Workbench;
  let model: Transformer;
  let values: Trace;
  beforeAll(() => {
    workbench = makeWorkbench("strict");
    model = new Transformer({ ...SIZES, norm }, workbench.heap);
    model.initialise(5);
    values = trace(model, workbench, makePairs(workbench, [SOURCE], [TARGET]));
  });

  it("has a name for every part", () => {
    const stack = (name: string, layers: readonly string[]) =>
      [0, 1].flatMap((layer) => layers.map((part) => `${name}.layers.${layer}.${part}`));
    const self = ["self_attn.qkv", "self_attn.heads", "self_attn.output", "norm1.output"];
    const cross = ["multihead_attn.q", "multihead_attn.kv", "multihead_attn.heads", "multihead_attn.output"];
    const forward = ["inner", "output"];
    const names = [
      ...["encoder.input", ...stack("encoder", [...self, ...forward, "norm2.output"])],
      ...[
        "decoder.input",
        ...stack("decoder", [...self, ...cross, "norm2.output", ...forward, "norm3.output"]),
      ],
      "logits",
    ];
    const before = (name: string) => name.endsWith(".normalised"); // only where norms come first
    expect([...values.keys()].filter((name) => !before(name)).sort()).toEqual(names.sort());
    expect([...values.keys()].some(before)).toBe(norm === "pre");
  });

  it("has the logits that the model has without being watched, bit for bit", () => {
    const batch = makePairs(workbench, [SOURCE], [TARGET]);
    const run = new Computation(workbench);
    const side = (sentences: typeof batch.source) =>
      raggedOf(run, sentences, { maxPosition: model.maxPosition });
    const logits = model.logits(run, model.forward(run, side(batch.source), side(batch.target)));
    expect(values.get("logits")).toEqual({
      rows: TARGET.length + 1,
      columns: SIZES.targetVocabSize,
      values: workbench.heap.floats(logits.pointer, sizeOf(logits)).slice(),
    });
    workbench.arena.release();
  });

  it.each(ATTENTION_KINDS)(
    "%s attention: weights times V, head for head, is what W_O reads, within 1e-5",
    (kind) => {
      for (const layer of [0, 1]) {
        const heads = values.get(`${attentionName(kind, layer)}heads`)!;
        for (let head = 0; head < SIZES.nHeads; head++) {
          const { weights, v } = headTrace(values, SIZES, kind, layer, head);
          for (let i = 0; i < weights.rows; i++) {
            const row = weights.values.subarray(i * weights.columns, (i + 1) * weights.columns);
            expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
            if (kind === "decoder") expect(row.subarray(i + 1).every((weight) => weight === 0)).toBe(true);
            for (let d = 0; d < v.columns; d++) {
              const mixed = row.reduce((sum, weight, j) => sum + weight * v.values[j * v.columns + d]!, 0);
              expect(mixed).toBeCloseTo(heads.values[i * heads.columns + head * v.columns + d]!, 5);
            }
          }
        }
      }
    },
  );

  it("has the attention weights that decoding gives as alignments", () => {
    const [mean] = meanCrossAttention(model, workbench, makePairs(workbench, [SOURCE], [TARGET]));
    const heads = Array.from({ length: SIZES.nHeads }, (_, head) =>
      headTrace(values, SIZES, "cross", 1, head),
    );
    for (const [i, value] of mean!.values.entries()) {
      const sum = heads.reduce((total, { weights }) => total + weights.values[i]!, 0);
      expect(sum / SIZES.nHeads).toBeCloseTo(value, 6);
    }
  });
});
