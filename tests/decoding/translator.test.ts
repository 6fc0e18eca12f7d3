import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Translator } from "../../src/decoding/translator.ts";
import { perform } from "../../src/jobs.ts";
import { createRandom } from "../../src/random.ts";
import { ReplicaPool } from "../../src/replicas/pool.ts";
import { learnTokenizer } from "../../src/text/tokenizer.ts";
import { SMALL_MODEL } from "../support/engine.ts";

const TOKENIZER = learnTokenizer(["a b c d e f g h"], { kind: "char" });
const LIMIT = 12;

/** A translator with random weights, the same for any number of threads. */
function makeTranslator(threads: number): Translator {
  const size = TOKENIZER.vocabulary.size;
  const config = { ...SMALL_MODEL, dModel: 16, dFF: 24, sourceVocabSize: size, targetVocabSize: size };
  const pool = new ReplicaPool(config, perform, threads);
  const { parameters } = pool.main.model;
  pool.main.model.initialise(5);
  parameters.values(parameters.get("output_projection.bias"))[TOKENIZER.vocabulary.eosId] = 0.5;
  return new Translator(pool, TOKENIZER, TOKENIZER, LIMIT);
}

/** Lines of up to 60 letters: together several batches of 1024 tokens. */
const random = createRandom(1);
const LINES = Array.from({ length: 200 }, () =>
  Array.from({ length: 1 + random.below(60) }, () => random.pick([..."abcdefgh "]))
    .join("")
    .trim(),
).map((line) => line || "a");

describe("Translator", () => {
  const translator = makeTranslator(1);
  let texts: string[] = [];
  beforeAll(async () => {
    texts = (await translator.translate(LINES)).map(({ text }) => text);
  });

  it("gives the lines one for one and in order: each as if it were alone", async () => {
    expect(texts.length).toBe(LINES.length);
    expect(new Set(texts).size).toBeGreaterThan(20);
    for (const i of [0, 1, 99, 100, 198, 199]) {
      const [alone] = await translator.translate([LINES[i]!]);
      expect(alone!.text).toBe(texts[i]);
    }
    const turned = await translator.translate([...LINES].reverse());
    expect(turned.map(({ text }) => text).reverse()).toEqual(texts);
  });

  it.each([2, 3])("gives the same on %i threads", async (threads) => {
    const several = makeTranslator(threads);
    try {
      expect((await several.translate(LINES)).map(({ text }) => text)).toEqual(texts);
      const scores = await several.score(LINES, [...LINES].reverse());
      expect(scores).toEqual(await translator.score(LINES, [...LINES].reverse()));
    } finally {
      await several.pool.close();
    }
  });

  it("calls that overlap take turns", async () => {
    const several = makeTranslator(2);
    try {
      const [forward, backward, scores] = await Promise.all([
        several.translate(LINES),
        several.translate([...LINES].reverse()),
        several.score(LINES, LINES),
      ]);
      expect(forward.map(({ text }) => text)).toEqual(texts);
      expect(backward.map(({ text }) => text).reverse()).toEqual(texts);
      expect(scores).toEqual(await translator.score(LINES, LINES));
    } finally {
      await several.pool.close();
    }
  });

  it("no lines give none; a line without a token gives an empty one and leaves the others as they are", async () => {
    expect(await translator.translate([])).toEqual([]);
    const nothing = {
      text: "",
      sourceTokens: 0,
      unknownTokens: 0,
      overLong: false,
      pieces: 0,
      hypotheses: [],
    };
    expect(await translator.translate([""])).toEqual([nothing]);
    const mixed = await translator.translate(["", LINES[0]!, "  ", LINES[1]!, ""]);
    expect(mixed.map(({ text }) => text)).toEqual(["", texts[0], "", texts[1], ""]);
  });

  it("counts tokens and unknown ones, and says which lines are longer than any trained on", async () => {
    const { maxLength } = SMALL_MODEL;
    const lines = ["a?b!", "a".repeat(maxLength), "a".repeat(maxLength + 1)];
    const facts = (await translator.translate(lines)).map(
      ({ text: _, hypotheses: __, pieces: ___, ...rest }) => rest,
    );
    expect(facts).toEqual([
      { sourceTokens: 4, unknownTokens: 2, overLong: false },
      { sourceTokens: maxLength, unknownTokens: 0, overLong: false },
      { sourceTokens: maxLength + 1, unknownTokens: 0, overLong: true },
    ]);
  });

  it("never gives more tokens than its limit", () => {
    const lengths = texts.map((text) => TOKENIZER.encode(text.replaceAll("<unk>", "?")).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(LIMIT);
    expect(Math.max(...lengths)).toBeGreaterThan(LIMIT - 3);
  });

  it("scores an empty target by its END alone, and pairs in order", async () => {
    const scores = await translator.score(["ab", "ab", "c"], ["", "abc", "d"]);
    expect(scores.map(({ tokens }) => tokens)).toEqual([1, 4, 2]);
    for (const { logProbability } of scores) expect(logProbability).toBeLessThan(0);
    expect(await translator.score(["c"], ["d"])).toEqual([scores[2]]);
    expect(await translator.score([], [])).toEqual([]);
  });

  it("after a change of weights, translates with the new ones", async () => {
    const changing = makeTranslator(2);
    try {
      expect((await changing.translate(LINES)).map(({ text }) => text)).toEqual(texts);
      changing.pool.main.model.initialise(6);
      changing.pool.weightsChanged();
      const after = (await changing.translate(LINES)).map(({ text }) => text);
      const fresh = makeTranslator(1);
      fresh.pool.main.model.initialise(6);
      expect(after).toEqual((await fresh.translate(LINES)).map(({ text }) => text));
      expect(after).not.toEqual(texts);
    } finally {
      await changing.pool.close();
    }
  });

  afterAll(() => translator.pool.close());
});
