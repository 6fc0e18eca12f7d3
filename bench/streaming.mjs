// A corpus far larger than what is kept of it: generates sentence pairs, encodes them into a cache, plans an epoch in
// both ways and reads batches of it; prints the time of each and the most memory of the process above what it had
// before. With --train, the first steps of a tiny model follow.
// Usage: npm run build && node bench/streaming.mjs [--pairs 5000000] [--batches 2000] [--batch-tokens 4096]
//         [--tokenizer char|word|bpe] [--gzip] [--train STEPS] [--json]
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { planEpoch } from "../dist/data/epochPlan.js";
import { createRandom } from "../dist/random.js";
import { DEFAULT_TOKENIZER } from "../dist/training/config.js";
import { prepareCorpus } from "../dist/training/prepare.js";
import { rounded } from "./table.mjs";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5000000" },
    batches: { type: "string", default: "2000" },
    "batch-tokens": { type: "string", default: "4096" },
    tokenizer: { type: "string", default: "char" },
    gzip: { type: "boolean", default: false },
    train: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const pairs = Number(values.pairs);
const batchTokens = Number(values["batch-tokens"]);
const languages = { source: "en", target: "de" };
const MEGABYTE = 2 ** 20;

const baseline = process.memoryUsage().rss;
let peak = 0;
const look = () => {
  peak = Math.max(peak, process.memoryUsage().rss);
};
setInterval(look, 20).unref();

const rows = [];
const directory = mkdtempSync(join(tmpdir(), "xformer-bench-"));
try {
  const path = join(directory, `train.tsv${values.gzip ? ".gz" : ""}`);
  await measured(`generate ${pairs} pairs`, async () => {
    await pipeline(
      Readable.from(generate(pairs)),
      ...(values.gzip ? [createGzip({ level: 1 })] : []),
      createWriteStream(path),
    );
    return `${megabytes(statSync(path).size)} MB of text`;
  });
  const prepare = () =>
    prepareCorpus({
      ...{ corpora: [{ path, languages }], languages, maxLength: 256, tied: false },
      tokenizer: { ...DEFAULT_TOKENIZER, kind: values.tokenizer },
      cacheDirectory: join(directory, ".cache"),
    });
  let prepared;
  await measured("learn, encode", async () => {
    prepared = await prepare();
    return `${megabytes(statSync(prepared.corpus.file).size)} MB of cache`;
  });
  prepared.corpus.close();
  await measured("once more, from the cache", async () => {
    prepared = await prepare();
  });
  const { corpus } = prepared;
  let plan;
  for (const batching of ["shuffled", "buckets"]) {
    await measured(`plan an epoch, ${batching}`, () => {
      plan = planEpoch(corpus, { batchTokens, batching, seed: 1, epoch: 0 });
      return `${plan.batches} batches`;
    });
  }
  const count = Math.min(plan.batches, Number(values.batches));
  await measured(`read ${count} batches`, () => {
    let tokens = 0;
    for (let i = 0; i < count; i++) {
      for (const { source, target } of corpus.read(plan.batch(i)))
        tokens += source.length + target.length + 1;
      if (i % 100 === 0) look(); // no timer fires in a loop
    }
    return `${tokens} tokens`;
  });
  corpus.close();
  if (values.train !== undefined) {
    const { train } = await import("../dist/training/train.js");
    await measured(`train ${values.train} steps, the model included`, async () => {
      await train({
        data: { train: path, sourceLanguage: languages.source, targetLanguage: languages.target },
        tokenizer: { kind: values.tokenizer },
        preset: "tiny",
        training: { maxSteps: Number(values.train), batchTokens, batching: "buckets" },
        out: join(directory, "run"),
      });
    });
  }
} finally {
  rmSync(directory, { recursive: true });
}
if (values.json) console.log(JSON.stringify({ pairs, baselineMB: megabytes(baseline), rows }, null, 2));
else console.table(rows);

/** Runs a part and notes its time and the most memory of the process by its end. */
async function measured(part, work) {
  const start = performance.now();
  const result = await work();
  const seconds = rounded((performance.now() - start) / 1000, 2);
  look();
  rows.push({
    part,
    seconds,
    result: result ?? "",
    "RSS MB above baseline, peak so far": megabytes(peak - baseline),
  });
}

function megabytes(bytes) {
  return Math.round(bytes / MEGABYTE);
}

/** Lines of 3 to 9 made-up words on either side, many thousands at a time. */
function* generate(count) {
  const random = createRandom(1);
  const syllables = ["ka", "lo", "mi", "ne", "su", "ta", "vi", "zu"];
  const word = () => random.pick(syllables) + random.pick(syllables) + random.pick(syllables);
  const words = Array.from({ length: 5000 }, word);
  const sentence = () => Array.from({ length: 2 + random.below(8) }, () => random.pick(words)).join(" ");
  for (let done = 0; done < count; done += 10_000) {
    let text = "";
    for (let i = done; i < Math.min(count, done + 10_000); i++) text += `${sentence()}\t${sentence()}\n`;
    yield text;
  }
}
