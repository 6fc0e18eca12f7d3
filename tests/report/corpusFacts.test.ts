import { expect, it } from "vitest";
import { SideCounter } from "../../src/report/corpusFacts.ts";
import { createTokenizerLearner } from "../../src/text/tokenizerKinds.ts";

it("counts the tokens of a side, what is rare and what is not known", () => {
  const learner = createTokenizerLearner({ kind: "word", language: "en", minFrequency: 2 });
  const lines = ["a b", "a b", "a c", "a a a a"];
  for (const line of lines) learner.add(line);
  const counter = new SideCounter(learner.finish());
  for (const line of lines) counter.add(line);
  const { facts } = counter;
  expect(facts).toMatchObject({
    tokenizer: "word",
    lowercase: false,
    vocabulary: 5, // <unk>, BEGIN, END, a and b
    rare: 1,
    tokens: 10,
    unknown: 1,
    frequent: [
      { text: "a", count: 7 },
      { text: "b", count: 2 },
    ],
  });
  expect(facts.lengths).toMatchObject({ least: 2, median: 2, mean: 2.5, most: 4 });
  expect(facts.histogram.slice(0, 4)).toEqual([
    { from: 1, to: 1, count: 0 },
    { from: 2, to: 2, count: 3 },
    { from: 3, to: 3, count: 0 },
    { from: 4, to: 4, count: 1 },
  ]);
});
