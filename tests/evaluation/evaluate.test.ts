import { describe, expect, it } from "vitest";
import { Translator } from "../../src/decoding/translator.ts";
import { corpusBleu } from "../../src/evaluation/bleu.ts";
import { corpusChrf } from "../../src/evaluation/chrf.ts";
import { bleuTokenizerFor, evaluate } from "../../src/evaluation/evaluate.ts";
import { JOBS } from "../../src/jobs.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { smallModel } from "../support/engine.ts";

const TOKENIZER = learnTokenizer(["a b c d e f g h"], { kind: "char" });
const SIZE = TOKENIZER.vocabulary.size;
const OPTIONS = { bleuTokenizer: "13a", lowercase: false } as const;

/** A model of one thread with random weights, or with weights that all are zero and so know nothing. */
function makeTranslator(seed?: number): Translator {
  const config = smallModel(SIZE, { dModel: 16, dFF: 24 });
  const pool = new WorkerPool(config, JOBS, { threads: 1 });
  if (seed !== undefined) pool.main.model.initialise(seed);
  return new Translator(pool, TOKENIZER, TOKENIZER, { outputLimit: 9 });
}

const SOURCES = ["a b c", "d", "ef gh", "a b c", "h g f e d c b a"];
const REFERENCES = ["c b a", "d", "", "a", "a b c d e f g h"];

describe("evaluate", () => {
  it("the loss is that of the scores, a token; perplexity and accuracy go with it", async () => {
    const translator = makeTranslator(1);
    const [own] = await translator.translate(SOURCES); // so that some tokens are right
    const references = [own!.text, ...REFERENCES.slice(1)];
    const { loss, perplexity, tokenAccuracy } = await evaluate(translator, SOURCES, references, OPTIONS);
    const scores = await translator.score(SOURCES, references);
    const sum = (of: "logProbability" | "tokens" | "correct") =>
      scores.reduce((s, score) => s + score[of], 0);
    expect(sum("tokens")).toBe(references.join("").length + references.length);
    expect(loss).toBeCloseTo(-sum("logProbability") / sum("tokens"), 12);
    expect(perplexity).toBe(Math.exp(loss));
    expect(tokenAccuracy).toBeCloseTo((100 * sum("correct")) / sum("tokens"), 12);
    expect(tokenAccuracy).toBeGreaterThan(0);
    expect(tokenAccuracy).toBeLessThan(100);
  });

  it("a model that knows nothing is as perplexed as the vocabulary is large, within 1e-5 of it", async () => {
    const { loss, perplexity } = await evaluate(makeTranslator(), SOURCES, REFERENCES, OPTIONS);
    expect(Math.abs(loss - Math.log(SIZE))).toBeLessThan(1e-5);
    expect(Math.abs(perplexity / SIZE - 1)).toBeLessThan(1e-5);
  });

  it("its own translations match it in every way: all exact, BLEU 100", async () => {
    const translator = makeTranslator(1);
    const { loss: reference } = await evaluate(translator, SOURCES, REFERENCES, OPTIONS);
    // Letters that nothing was learned from make poor words: four tokens of each, so that BLEU has 4-grams.
    const own = (await translator.translate(SOURCES)).map(({ text }) => text);
    const evaluation = await evaluate(translator, SOURCES, own, { ...OPTIONS, bleuTokenizer: "char" });
    expect(evaluation).toMatchObject({ exactMatch: 100, bleu: { score: expect.closeTo(100, 10) } });
    expect(evaluation.loss).toBeLessThan(reference);
    expect(evaluation.tokenAccuracy).toBeGreaterThan(50);
    expect(evaluation.translations.map(({ text }) => text)).toEqual(own);
    const half = [own[0]!, "no", own[2]!, own[3]!, "no"];
    expect((await evaluate(translator, SOURCES, half, OPTIONS)).exactMatch).toBe(60);
  });

  it("ignores case in BLEU and exact match when told so, and says so in the signature", async () => {
    const translator = makeTranslator(1);
    const own = (await translator.translate(SOURCES)).map(({ text }) => text);
    const upper = own.map((text) => text.toUpperCase());
    const strict = await evaluate(translator, SOURCES, upper, OPTIONS);
    const loose = await evaluate(translator, SOURCES, upper, { ...OPTIONS, lowercase: true });
    expect(strict.exactMatch).toBeLessThan(100);
    expect(loose.exactMatch).toBe(100);
    expect(strict.bleu.signature).toContain("case:mixed");
    expect(loose.bleu.signature).toContain("case:lc");
    expect(loose.bleu).toEqual(corpusBleu(own, [upper], { tokenizer: "13a", lowercase: true }));
  });
});

describe("evaluate, when asked for more", () => {
  it("measures chosen metrics by segment, and accepts any of several references", async () => {
    const translator = makeTranslator(1);
    const own = (await translator.translate(SOURCES)).map(({ text }) => text);
    const accepted = own.map((text, i) => (i % 2 === 0 ? `zz | ${text}` : "zz"));
    const metrics = ["wer", "exact-match", "loss"] as const;
    const options = { ...OPTIONS, metrics, acceptedSeparator: " | " };
    const { measured, exactMatch, loss } = await evaluate(translator, SOURCES, accepted, options);
    expect(measured.map(({ metric }) => metric)).toEqual(metrics);
    expect(measured.map(({ rows }) => rows.length)).toEqual([5, 5, 5]);
    expect(exactMatch).toBe(60);
    expect(measured[1]!.signature).toContain("nrefs:var");
    const first = await translator.score(
      SOURCES,
      SOURCES.map(() => "zz"),
    );
    expect(loss).toBeCloseTo(-first.reduce((sum, score) => sum + score.logProbability, 0) / (5 * 3), 10);
  });

  it("translates the first pairs only, and takes the loss over all of them", async () => {
    const translator = makeTranslator(1);
    const all = await evaluate(translator, SOURCES, REFERENCES, OPTIONS);
    const some = await evaluate(translator, SOURCES, REFERENCES, { ...OPTIONS, translatePairs: 2 });
    expect(some.translations).toEqual(all.translations.slice(0, 2));
    expect(some.loss).toBe(all.loss);
    const hypotheses = some.translations.map(({ text }) => text);
    expect(some.chrf).toEqual(corpusChrf(hypotheses, [REFERENCES.slice(0, 2)]));
  });
});

describe("bleuTokenizerFor", () => {
  it.each([
    ["zh", "zh"],
    ["zh-Hant-TW", "zh"],
    ["ZH", "zh"],
    ["en", "13a"],
    ["zha", "13a"], // Zhuang
    ["", "13a"],
  ])("%s: %s", (language, tokenizer) => {
    expect(bleuTokenizerFor(language)).toBe(tokenizer);
  });
});
