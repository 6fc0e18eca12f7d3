import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Translator } from "../../src/decoding/translator.ts";
import { JOBS } from "../../src/jobs.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { createRandom } from "../../src/random.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { smallModel } from "../support/engine.ts";

const TOKENIZER = learnTokenizer(["a b c d e f g h"], { kind: "char" });
const LIMIT = 12;
const MAX_LENGTH = 64;

/** A translator with random weights, the same for any number of threads. */
function makeTranslator(threads: number): Translator {
  const config = smallModel(TOKENIZER.vocabulary.size, { dModel: 16, dFF: 24, maxLength: MAX_LENGTH });
  const pool = new WorkerPool(config, JOBS, { threads });
  const { parameters } = pool.main.model;
  pool.main.model.initialise(5);
  parameters.values(parameters.get("output_projection.bias"))[TOKENIZER.vocabulary.eosId] = 0.5;
  return new Translator(pool, TOKENIZER, TOKENIZER, { outputLimit: LIMIT });
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
      for (const options of [
        { beam: 4, nBest: 2, alignments: "tokens" },
        { sample: true, nBest: 2 },
      ] as const)
        expect(await several.translate(LINES, options)).toEqual(await translator.translate(LINES, options));
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

  it("a call ends with its signal, in the middle of a search; the next one is as if there had been none", async () => {
    for (const several of [translator, makeTranslator(3)]) {
      const controller = new AbortController();
      const ended = several.translate(LINES, { beam: 256, signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 5);
      await expect(ended).rejects.toThrow("enough");
      expect((await several.translate(LINES)).map(({ text }) => text)).toEqual(texts);
      if (several !== translator) await several.pool.close();
    }
  });

  it("no lines give none; a line without a token gives an empty one and leaves the others as they are", async () => {
    expect(await translator.translate([])).toEqual([]);
    const nothing = {
      text: "",
      sourceTokens: 0,
      unknownTokens: 0,
      overLong: false,
      overLongPieces: 0,
      pieces: 0,
      hypotheses: [],
    };
    expect(await translator.translate([""])).toEqual([nothing]);
    const mixed = await translator.translate(["", LINES[0]!, "  ", LINES[1]!, ""]);
    expect(mixed.map(({ text }) => text)).toEqual(["", texts[0], "", texts[1], ""]);
  });

  it("counts tokens and unknown ones, and says which lines are longer than any trained on", async () => {
    const lines = ["a?b!", "a".repeat(MAX_LENGTH), "a".repeat(MAX_LENGTH + 1)];
    const facts = (await translator.translate(lines)).map(
      ({ text: _, hypotheses: __, pieces: ___, overLongPieces: ____, ...rest }) => rest,
    );
    expect(facts).toEqual([
      { sourceTokens: 4, unknownTokens: 2, overLong: false },
      { sourceTokens: MAX_LENGTH, unknownTokens: 0, overLong: false },
      { sourceTokens: MAX_LENGTH + 1, unknownTokens: 0, overLong: true },
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

  it("gives what an option asks for, and each hypothesis its tokens, its scores and its alignment", async () => {
    const options = { beam: 4, nBest: 3, lengthPenalty: 0.5, alignments: "tokens" } as const;
    const [translation] = await translator.translate(["abcde"], options);
    const { hypotheses, text } = translation!;
    expect(hypotheses).toHaveLength(3);
    expect(hypotheses[0]!.text).toBe(text);
    for (const hypothesis of hypotheses) {
      const { tokens, logProbability, tokenLogProbabilities, score, ended, alignment } = hypothesis;
      expect(tokenLogProbabilities).toHaveLength(tokens.length + (ended ? 1 : 0));
      expect(tokenLogProbabilities.reduce((sum, value) => sum + value, 0)).toBe(logProbability);
      expect(score).toBe(logProbability / ((5 + tokenLogProbabilities.length) / 6) ** 0.5);
      expect(alignment!.map(([, target]) => target)).toEqual([...tokens.keys()]);
      for (const [source] of alignment!) expect(source).toBeLessThan(5);
    }
    await expect(translator.translate(["a"], { beam: 0 })).rejects.toThrow("the beam is 0");
  });

  it("begins with a prefix, one for all lines or one for each", async () => {
    const [first, second] = await translator.translate(["abc", "de"], { prefix: "hg", beam: 2 });
    expect([first!.text.slice(0, 2), second!.text.slice(0, 2)]).toEqual(["hg", "hg"]);
    const own = await translator.translate(["abc", "de", ""], { prefix: ["", "hg", "a"], beam: 2 });
    const [free] = await translator.translate(["abc"], { beam: 2 });
    expect(own.map(({ text }) => text)).toEqual([free!.text, second!.text, ""]);
    const wrong = translator.translate(["a", "b"], { prefix: ["a"] });
    await expect(wrong).rejects.toThrow("1 prefixes for 2 lines");
  });

  it("an ensemble of models that are alike gives what one of them gives; of others, something else", async () => {
    const together = (seed: number): Translator => {
      const { pool } = makeTranslator(1);
      const { config } = pool.main.model;
      const model = new Transformer(config, pool.main.workbench.heap);
      model.initialise(seed);
      model.parameters.values(model.parameters.get("output_projection.bias"))[TOKENIZER.vocabulary.eosId] =
        0.5;
      return new Translator(pool, TOKENIZER, TOKENIZER, { outputLimit: LIMIT }, [
        { model, sourceTokenizer: TOKENIZER },
      ]);
    };
    const some = LINES.slice(0, 40);
    const textsOf = async (of: Translator): Promise<string[]> =>
      (await of.translate(some, { beam: 3 })).map(({ text }) => text);
    const alone = await textsOf(translator);
    expect(await textsOf(together(5))).toEqual(alone);
    expect(await textsOf(together(6))).not.toEqual(alone);
  });

  it("a limit may depend on the source", async () => {
    const lines = ["abcdefgh", "ab"];
    const lengths = async (maxLength: string): Promise<number[]> =>
      (await translator.translate(lines, { maxLength })).map(
        ({ hypotheses }) => hypotheses[0]!.tokens.length,
      );
    for (const [limit, most] of [
      ["0.5x", [4, 1]],
      ["0.5x+1", [5, 2]],
      ["3", [3, 3]],
    ] as const)
      for (const [i, length] of (await lengths(limit)).entries())
        expect(length).toBeLessThanOrEqual(most[i]!);
  });

  describe("a line longer than any trained on", () => {
    const long = `${"ab cd ".repeat(9)}ef! ${"gh a ".repeat(8)}b.`;
    const pieces = [`${"ab cd ".repeat(9)}ef!`, `${"gh a ".repeat(8)}b.`];

    it("is split at the end of a sentence: its pieces are translated as if they were alone", async () => {
      const options = { beam: 2, nBest: 2, alignments: "tokens" } as const;
      const [whole, first, second] = await translator.translate([long, ...pieces], options);
      expect([whole!.pieces, first!.pieces, whole!.overLong]).toEqual([2, 1, true]);
      for (const [rank, { text, tokens, logProbability, alignment }] of whole!.hypotheses.entries()) {
        const parts = [first!.hypotheses[rank]!, second!.hypotheses[rank]!];
        expect(text).toBe(
          parts
            .map((part) => part.text)
            .filter((part) => part !== "")
            .join(" "),
        );
        expect(tokens).toEqual(parts.flatMap((part) => part.tokens));
        expect(logProbability).toBeCloseTo(parts[0]!.logProbability + parts[1]!.logProbability, 12);
        const shift = [TOKENIZER.encode(pieces[0]!).length, parts[0]!.tokens.length] as const;
        const moved = parts[1]!.alignment!.map(([s, t]) => [s + shift[0], t + shift[1]]);
        expect(alignment).toEqual([...parts[0]!.alignment!, ...moved]);
      }
    });

    it("may be truncated, refused or kept", async () => {
      const [cut, beginning] = await translator.translate([long, long.slice(0, MAX_LENGTH)], {
        longLines: "truncate",
      });
      expect(cut!.text).toBe(beginning!.text);
      expect((await translator.translate([long], { longLines: "refuse" }))[0]).toMatchObject({
        text: "",
        pieces: 0,
      });
      const [kept] = await translator.translate([long], { longLines: "keep" });
      expect(kept!.pieces).toBe(1);
    });
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
