import { stripVTControlCharacters } from "node:util";
import { Chalk } from "chalk";
import { afterAll, describe, expect, it } from "vitest";
import { displayWidth } from "../../src/cli/ui/layout.ts";
import { render } from "../../src/cli/ui/render.ts";
import { Translator } from "../../src/decoding/translator.ts";
import { JOBS } from "../../src/jobs.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import {
  attentionDocument,
  attentionJson,
  attentionMap,
  attentionTitle,
} from "../../src/report/attention.ts";
import { explanationDocument } from "../../src/report/explanation.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { smallModel } from "../support/engine.ts";

const TOKENIZER = learnTokenizer(["a b c d e f g h"], { kind: "word" });
const model = smallModel(TOKENIZER.vocabulary.size, { nEncoderLayers: 1, nHeads: 3 });
const pool = new WorkerPool(model, JOBS, { threads: 1 });
pool.main.model.initialise(1);
const translator = new Translator(pool, TOKENIZER, TOKENIZER, { outputLimit: 3 });
const trace = await translator.trace("a owl", "b c");
afterAll(() => pool.close());

function shown(width: number, blocks = explanationDocument(trace, model)): string {
  return render(blocks, { width, breaks: true, colours: new Chalk({ level: 0 }), bar: "#" });
}

describe("the attention of a trace", () => {
  it("has rows that are written and columns that are looked at", () => {
    const map = (kind: "encoder" | "decoder" | "cross") => {
      const { rows, columns, values, stride } = attentionMap(trace, { kind, layer: 0, head: 0 });
      expect(values).toHaveLength(rows.length * stride);
      return [rows, columns];
    };
    const [source, read, written] = [
      ["a", "owl", "</s>"],
      ["<s>", "b", "c"],
      ["b", "c", "</s>"],
    ];
    expect(map("encoder")).toEqual([source, source]);
    expect(map("decoder")).toEqual([written, read]);
    expect(map("cross")).toEqual([written, source]);
  });

  it("leaves out what the decoder cannot see", () => {
    const { values } = attentionMap(trace, { kind: "decoder", layer: "mean", head: "mean" });
    const seen = Array.from(values, (value) => !Number.isNaN(value));
    expect(seen).toEqual([true, false, false, true, true, false, true, true, true]);
  });

  it("is named", () => {
    const title = (layer: number | "mean", head: number | "mean") =>
      attentionTitle(trace, { kind: "cross", layer, head });
    expect(title(1, 2)).toBe("cross-attention, layer 2 of 2, head 3 of 3");
    expect(title("mean", "mean")).toBe("cross-attention, the mean of 2 layers, the mean of 3 heads");
    expect(shown(80, attentionDocument(trace, { kind: "cross", layer: 0, head: 0 }))).toMatch(
      /^cross-attention, layer 1 of 2, head 1 of 3\n[^\n]+\n\n +a +owl +<\/s>\nb /,
    );
  });

  it("is there as data, every layer and head of it", () => {
    const json = JSON.parse(JSON.stringify(attentionJson(trace, "m.safetensors")));
    expect(json).toMatchObject({ model: "m.safetensors", translation: "b c", own: false, ended: true });
    expect(json.source[1]).toEqual({ id: 0, token: "<unk>", text: "owl", unknown: true });
    expect(json.written.map(({ text }: { text: string }) => text)).toEqual(["b", "c", "</s>"]);
    const shape = (matrices: number[][][][]): number[] => {
      const [layer] = matrices;
      return [matrices.length, layer!.length, layer![0]!.length, layer![0]![0]!.length];
    };
    expect(Object.values<number[][][][]>(json.attention).map(shape)).toEqual([
      [1, 3, 3, 3],
      [2, 3, 3, 3],
      [2, 3, 3, 3],
    ]);
    expect(json.attention.decoder[1][2][0]).toEqual([1, 0, 0]);
    expect(json.attention.cross[1][2][0][1]).toBeCloseTo(trace.attention.cross[1]![2]!.values[1]!, 6);
  });
});

describe("the walk through a sentence", () => {
  it("has every part of the model in its order", () => {
    const text = shown(200);
    const parts = [
      ...["source ", "The source becomes vectors", "Encoder, layer 1 of 1", "The target becomes vectors"],
      ...["Decoder, layer 1 of 2", "Decoder, layer 2 of 2", "Decoding, step by step", "Step 1", "Step 2"],
      ...["Step 3", "The target: b c"],
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text).toContain("owl (<unk>)");
    expect(text.match(/^ {2}candidates {2}(\S+ [\d.]+ %(, |$)){5}$/gm)).toHaveLength(3);
    expect(text.match(/^ {2}looks at {4}in the source (\S+ \d+ %(, |$)){1,3}$/gm)).toHaveLength(3);
    expect(text.match(/head 3/g)).toHaveLength(1 + 2 * 2);
    expect(text.match(/cross-attention adds/g)).toHaveLength(2);
  });

  it("says what the model was to write, and whether it would have", () => {
    const text = shown(200);
    for (const [t, { written, candidates }] of trace.steps.entries()) {
      const isChosen = candidates[0]!.id === written.id;
      const percent = `(${(100 * written.probability).toFixed(1)} %)`;
      expect(text).toContain(`Step ${t + 1} is to write ${written.text}${isChosen ? "" : ` ${percent}`}\n`);
    }
  });

  it("of its own translation says so, and that it is cut short", async () => {
    const own = await translator.trace("a b");
    const text = shown(200, explanationDocument(own, model));
    expect(text).toContain("Step 1 writes");
    expect(text).toContain("The target so far becomes vectors");
    expect(text.includes("Its limit cuts it short")).toBe(!own.ended);
  });

  it.each([48, 80, 200])("fits into %i columns", (width) => {
    for (const line of stripVTControlCharacters(shown(width)).split("\n"))
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });
});
