import { createReadStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  average,
  check,
  learnTokenizer,
  linesOf,
  loadConfig,
  loadModel,
  makeData,
  type Pair,
  type Progress,
  pairsOf,
  resume,
  type StreamedToken,
  type TrainedModel,
  type TrainedRun,
  type TrainingEvent,
  type Translation,
  train,
  XformerError,
} from "../src/index.ts";
import { temporaryDirectory } from "./io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "./support/cli.ts";

const directory = temporaryDirectory();
const pairsFile = join(directory, "pairs.tsv");
const out = join(directory, "run");
const PAIRS: readonly Pair[] = letterPairs(400).map((line) => {
  const [source, target] = line.split("\t");
  return { source: source!, target: target! };
});
const LINES = ["a b c", "", "h g f"];
const SIZES = { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1, dropout: 0 };
const TRAINING = { maxSteps: 60, learningRate: 0.01, warmupSteps: 20, batchTokens: 512, keepLast: 2 };

/** A signal that aborts at its first look, or later. */
function abortedBy(reason: string): AbortSignal {
  return AbortSignal.abort(new Error(reason));
}

async function* comingOne<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise((resolve) => setImmediate(resolve));
    yield item;
  }
}

describe("the library without the command line", () => {
  const events: TrainingEvent[] = [];
  const steps: Progress[] = [];
  let run: TrainedRun;
  let model: TrainedModel;
  beforeAll(async () => {
    writeFiles(directory, { "pairs.tsv": letterPairs(400) });
    run = await train({
      data: { train: PAIRS, valid: pairsFile, test: comingOne(PAIRS.slice(0, 20)) },
      out,
      model: SIZES,
      training: TRAINING,
      onEvent: (event) => events.push(event),
      onProgress: (progress) => steps.push(progress),
    });
    model = run.model;
  });
  afterAll(() => model.close());

  describe("train", () => {
    it("tells how it goes and gives the model, measured on the test pairs", () => {
      expect(run).toMatchObject({ directory: out, step: 60, interrupted: false, average: null });
      expect(events.filter(({ type }) => type === "step")).toHaveLength(60);
      expect(steps.at(-1)).toEqual({ unit: "steps", done: 60, total: 60 });
      expect(run.test).toMatchObject({ pairs: 20, source: PAIRS.slice(0, 20).map(({ source }) => source) });
      expect(run.test!.scores.bleu.signature).toContain("tok:13a");
      expect(model.description).toMatchObject({ file: join(out, "best.safetensors"), best: run.best });
    });

    it("does with pairs what it does with their file, to the same weights", async () => {
      const fromFile = await train({
        data: { train: pairsFile, valid: pairsFile },
        out: join(directory, "from-file"),
        model: SIZES,
        training: TRAINING,
      });
      expect(fromFile.best).toEqual(run.best);
      const translations = await fromFile.model.translateAll(LINES).toArray();
      expect(translations).toEqual(await model.translateAll(LINES).toArray());
      await fromFile.model.close();
    });

    it("takes several corpora by their paths, each with its tag and weight", async () => {
      const corpora = [
        { path: pairsFile, tag: "<a>", weight: 0.5 },
        { path: pairsFile, tag: "<b>" },
      ];
      const several = await train({
        data: { train: corpora, valid: [pairsFile] },
        out: join(directory, "several"),
        model: SIZES,
        tokenizer: { target: { kind: "char" } },
        training: { ...TRAINING, maxSteps: 4 },
      });
      const { sourceTokenizer, targetTokenizer } = several.model;
      expect(sourceTokenizer.tags).toEqual(["<a>", "<b>"]);
      expect([sourceTokenizer.kind, targetTokenizer.kind]).toEqual(["word", "char"]);
      const { text } = await several.model.translate("a b", { tag: "<b>" });
      expect(await several.model.translate("<b> a b")).toMatchObject({ text });
      await several.model.close();
    });

    it("finds the pairs again when it is resumed to a new end", async () => {
      const resumed = await resume(out, { training: { maxSteps: 65 } });
      expect(resumed).toMatchObject({ directory: out, step: 65 });
      expect((await resumed.model.translate("a b c")).hypotheses).toHaveLength(1);
      await resumed.model.close();
    });

    it.each<[string, unknown, object]>([
      ["two columns", { source: ["a"], target: [] }, { message: "there are 1 sources and 0 targets" }],
      ["a text", [{ source: "a", target: "b" }, "c\td"], { message: "number 2 is no pair of texts" }],
      [
        "a line break",
        [{ source: "a\nb", target: "b" }],
        { file: "data.train", line: 1, message: "the source is not one line without tabs" },
      ],
      ["an empty side", comingOne([{ source: "a", target: " " }]), { message: "the target is empty" }],
      ["nothing", [], { message: "data.train has no pairs" }],
    ])("refuses %s among pairs, and leaves nothing behind", async (_what, pairs, error) => {
      const cacheDirectory = join(directory, "refused");
      const data = { train: pairs as readonly Pair[] };
      await expect(train({ data, cacheDirectory, out: join(directory, "none") })).rejects.toMatchObject({
        code: "DATA",
        ...error,
      });
      expect(readdirSync(join(cacheDirectory, "given"))).toEqual([]);
    });

    it("takes a configuration file, and what is changed in it", async () => {
      writeFiles(directory, {
        "recipe.yaml": [
          `out: ${JSON.stringify(join(directory, "recipe"))}`,
          `data: { train: ${JSON.stringify(pairsFile)} }`,
          "tokenizer: { kind: char }",
          "training: { max_steps: 500, lr: 0.01 }",
        ],
        "wrong.yaml": ["data: { source_lang: de }"],
      });
      const recipe = await loadConfig(join(directory, "recipe.yaml"));
      expect(recipe).toEqual({
        out: join(directory, "recipe"),
        data: { train: pairsFile },
        filter: {},
        model: {},
        // What is said of both sides is meant of both.
        tokenizer: {
          kind: "char",
          file: null,
          source: { kind: null, file: null },
          target: { kind: null, file: null },
        },
        training: { maxSteps: 500, maxEpochs: null, learningRate: 0.01 },
      });
      const short = { ...recipe, model: SIZES, training: { ...recipe.training, maxSteps: 5 } };
      const { step, model: trained } = await train(short);
      expect(step).toBe(5);
      expect(trained.sourceTokenizer.kind).toBe("char");
      await trained.close();
      await expect(loadConfig(join(directory, "wrong.yaml"))).rejects.toMatchObject({ code: "CONFIG" });
    });

    it("ends before there is a run when its signal aborts", async () => {
      const signal = abortedBy("no time");
      const nowhere = join(directory, "nowhere");
      await expect(train({ data: { train: comingOne(PAIRS) }, out: nowhere, signal })).rejects.toThrow(
        "no time",
      );
      expect(existsSync(nowhere)).toBe(false);
    });
  });

  describe("a model", () => {
    it("translates lines one for one and in order, whatever they come from", async () => {
      const all = await model.translateAll(LINES).toArray();
      expect(all.map(({ text }) => text)).toEqual([expect.any(String), "", expect.any(String)]);
      expect(await model.translate("a b c")).toEqual(all[0]);
      expect(await model.translateAll(new Set(LINES)).toArray()).toEqual(all);
      expect(await model.translateAll(comingOne(LINES)).toArray()).toEqual(all);
      writeFiles(directory, { "lines.txt": LINES });
      const lines = createInterface(createReadStream(join(directory, "lines.txt")));
      const found: Translation[] = [];
      for await (const translation of model.translateAll(lines)) found.push(translation);
      expect(found).toEqual(all);
    });

    it("asks for no more lines than it is asked for translations of", async () => {
      let taken = 0;
      function* endless(): Generator<string> {
        for (;;) {
          taken++;
          yield "a b c";
        }
      }
      for await (const { text } of model.translateAll(endless())) {
        expect(text).toEqual(expect.any(String));
        if (taken > 0) break;
      }
      const once = taken;
      expect(once).toBeGreaterThan(0);
      await model.translate("a");
      expect(taken).toBe(once);
    });

    it("gives n-best lists with scores, alignments and attention", async () => {
      const translation = await model.translate("a b c", {
        beam: 4,
        nBest: 3,
        alignments: "tokens",
        attention: true,
      });
      expect(translation.hypotheses).toHaveLength(3);
      const scores = translation.hypotheses.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      for (const {
        tokens,
        tokenLogProbabilities,
        logProbability,
        alignment,
        attention,
      } of translation.hypotheses) {
        expect(tokenLogProbabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(logProbability, 12);
        expect(alignment!.map(([, target]) => target)).toEqual([...tokens.keys()]);
        const [weights] = attention!;
        expect(weights).toMatchObject({ sourceTokens: ["a", "b", "c"], targetTokens: tokens });
        expect(weights!.weights).toHaveLength(tokens.length + 1);
        for (const row of weights!.weights) {
          expect(row).toHaveLength(4);
          expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
        }
      }
      expect((await model.translate("a b c")).hypotheses[0]).not.toHaveProperty("attention");
    });

    it("takes a list as an option for an entry a line, over blocks of lines too", async () => {
      const lines = Array.from({ length: 300 }, () => "a b");
      const prefix = lines.map((_, i) => (i % 2 === 0 ? "h" : "g"));
      const found = await model.translateAll(lines, { prefix }).toArray();
      expect(found.map(({ text }) => text.split(" ")[0])).toEqual(prefix);
      const samples = await model.translateAll(comingOne(lines), { sample: true, seed: 3 }).toArray();
      expect(await model.translateAll(lines, { sample: true, seed: 3 }).toArray()).toEqual(samples);
      const some = lines.slice(0, 140);
      for (const { hypotheses } of await model.translateAll(some, { constraints: ["h"], beam: 2 }).toArray())
        expect(hypotheses[0]!.unmet).toEqual([]);
      const constraints = some.map((_, i) => (i % 2 === 0 ? ["h"] : ["g"]));
      const held = await model.translateAll(some, { constraints, beam: 2 }).toArray();
      expect(held.every(({ text }, i) => text.includes(constraints[i]![0]!))).toBe(true);
      const more = model.translateAll(lines.slice(1), { prefix }).toArray();
      await expect(more).rejects.toMatchObject({
        code: "USAGE",
        message: "prefix has 300 entries for 299 lines",
      });
    });

    it.each([{}, { sample: true, seed: 4 }, { prefix: "h" }, { noRepeatNgram: 1 }])(
      "streams with %j the tokens that it translates into",
      async (options) => {
        const whole = await model.translate("c b a", options);
        const tokens: StreamedToken[] = [];
        const stream = model.stream("c b a", options);
        let last = await stream.next();
        for (; !last.done; last = await stream.next()) tokens.push(last.value);
        expect(last.value).toEqual(whole);
        const prefix = "prefix" in options ? 1 : 0;
        const [best] = whole.hypotheses;
        expect(tokens.map(({ token }) => token)).toEqual(best!.tokens.slice(prefix));
        expect(tokens.map(({ logProbability }) => logProbability)).toEqual(
          best!.tokenLogProbabilities.slice(prefix, best!.tokens.length),
        );
        expect(tokens.at(-1)!.text).toBe(whole.text);
        expect(tokens.every(({ text }) => whole.text.startsWith(text))).toBe(true);
      },
    );

    it("streams the pieces of a line that is split, and goes on when nobody listens any more", async () => {
      const line = "a b c. c b a. h g f. a c b.";
      const texts: string[] = [];
      for await (const { text } of model.stream(line)) texts.push(text);
      expect(texts.at(-1)).toBe((await model.translate(line)).text);
      for await (const _ of model.stream(line)) break;
      const forgotten = model.stream(line);
      await forgotten.next();
      expect((await model.translate("a b c")).hypotheses).toHaveLength(1);
      await expect(model.stream(line, { beam: 2 }).next()).rejects.toMatchObject({ code: "USAGE" });
    });

    it("scores and evaluates alike, with several references and every metric", async () => {
      const scores = await model.scoreAll(PAIRS).toArray();
      expect(await model.score(PAIRS[0]!)).toEqual(scores[0]);
      const columns = {
        source: PAIRS.map(({ source }) => source),
        target: PAIRS.map(({ target }) => target),
      };
      const evaluation = await model.evaluate(columns);
      const tokens = scores.reduce((sum, score) => sum + score.tokens, 0);
      const nats = -scores.reduce((sum, { logProbability }) => sum + logProbability, 0);
      expect(nats / tokens).toBeCloseTo(evaluation.scores.loss.score, 8);
      expect(Object.keys(evaluation.scores)).toHaveLength(6);
      expect(evaluation.translations).toHaveLength(PAIRS.length);

      const twice = PAIRS.slice(0, 50).map(({ source }, i) => ({
        source,
        target: i === 0 ? "z" : ["z", evaluation.translations[i]!.text],
      }));
      const metrics = ["ter", "chrf++", "wer", "cer", "per", "not-exact", "exact-match", "bleu"] as const;
      const several = await model.evaluate(comingOne(twice), { metrics, bleuTokenizer: "zh" });
      expect(Object.keys(several.scores)).toEqual([...metrics]);
      expect(several.scores["exact-match"].score).toBeCloseTo(98, 8);
      expect(several.scores.bleu.signature).toContain("nrefs:var|case:mixed|eff:no|tok:zh");
      expect(several.scores.ter).toMatchObject({ name: "TER", lowerIsBetter: true });
      const wrong = model.evaluate(twice, { metrics: ["rouge" as "bleu"] });
      await expect(wrong).rejects.toMatchObject({ code: "USAGE", message: 'there is no metric "rouge"' });
      await expect(model.evaluate([])).rejects.toMatchObject({ code: "DATA" });
      await expect(model.scoreAll({ source: ["a", "b"], target: ["a"] }).toArray()).rejects.toThrow(
        "there are 2 sources and 1 targets",
      );
    });

    it("tells how far it is, and stops when it is told to", async () => {
      const lines = Array.from({ length: 1000 }, () => "a b c");
      const told: Progress[] = [];
      const onProgress = (progress: Progress) => told.push(progress);
      await model.translateAll(lines, { onProgress }).toArray();
      expect(told.at(-1)).toEqual({ unit: "lines", done: 1000, total: 1000 });
      await model.evaluate(PAIRS, { onProgress });
      expect(told.at(-1)).toEqual({ unit: "pairs", done: 400, total: 400 });
      const signal = abortedBy("no time");
      await expect(model.translate("a", { signal })).rejects.toThrow("no time");
      await expect(model.translateAll(lines, { signal }).toArray()).rejects.toThrow("no time");
      await expect(model.stream("a", { signal }).next()).rejects.toThrow("no time");
      await expect(model.scoreAll(PAIRS, { signal }).toArray()).rejects.toThrow("no time");
      await expect(model.evaluate(PAIRS, { signal })).rejects.toThrow("no time");
      const later = new AbortController();
      const stopped = model.translateAll(lines, {
        signal: later.signal,
        onProgress: () => later.abort(new Error("enough")),
      });
      await expect(stopped.toArray()).rejects.toThrow("enough");
    });

    it("does not wait for a line that never comes once it is told to stop", async () => {
      const controller = new AbortController();
      async function* silent(): AsyncGenerator<string> {
        yield "a";
        await new Promise(() => {});
      }
      const found = model.translateAll(silent(), { signal: controller.signal });
      expect((await found.next()).value.text).toEqual(expect.any(String));
      const next = found.next();
      controller.abort(new Error("enough"));
      await expect(next).rejects.toThrow("enough");
    });

    it.each<[string, unknown]>([
      ["one text", "a b"],
      ["a number", [1]],
    ])("refuses %s as lines", async (_what, lines) => {
      await expect(model.translateAll(lines as string[]).toArray()).rejects.toBeInstanceOf(XformerError);
    });

    it("is closed at the end of its block, after what is under way", async () => {
      let outside: TrainedModel;
      let underWay: Promise<Translation>;
      {
        await using inside = await loadModel(out);
        outside = inside;
        underWay = inside.translate("a b c");
      }
      expect((await underWay).hypotheses).toHaveLength(1);
      await expect(outside.translate("a")).rejects.toMatchObject({ message: "the model is closed" });
      await outside.close();
    });
  });

  describe("loadModel", () => {
    const server = createServer((request, response) => {
      if (request.url === "/model?key=secret") response.end(bytes);
      else if (request.url === "/half") response.end(bytes.subarray(0, 1000));
      else response.writeHead(404).end();
    });
    let origin: string;
    let bytes: Buffer;
    beforeAll(async () => {
      bytes = readFileSync(join(out, "best.safetensors"));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => void server.close());

    it("takes paths, URLs and bytes", async () => {
      const best = await loadModel(out, { threads: 2 });
      const expected = await best.translate("a b c");
      await best.close();
      const file = join(out, "best.safetensors");
      const places = [
        file,
        pathToFileURL(file),
        pathToFileURL(out).href,
        bytes,
        new Uint8Array(bytes).buffer,
      ];
      const told: Progress[] = [];
      for (const place of [...places, new URL("/model?key=secret", origin), `${origin}/model?key=secret`]) {
        const loaded = await loadModel(place, { threads: 1, onProgress: (progress) => told.push(progress) });
        expect(await loaded.translate("a b c")).toEqual(expected);
        expect(loaded.description.file).not.toContain("secret");
        await loaded.close();
      }
      expect(told.at(-1)).toEqual({ unit: "bytes", done: bytes.length, total: bytes.length });
      expect(told[0]).toEqual({ unit: "bytes", done: bytes.length, total: bytes.length });
    });

    it("says of each what is wrong with it", async () => {
      const nowhere = join(directory, "nowhere");
      await expect(loadModel(nowhere)).rejects.toMatchObject({ code: "IO", file: nowhere });
      await expect(loadModel([])).rejects.toMatchObject({ code: "USAGE" });
      await expect(loadModel(`${origin}/nothing`)).rejects.toMatchObject({
        code: "IO",
        file: `${origin}/nothing`,
        message: "the server answers 404 Not Found",
      });
      await expect(loadModel(`${origin}/half`)).rejects.toMatchObject({
        code: "CHECKPOINT",
        file: `${origin}/half`,
      });
      await expect(loadModel("http://127.0.0.1:1/")).rejects.toMatchObject({ code: "IO" });
      await expect(loadModel(bytes.subarray(1))).rejects.toMatchObject({ code: "CHECKPOINT", file: "bytes" });
      await expect(loadModel(new URL("data:,x"))).rejects.toMatchObject({ code: "USAGE" });
      await expect(loadModel(out, { signal: abortedBy("no time") })).rejects.toThrow("no time");
    });
  });

  describe("what the commands do besides", () => {
    it("check finds what is wrong with a corpus", async () => {
      writeFiles(directory, { "wrong.tsv": ["a\tb", "c", "d\te"] });
      const told: Progress[] = [];
      const report = await check(join(directory, "wrong.tsv"), {
        onProgress: (progress) => told.push(progress),
      });
      expect(report).toMatchObject({ errors: 1, corpora: [{ rows: 3, pairs: 2 }] });
      expect(report.corpora[0]!.findings[0]).toMatchObject({ kind: "columns", examples: [{ line: 2 }] });
      expect(told.at(-1)).toEqual({ unit: "lines", done: 6, total: undefined });
      await expect(check(pairsFile, { signal: abortedBy("no time") })).rejects.toThrow("no time");
    });

    it("average writes the mean of checkpoints", async () => {
      const output = join(directory, "mean.safetensors");
      const told: Progress[] = [];
      const onProgress = (progress: Progress) => told.push(progress);
      const files = await average({ run: out, which: "last", count: 2 }, output, { onProgress });
      expect(files).toHaveLength(2);
      expect(told.at(-1)).toEqual({ unit: "checkpoints", done: 2, total: 2 });
      expect(existsSync(output)).toBe(true);
      const one = join(directory, "one.safetensors");
      await expect(average(files, one, { signal: abortedBy("no time") })).rejects.toThrow("no time");
      await expect(average([], one)).rejects.toMatchObject({ code: "USAGE" });
      expect(existsSync(one)).toBe(false);
    });

    it("learnTokenizer learns from lines that come", async () => {
      const lines = linesOf(pairsFile);
      const tokenizer = await learnTokenizer(lines, { kind: "bpe", vocabularySize: 300 });
      expect(tokenizer.decode(tokenizer.encode("a b c"))).toBe("a b c");
      const signal = abortedBy("no time");
      await expect(learnTokenizer(linesOf(pairsFile), { kind: "word", signal })).rejects.toThrow("no time");
      await expect(learnTokenizer([], { kind: "word" })).rejects.toMatchObject({ code: "DATA" });
    });

    it("makeData makes corpora, and pairsOf reads them", async () => {
      const { train: pairs, valid, sourceLanguage } = makeData("reverse", { train: 5, valid: 2, test: 0 });
      expect([pairs.length, valid.length, sourceLanguage]).toEqual([5, 2, "src"]);
      const read: Pair[] = [];
      for await (const pair of pairsOf(pairsFile)) read.push(pair);
      expect(read).toEqual(PAIRS);
    });
  });
});
