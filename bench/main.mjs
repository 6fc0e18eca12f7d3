// Measures the kernels, training, translation and memory; docs/performance.md has a run and says how to read it.
// Usage: npm run bench -- [--only gemm|training|memory|translation|cache|cost|corpus|sentences|startup|variants]
//         [--sizes tiny,small,medium,large]
//         [--corpus PREFIX --languages en-de --tokenizer word|bpe] [--threads N] [--rounds N] [--torch] [--json]
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { chooseKernels } from "../dist/kernels/load.js";
import { measureCache } from "./cache.mjs";
import { measureCorpus } from "./corpus.mjs";
import { measureCost } from "./cost.mjs";
import { measureGemm } from "./gemm.mjs";
import { measureMemory } from "./memory.mjs";
import { measureStartup } from "./startup.mjs";
import { torchVersion } from "./torch.mjs";
import { measureTraining } from "./training.mjs";
import { measureSentencesOf, measureTranslation } from "./translation.mjs";
import { measureVariants } from "./variants.mjs";

const SUITES = {
  gemm: measureGemm,
  training: measureTraining,
  memory: measureMemory,
  translation: measureTranslation,
  cache: measureCache,
  cost: measureCost,
  corpus: measureCorpus,
  sentences: measureSentencesOf,
  startup: measureStartup,
  variants: measureVariants,
};

/** @throws Error that says in a line what is wrong with the command line or this machine */
async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      sizes: { type: "string" }, // each suite has its own by default
      rounds: { type: "string" }, // how often each contender is timed; each suite and size has its own by default
      corpus: { type: "string" }, // a prefix of two files, such as data/zh-en/train
      languages: { type: "string", default: "en-de" },
      tokenizer: { type: "string", default: "word" },
      torch: { type: "boolean", default: false }, // beside the PyTorch of PYTHON, by default python3
      threads: { type: "string", default: String(availableParallelism()) },
      json: { type: "boolean", default: false },
    },
  });
  const names = suites(values);
  const options = {
    ...values,
    threads: wholeNumber("threads", values.threads),
    rounds: values.rounds === undefined ? undefined : wholeNumber("rounds", values.rounds),
    sizes: values.sizes?.split(","),
  };
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    threads: options.threads,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    kernels: chooseKernels().name,
    ...(values.torch ? { torch: torchVersion() } : {}),
  };
  const print = (text) => values.json || console.log(text);
  print(
    Object.entries(machine)
      .map(([key, value]) => `${key} ${value}`)
      .join(", "),
  );
  const results = {};
  for (const name of names) {
    const start = performance.now();
    results[name] = await SUITES[name](options);
    print(`\n${name}, ${Math.round((performance.now() - start) / 1000)} s`);
    if (!values.json) console.table(results[name]);
  }
  if (values.json) console.log(JSON.stringify({ machine, ...results }, null, 2));
}

/** The suite asked for, or all that can run. */
function suites({ only, corpus }) {
  if (only === undefined) {
    const needs = {
      corpus: corpus !== undefined,
      sentences: corpus !== undefined,
      memory: process.platform === "linux",
    };
    return Object.keys(SUITES).filter((name) => needs[name] ?? true);
  }
  if (only in SUITES) return [only];
  throw new Error(`--only: there is no suite "${only}". Choose one of ${Object.keys(SUITES).join(", ")}.`);
}

function wholeNumber(name, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`--${name} is "${text}": it has to be a whole number of at least 1.`);
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
