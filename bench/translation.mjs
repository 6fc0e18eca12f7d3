// Sentences and tokens per second of greedy translation, on one and on all threads; beside PyTorch, with the same weights
// and sentences, when asked for. The weights are random and rule END out, so that every translation has as many tokens
// as the limit says; that all contenders make the same translations is checked. Ours is timed from text to text,
// PyTorch's from ids to ids.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  const tokenizer = vocabularyOf(size);
  const sources = randomPairs({ ...size, length: LENGTH + 1 }, SENTENCES).map(([source]) => source);
  const work = { size, weights, limit: LENGTH, warmUps: 2 };
  const lines = sources.map((source) => tokenizer.decode(source));
  const works = [...new Set([1, threads])].map((count) => {
    return { who: "xformer", threads: count, script: OURS, ...work, lines };
  });
  if (torch) works.push({ who: "PyTorch", threads, script: PYTORCH, ...work, sources });
  return withContenders(works, async (contenders) => {
    const translations = contenders.map(({ who, made }) =>
      who === "PyTorch" ? made : made.map((line) => [...tokenizer.encode(line)]),
    );
    for (const others of translations) checkAgreement(translations[0], others);
    await alternate(contenders, rounds, STEPS);
    return speedRows({ size: size.name }, contenders, (best, median) => ({
      "sentences/s best": Math.round((1000 * SENTENCES) / best),
      "sentences/s median": Math.round((1000 * SENTENCES) / median),
      "tokens/s median": Math.round((1000 * SENTENCES * LENGTH) / median),
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
function checkAgreement(ours, theirs) {
  const expected = SENTENCES * LENGTH;
  const flat = theirs.flat();
  const same = ours.flat().filter((id, i) => id === flat[i]).length;
  if (flat.length === expected && same >= (1 - TOLERANCE) * expected) return;
  throw new Error(`the contenders disagree: ${same} of ${expected} tokens are the same`);
}
