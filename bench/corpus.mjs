// Training on real batches: tokens per second on a corpus of sentence pairs, beside PyTorch when asked for. PyTorch
// gets batches of sentences of like length, padded; tokens counted are real ones, for both.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBatches } from "../dist/data/batches.js";
import { loadCorpus } from "../dist/data/corpus.js";
import { createRandom } from "../dist/random.js";
import { learnTokenizer } from "../dist/text/tokenizer.js";
import { median, rounded } from "./timing.mjs";
import { prepareTorch } from "./torch.mjs";
import { prepareXformer } from "./training.mjs";

const SIZE = { name: "small", dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 10_000, length: 128 };
/** The most tokens of a batch on either side, padding included. */
const BATCH_TOKENS = 1280;
const BATCHES = 12;
const ROUNDS = 5;

export async function measureCorpus({ threads, torch, corpus: prefix, languages }) {
  if (prefix === undefined) throw new Error("--only corpus needs --corpus PREFIX");
  const [sourceLanguage, targetLanguage] = languages.split("-");
  const corpus = loadCorpus(prefix, { source: sourceLanguage, target: targetLanguage });
  const pairs = encode(corpus, sourceLanguage, targetLanguage).slice(0, 12_000);
  const ragged = makeBatches(pairs, { batchTokens: BATCH_TOKENS, seed: 1, epoch: 0 }).slice(0, BATCHES);
  const contenders = [{ ...(await prepareXformer(SIZE, threads, ragged)), batches: ragged }];
  const folder = mkdtempSync(join(tmpdir(), "xformer-bench-"));
  if (torch) {
    const padded = createRandom(1).shuffle(bucketed(pairs)).slice(0, BATCHES);
    const file = join(folder, "batches.json");
    writeFileSync(file, JSON.stringify(padded.map(asLists)));
    contenders.push({ ...(await prepareTorch(SIZE, threads, { batches: file })), batches: padded });
  }
  const speeds = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { batches, measure, milliseconds }] of contenders.entries()) {
      for (let batch = 0; batch < batches.length; batch++) await measure();
      const seconds = milliseconds.splice(0).reduce((sum, time) => sum + time, 0) / 1000;
      speeds[i].push(batches.flat().reduce((sum, pair) => sum + tokensOf(pair), 0) / seconds);
    }
  }
  const rows = contenders.map(({ who, memory }, i) => ({
    corpus: corpus.name,
    who,
    threads,
    "tokens/s best": Math.round(Math.max(...speeds[i])),
    "tokens/s median": Math.round(median(speeds[i])),
    "RSS MB": memory(),
  }));
  if (torch) {
    rows.push({
      corpus: corpus.name,
      who: "xformer over PyTorch",
      threads,
      "tokens/s best": `${rounded(Math.max(...speeds[0]) / Math.max(...speeds[1]), 2)}x`,
      "tokens/s median": `${rounded(median(speeds[0]) / median(speeds[1]), 2)}x`,
    });
  }
  for (const { close } of contenders) await close();
  rmSync(folder, { recursive: true });
  return rows;
}

function encode(corpus, sourceLanguage, targetLanguage) {
  const vocabularySize = SIZE.vocabulary;
  const source = learnTokenizer(corpus.source, { kind: "word", language: sourceLanguage, vocabularySize });
  const target = learnTokenizer(corpus.target, { kind: "word", language: targetLanguage, vocabularySize });
  return corpus.source.map((line, index) => ({
    source: source.encode(line),
    target: target.encode(corpus.target[index]),
    index,
  }));
}

/** Batches of sentences of like length, with no more than BATCH_TOKENS tokens on either side when padded. */
function bucketed(pairs) {
  const batches = [];
  let batch = [];
  for (const pair of [...pairs].sort((a, b) => tokensOf(a) - tokensOf(b))) {
    const longest =
      Math.max(...[...batch, pair].flatMap(({ source, target }) => [source.length, target.length])) + 1;
    if ((batch.length + 1) * longest > BATCH_TOKENS) {
      batches.push(batch);
      batch = [];
    }
    batch.push(pair);
  }
  return [...batches, batch];
}

/** Source with END, BEGIN with target, target with END. */
function asLists(batch) {
  const [bos, eos] = [1, 2];
  return [
    batch.map(({ source }) => [...source, eos]),
    batch.map(({ target }) => [bos, ...target]),
    batch.map(({ target }) => [...target, eos]),
  ];
}

function tokensOf({ source, target }) {
  return source.length + target.length + 2;
}
