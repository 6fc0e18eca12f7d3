import { expect, it } from "vitest";
import { findTask, makeSplits, usualSizes } from "../../src/tasks/tasks.ts";

const task = findTask("zh-en-news");
const pairs = Object.values(makeSplits(task, usualSizes(task))).flat();

it("there are 200 pairs to learn from, 100 to validate on and 200 held out", () => {
  expect(usualSizes(task)).toEqual({ seed: 1, train: 200, valid: 100, test: 200 });
  expect(pairs).toHaveLength(500);
});

it("every pair begins as a report does, and speaks of nobody who reads or writes it", () => {
  for (const { source, target } of pairs) {
    expect(source).toMatch(/^(据报道|据悉|记者获悉|有消息称)，[^我你？]+。$/);
    expect(target).toMatch(
      /^(According to reports,|It is understood that|This newspaper has learned that|Sources say that) .+\.$/,
    );
    expect(target).not.toMatch(/\b(I|me|my|we|us|our|you|your)\b/);
  }
});

it("spoken words are written ones, and capitals are those of names", () => {
  for (const { source, target } of pairs) {
    expect(source).not.toMatch(/昨天|今天|明天|爸爸|妈妈|爷爷|奶奶|常常|非常/);
    expect(target).not.toMatch(/\b(bought|buy|wants? to|(is|are) going to|often)\b/);
    expect(target).not.toMatch(/^\w+ .*(?:reports,|that) (The|She|He|They|It|This|That|Her|His|There)\b/);
  }
});
