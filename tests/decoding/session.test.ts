import { describe, expect, it } from "vitest";
import { DecodingSession } from "../../src/decoding/session.ts";
import { at } from "../../src/kernels/kernels.ts";
import { createRandom } from "../../src/random.ts";
import { Computation } from "../../src/tensor/computation.ts";
import {
  concatenate,
  makeModel,
  makeWorkbench,
  placeSentences,
  poisonScratch,
  randomSentences,
  smallModel,
} from "../support/engine.ts";
import { BUILDS, expectSameBits } from "../support/kernels.ts";

const VOCABULARY = 29;
const CONFIG = smallModel(VOCABULARY, { dModel: 20, nHeads: 4, dFF: 33, maxLength: 50 });
const VARIANTS = [
  ["post", "sinusoidal", "none"],
  ["post", "learned", "decoder"],
  ["pre", "sinusoidal", "all"],
  ["pre", "learned", "none"],
] as const;

/** Past the caches' first 32 positions and, once doubled, past 64; and past the 51 rows of a learned table. */
const LENGTHS = [33, 1, 70, 66, 32];

describe.each(BUILDS)("DecodingSession, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { heap } = workbench;

  describe.each(VARIANTS)("%s-norm, %s positions, tie %s", (norm, positions, tie) => {
    const model = makeModel(workbench, { ...CONFIG, norm, positions, tie });
    const random = createRandom(1);
    const sources = randomSentences([9, 60, 1, 14, 3], VOCABULARY, random);
    const targets = randomSentences(LENGTHS, VOCABULARY, random);

    /** [sentence][position][V] of the whole target at once, as in training. */
    function uncached(): Float32Array[][] {
      poisonScratch(workbench);
      const run = new Computation(workbench);
      const source = placeSentences(run, sources, undefined, 0, model.maxPosition);
      const target = placeSentences(run, targets, undefined, 1, model.maxPosition);
      const logits = model.logits(run, model.forward(run, source, target));
      let row = 0;
      return targets.map((sentence) =>
        sentence.map(() => heap.floats(at(logits.pointer, VOCABULARY * row++), VOCABULARY).slice()),
      );
    }

    /** The same, a token at a time; `pick` says which of the unfinished sentences take part in a step. */
    function cached(pick: (open: number[], step: number) => number[]): Float32Array[][] {
      poisonScratch(workbench, 2 ** 18);
      const session = new DecodingSession(model, workbench, concatenate(workbench, sources));
      const logits: Float32Array[][] = targets.map(() => []);
      for (let step = 0; ; step++) {
        const open = [...targets.keys()].filter((b) => logits[b]!.length < targets[b]!.length);
        if (open.length === 0) break;
        const sentences = pick(open, step);
        const ids = sentences.map((b) => targets[b]![logits[b]!.length]!);
        session.step(Int32Array.from(sentences), Int32Array.from(ids), ({ pointer, rows, columns }) => {
          expect([rows, columns]).toEqual([sentences.length, VOCABULARY]);
          for (const [i, b] of sentences.entries())
            logits[b]!.push(heap.floats(at(pointer, i * columns), columns).slice());
        });
      }
      session.close();
      return logits;
    }

    function expectSameLogits(actual: Float32Array[][], expected: Float32Array[][]): void {
      expect(actual.map((rows) => rows.length)).toEqual(expected.map((rows) => rows.length));
      actual.forEach((rows, b) => {
        rows.forEach((row, t) => {
          expectSameBits(row, expected[b]![t]!);
        });
      });
    }

    it("a token at a time, the logits are those of teacher forcing, bit for bit", () => {
      expectSameLogits(
        cached((open) => open),
        uncached(),
      );
    });

    it("sentences may take turns, in any order and at any pace, bit for bit", () => {
      const order = createRandom(2);
      expectSameLogits(
        cached((open) => order.shuffle(open).slice(0, 1 + order.below(open.length))),
        uncached(),
      );
    });
  });

  it("gives its scratch back when it is closed", () => {
    const model = makeModel(workbench, CONFIG);
    workbench.arena.release();
    const before = workbench.arena.mark();
    const session = new DecodingSession(model, workbench, concatenate(workbench, [[3, 4, 2]]));
    session.step(Int32Array.of(0), Int32Array.of(1), () => undefined);
    expect(workbench.arena.mark()).not.toEqual(before);
    session.close();
    expect(workbench.arena.mark()).toEqual(before);
  });
});
