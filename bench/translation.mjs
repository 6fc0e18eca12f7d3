// Sentences and tokens per second of greedy translation, on one and on all threads; beside PyTorch, with the same weights
// and sentences, when asked for: random sentences of one length, or the sentences of a corpus, whose translations are as
// long as they are. The weights are random and rule END out, so that every translation has as many tokens as the limit
// says; that all contenders make the same translations is checked. Ours is timed from text to text, PyTorch's from ids to
// ids.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCorpus } from "../dist/data/corpus.js";
import { writeSafetensors } from "../dist/io/safetensors.js";
import { Transformer } from "../dist/model/transformer.js";
import { Heap } from "../dist/tensor/heap.js";
import { alternate, withContenders } from "./processes.mjs";
import { modelConfig, randomPairs, SIZES, sizesNamed, vocabularyOf } from "./sizes.mjs";
import { speedRows } from "./table.mjs";

const OURS = new URL("./contenders/translation.mjs", import.meta.url);
const PYTORCH = new URL("./contenders/translation.py", import.meta.url);
const CHOICES = SIZES.map(({ name }) => name);
const USUAL = ["tiny", "small", "medium"];
const SENTENCES = 500;
/** Tokens of a source, and of its translation. */
const LENGTH = 13;
const ROUNDS = 5;
/** Of a turn. */
const STEPS = 3;
/** Tokens that may differ where two logits are the same but for rounding. */
const TOLERANCE = 0.01;

export async function measureTranslation({ threads, torch, sizes = USUAL, rounds = ROUNDS }) {
  const folder = mkdtempSync(join(tmpdir(), "xformer-bench-"));
  try {
    const rows = [];
    for (const size of sizesNamed(sizes, CHOICES)) {
      const weights = join(folder, `${size.name}.safetensors`);
      saveWeights(size, weights);
      rows.push(...(await measureSize(size, weights, { threads, torch, rounds })));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measureSize(size, weights, { threads, torch, rounds }) {
  const sources = randomPairs({ ...size, length: LENGTH + 1 }, SENTENCES).map(([source]) => source);
  const work = { size, weights, sources, batchSentences: SENTENCES };
  return measureSentences(work, { size: size.name }, { threads, torch, rounds });
}

/** Sentences of a batch of PyTorch's, where they are of several lengths: of 32 to 500 the fastest here. */
const BATCH_SENTENCES = 100;

/**
 * The source side of a corpus, as many words as the vocabulary has, each sentence to a translation of its length.
 *
 * @throws Error when no corpus is named
 */
export async function measureSentencesOf({ corpus: prefix, languages, threads, torch, rounds = ROUNDS }) {
  if (prefix === undefined) throw new Error("--only sentences needs --corpus PREFIX.");
  const [source, target] = languages.split("-");
  const corpus = loadCorpus(prefix, { source, target });
  const folder = mkdtempSync(join(tmpdir(), "xformer-bench-"));
  try {
    const size = SIZES.find(({ name }) => name === "small");
    const weights = join(folder, "small.safetensors");
    saveWeights(size, weights);
    const words = vocabularyOf(size).vocabulary.size - 3;
    const ids = new Map();
    const idOf = (word) => {
      if (!ids.has(word)) ids.set(word, 3 + (ids.size % words));
      return ids.get(word);
    };
    const sources = corpus.source.map((line) => line.trim().split(/\s+/).map(idOf));
    const work = { size, weights, sources, batchSentences: BATCH_SENTENCES };
    return await measureSentences(work, { corpus: corpus.name, size: size.name }, { threads, torch, rounds });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param work with `sources`: each is translated to as many tokens as it has */
function measureSentences({ sources, ...work }, head, { threads, torch, rounds }) {
  const tokenizer = vocabularyOf(work.size);
  const lines = sources.map((source) => tokenizer.decode(source));
  const limits = sources.map(({ length }) => length);
  const works = [...new Set([1, threads])].map((count) => {
    return { who: "xformer", threads: count, script: OURS, ...work, warmUps: 2, lines, maxLength: "1x" };
  });
  if (torch) works.push({ who: "PyTorch", threads, script: PYTORCH, ...work, warmUps: 2, sources, limits });
  return withContenders(works, async (contenders) => {
    const translations = contenders.map(({ who, made }) =>
      who === "PyTorch" ? made : made.map((line) => [...tokenizer.encode(line)]),
    );
    for (const others of translations) checkAgreement(translations[0], others, limits);
    await alternate(contenders, rounds, STEPS);
    const tokens = limits.reduce((sum, limit) => sum + limit, 0);
    return speedRows(head, contenders, (best, median) => ({
      "sentences/s best": Math.round((1000 * sources.length) / best),
      "sentences/s median": Math.round((1000 * sources.length) / median),
      "tokens/s median": Math.round((1000 * tokens) / median),
    }));
  });
}

/** Random first weights that never choose END, nor one of the other two special tokens. */
function saveWeights(size, file) {
  const model = new Transformer(modelConfig(size, 0), Heap.shared());
  model.initialise(1);
  const { parameters } = model;
  const bias = parameters.get("output_projection.bias");
  parameters.values(bias).fill(-1e9, 0, 3);
  const tensors = parameters.list.map((parameter) => {
    const { name, shape } = parameter;
    return { name, shape, data: parameters.values(parameter) };
  });
  writeSafetensors(file, tensors, { model: JSON.stringify(model.config) });
}

/** @throws Error when translations differ by more than rounding explains: then the contenders do different work */
function checkAgreement(ours, theirs, limits) {
  const expected = limits.reduce((sum, limit) => sum + limit, 0);
  const flat = theirs.flat();
  const same = ours.flat().filter((id, i) => id === flat[i]).length;
  if (flat.length === expected && same >= (1 - TOLERANCE) * expected) return;
  throw new Error(`the contenders disagree: ${same} of ${expected} tokens are the same`);
}
