import { describe, expect, it } from "vitest";
import { scorePairs } from "../../src/decoding/scorer.ts";
import { at } from "../../src/kernels/kernels.ts";
import { createRandom } from "../../src/random.ts";
import { Computation } from "../../src/tensor/computation.ts";
import {
  makeModel,
  makePairs,
  makeWorkbench,
  placeSentences,
  poisonScratch,
  randomSentences,
  SMALL_MODEL,
  SPECIAL,
} from "../support/engine.ts";
import { BUILDS } from "../support/kernels.ts";

const VOCABULARY = SMALL_MODEL.targetVocabSize;

describe.each(BUILDS)("scorePairs, %s kernels", (engine) => {
  const workbench = makeWorkbench(engine);
  const { heap } = workbench;
  const model = makeModel(workbench, SMALL_MODEL);
  const random = createRandom(1);
  const sources = randomSentences([4, 1, 20, 7, 5], VOCABULARY, random);
  const targets = randomSentences([6, 0, 55, 1, 1], VOCABULARY, random);

  function score(from = 0, end = sources.length) {
    poisonScratch(workbench);
    const pairs = makePairs(workbench, sources.slice(from, end), targets.slice(from, end));
    return scorePairs(model, workbench, pairs);
  }

  it("log-probabilities within 1e-5 a token of those of the logits, END included; right tokens counted", () => {
    const scores = score();
    poisonScratch(workbench);
    const run = new Computation(workbench);
    const source = placeSentences(run, sources);
    const inputs = targets.map((target) => [SPECIAL.bosId, ...target]);
    const logits = model.logits(run, model.forward(run, source, placeSentences(run, inputs)));
    let next = logits.pointer;
    for (const [b, target] of targets.entries()) {
      let logProbability = 0;
      let correct = 0;
      for (const label of [...target, SPECIAL.eosId]) {
        const row = [...heap.floats(next, VOCABULARY)];
        next = at(next, VOCABULARY);
        logProbability += row[label]! - Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
        if (row.indexOf(Math.max(...row)) === label) correct++;
      }
      const tokens = target.length + 1;
      expect(scores[b]).toMatchObject({ tokens, correct });
      expect(Math.abs(scores[b]!.logProbability - logProbability)).toBeLessThan(1e-5 * tokens);
    }
    expect(scores.reduce((sum, { correct }) => sum + correct, 0)).toBeGreaterThan(0);
  });

  it("a pair's score depends on nothing else in the batch, bit for bit", () => {
    const together = score();
    for (let b = 0; b < sources.length; b++) expect(score(b, b + 1)).toEqual([together[b]]);
  });
});
