// Training on real batches: tokens per second on a corpus of sentence pairs, beside PyTorch when asked for. Each gets the
// batches it is best at, of up to as many tokens: ours sentences as they come, PyTorch's sentences of like length, padded
// to the longest. Tokens counted are real ones, ENDs included, for both.
import { batchesInOrder } from "../dist/data/batches.js";
import { loadCorpus } from "../dist/data/corpus.js";
import { createRandom } from "../dist/random.js";
import { learnTokenizer } from "../dist/text/tokenizerKinds.js";
import { alternate, withContenders } from "./processes.mjs";
import { speedRows } from "./table.mjs";
import { trainingWork } from "./training.mjs";

const SIZE = { name: "small", dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 10_000, length: 128 };
/** The most tokens of a batch on either side, padding included. */
const BATCH_TOKENS = 1280;
const BATCHES = 12;
/** Passes over the batches. */
const ROUNDS = 5;

/** @throws Error when no corpus is named */
export async function measureCorpus({
  threads,
  torch,
  corpus: prefix,
  languages,
  tokenizer,
  rounds = ROUNDS,
}) {
  if (prefix === undefined) throw new Error("--only corpus needs --corpus PREFIX.");
  const [source, target] = languages.split("-");
  const corpus = loadCorpus(prefix, { source, target });
  const pairs = createRandom(1)
    .shuffle(encode(corpus, { source, target }, tokenizer))
    .slice(0, 12_000);
  const ragged = batchesInOrder(pairs, BATCH_TOKENS).slice(0, BATCHES);
  const padded = createRandom(1).shuffle(bucketed(pairs)).slice(0, BATCHES);
  const entries = [...new Set([1, threads])].map((count) => ({ who: "xformer", count, batches: ragged }));
  if (torch) entries.push({ who: "PyTorch", count: threads, batches: padded });
  const works = entries.map(({ who, count, batches }) => {
    const lists = batches.map((batch) => batch.map((pair) => [[...pair.source], [...pair.target]]));
    return trainingWork(who, count, { size: SIZE, warmUps: BATCHES, batches: lists });
  });
  return withContenders(works, async (contenders) => {
    await alternate(contenders, rounds, BATCHES);
    const passes = contenders.map(({ who, threads: count, costs }, i) => {
      const tokens = entries[i].batches.flat().reduce((sum, pair) => sum + tokensOf(pair), 0);
      const sums = Array.from({ length: rounds }, (_, pass) =>
        costs.slice(pass * BATCHES, (pass + 1) * BATCHES).reduce((sum, time) => sum + time, 0),
      );
      return { who, threads: count, costs: sums.map((milliseconds) => milliseconds / tokens) };
    });
    const head = { corpus: corpus.name, tokenizer, size: SIZE.name, vocabulary: SIZE.vocabulary };
    return speedRows(head, passes, (best, median) => ({
      "tokens/s best": Math.round(1000 / best),
      "tokens/s median": Math.round(1000 / median),
    }));
  });
}

function encode(corpus, languages, kind) {
  const vocabularySize = SIZE.vocabulary;
  const [source, target] = ["source", "target"].map((side) => {
    const tokenizer = learnTokenizer(corpus[side], { kind, language: languages[side], vocabularySize });
    return corpus[side].map((line) => tokenizer.encode(line).subarray(0, SIZE.length - 1));
  });
  return source.map((ids, index) => ({ source: ids, target: target[index], index }));
}

/** Batches of sentences of like length, with no more than BATCH_TOKENS tokens on either side when padded. */
function bucketed(pairs) {
  const longest = ({ source, target }) => Math.max(source.length, target.length) + 1;
  const sorted = [...pairs].sort((a, b) => longest(a) - longest(b) || tokensOf(a) - tokensOf(b));
  const batches = [[]];
  for (const pair of sorted) {
    if ((batches.at(-1).length + 1) * longest(pair) > BATCH_TOKENS) batches.push([]);
    batches.at(-1).push(pair);
  }
  return batches;
}

function tokensOf({ source, target }) {
  return source.length + target.length + 2;
}
