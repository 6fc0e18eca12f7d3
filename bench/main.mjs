// Measures the kernels and whole training steps.
// Usage: npm run bench -- [--only gemm|training|translation|cost|corpus] [--corpus PREFIX --languages en-de]
//         [--sizes tiny,small,medium,large] [--threads N] [--torch] [--json]
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureCorpus } from "./corpus.mjs";
import { measureCost } from "./cost.mjs";
import { measureGemm } from "./gemm.mjs";
import { torchVersion } from "./torch.mjs";
import { measureTraining } from "./training.mjs";
import { measureTranslation } from "./translation.mjs";

const SUITES = {
  gemm: measureGemm,
  training: measureTraining,
  translation: measureTranslation,
  cost: measureCost,
  corpus: measureCorpus,
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    sizes: { type: "string" }, // all but large, which takes minutes
    corpus: { type: "string" }, // a prefix of two files, such as ../shared/corpora/multi30k/train
    languages: { type: "string", default: "en-de" },
    torch: { type: "boolean", default: false },
    threads: { type: "string", default: String(availableParallelism()) },
    json: { type: "boolean", default: false },
  },
});
const usual = Object.keys(SUITES).filter((name) => name !== "corpus" || values.corpus !== undefined);
const names = values.only === undefined ? usual : [values.only];
const unknown = names.find((name) => !(name in SUITES));
if (unknown !== undefined) {
  console.error(`--only: there is no suite "${unknown}". Choose one of ${Object.keys(SUITES).join(", ")}.`);
  process.exit(2);
}

const torch = values.torch ? torchVersion() : undefined;
if (values.torch && torch === undefined) {
  console.error("--torch: PYTHON (default python3) cannot import torch. Set PYTHON to one that can.");
  process.exit(2);
}
const sizes = values.sizes?.split(",");
const machine = {
  ...(torch === undefined ? {} : { torch }),
  node: process.version,
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
};
const results = {};
if (!values.json) console.log(`Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}\n`);
for (const name of names) {
  const rows = await SUITES[name]({
    ...values,
    threads: Number(values.threads),
    torch: torch !== undefined,
    sizes,
  });
  results[name] = rows;
  if (!values.json) {
    console.table(rows);
    console.log();
  }
}
if (values.json) console.log(JSON.stringify({ machine, ...results }, null, 2));
