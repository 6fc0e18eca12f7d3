// Gives the program hostile files and flags, and holds it to what docs/security.md promises: every case ends within a
// time and a memory, with exit code 0 or one line that names the file or flag.
//   npm run fuzz [-- --minutes 10] [--seed 1] [--cases N] [--only checkpoint,flags] [--path ...]
// What fails is shrunk and printed as a command. Needs a built dist/.
import { fork } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { devNull, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { createProgram } from "../dist/cli/program.js";
import { DEFAULT_TOKENIZER } from "../dist/training/config.js";
import { resolveConfig } from "../dist/training/settings/resolve.js";
import { toConfigFile } from "../dist/training/settings/table.js";
import {
  changed,
  changes,
  damaged,
  damages,
  FLAG_VALUES,
  requests,
  stringify,
  text,
} from "./fuzz/generators.mjs";

/** What a case may take. */
const [LIMIT_SECONDS, LIMIT_BYTES] = [20, 3 * 2 ** 30];
/** Fields of settings, which stand for the flag or key where several are at odds. */
const SETTING_NAMES = "dModel nHeads maxSteps patience schedule weightDecay bpeDropout vocabular".split(" ");
/** Cases of a kind in a row. */
const AT_ONCE = 50;
/** A model that is trained in a moment. */
const SMALLEST = [
  ...["--d-model", "8", "--heads", "2", "--ffn", "8"],
  ...["--encoder-layers", "1", "--decoder-layers", "1"],
];

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    cases: { type: "string", default: "Infinity" },
    only: { type: "string" },
    path: { type: "string" },
  },
});

const directory = mkdtempSync(join(tmpdir(), "xformer-fuzz-"));
process.chdir(directory);
let runner;
try {
  process.exitCode = await campaign();
} finally {
  runner?.process.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
}

/** The whole campaign; gives the exit code. */
async function campaign() {
  runner = await startRunner();
  await makeVictims();
  const kinds = Object.entries(KINDS()).filter(([name]) => values.only?.split(",").includes(name) ?? true);
  const counts = new Map(kinds.map(([name]) => [name, 0]));
  const total = () => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const deadline = performance.now() + Number(values.minutes) * 60_000;
  let told = performance.now();
  for (let round = 0; performance.now() < deadline && total() < Number(values.cases); round++) {
    for (const [name, { cases, weight = 1 }] of kinds) {
      if (performance.now() >= deadline) break;
      const seed = (Number(values.seed) * 1_000_003 + round) | 0;
      const options = { seed, numRuns: AT_ONCE * weight, endOnFailure: false, ...replay() };
      const details = await fc.check(fc.asyncProperty(cases, carryOut), options);
      counts.set(name, counts.get(name) + details.numRuns);
      if (details.failed) return tellFailure(name, details);
      if (performance.now() >= told + 60_000) {
        told = performance.now();
        console.log(`${total().toLocaleString("en")} cases so far`);
      }
      if (values.path !== undefined) return 0;
    }
  }
  for (const [name, count] of counts)
    console.log(`${name.padEnd(12)} ${count.toLocaleString("en").padStart(8)}`);
  console.log(`${total().toLocaleString("en")} cases with seed ${values.seed}: no failure.`);
  return 0;
}

function replay() {
  return values.path === undefined ? {} : { path: values.path, seed: Number(values.seed) };
}

function tellFailure(kind, { seed, counterexamplePath, counterexample, errorInstance }) {
  const [{ args = [], files = {} }] = counterexample;
  const kept = join(tmpdir(), `xformer-fuzz-failure-${seed}`);
  rmSync(kept, { recursive: true, force: true });
  cpSync(directory, kept, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(kept, file), bytes);
  console.error(`FAILED: ${kind}: ${errorInstance?.message ?? errorInstance}`);
  console.error(
    `  cd ${kept} && npx xformer ${args
      .map((arg) => JSON.stringify(arg))
      .join(" ")
      .slice(0, 2000)}`,
  );
  console.error(`  npm run fuzz -- --only ${kind} --seed ${seed} --path ${counterexamplePath}`);
  return 1;
}

/** Writes the files of a case, runs its command, and throws where a promise is broken. */
async function carryOut({ args, files = {}, copy, input, cache, request, names = [] }) {
  if (copy !== undefined) {
    rmSync("victim", { recursive: true, force: true });
    cpSync(copy, "victim", { recursive: true });
  }
  for (const [file, bytes] of Object.entries(files)) writeFileSync(file, bytes);
  const result = await run({ args, input, cache, request });
  const { code, stderr, problem } = result;
  if (!statSync(devNull).isCharacterDevice()) throw new Error(`${devNull} is no device any more`);
  if (problem !== undefined) throw new Error(`${code}: ${problem}`);
  if (result.bytes > LIMIT_BYTES) throw new Error(`it takes ${Math.round(result.bytes / 2 ** 20)} MiB`);
  if (code === 0) return;
  if (code !== 1 && code !== 2) throw new Error(`exit code ${code}`);
  const lines = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("warning: "));
  if (args[0] === "check" && lines.length === 0) return; // its report says what is wrong
  if (lines.length !== 1) throw new Error(`${lines.length} lines: ${stderr.slice(0, 500)}`);
  const [line] = lines;
  if (line.length > 2100 || /\p{Cc}/u.test(line))
    throw new Error(`a line that cannot be shown: ${line.slice(0, 300)}`);
  if (/unexpected error|\.js:\d+/.test(line)) throw new Error(line);
  // A configuration may name other files, by the values that it was given.
  const given = ["pairs.tsv", "xxx", "16", "␛"];
  const known = [
    ...Object.keys(files).map((file) => basename(file)),
    ...names,
    ...given,
    "victim",
    "--",
    "option",
  ];
  if (!known.some((name) => line.includes(name))) throw new Error(`it names neither file nor flag: ${line}`);
}

/** Has the runner do something; one that takes too long or dies is replaced. */
async function run(work) {
  if (runner.isDead) runner = await startRunner();
  const { process: child } = runner;
  return new Promise((resolve) => {
    const end = (result) => {
      clearInterval(timer);
      child.removeAllListeners("message").removeAllListeners("exit");
      resolve(result);
    };
    // Counted in seconds that went by for this process too: a machine that sleeps is not the case's fault.
    let seconds = 0;
    const timer = setInterval(() => {
      if (++seconds < LIMIT_SECONDS) return;
      child.kill("SIGKILL");
      runner.isDead = true;
      end({ code: "no end", problem: `it has not ended in ${LIMIT_SECONDS} s`, stderr: "" });
    }, 1000);
    child.on("message", end);
    child.on("exit", (code, signal) => {
      runner.isDead = true;
      end({ code: "death", problem: `exit ${code}, ${signal}: ${runner.said()}`, stderr: "" });
    });
    child.send(work);
  });
}

async function startRunner() {
  const script = fileURLToPath(new URL("./fuzz/runner.mjs", import.meta.url));
  const child = fork(script, {
    cwd: directory,
    execArgv: ["--max-old-space-size=2048"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (said = (said + chunk).slice(-600)));
  await new Promise((resolve) => child.once("message", resolve));
  return { process: child, isDead: false, said: () => said };
}

/** The valid files that are changed: corpora, a run of characters, a run of byte pairs, a cache. */
async function makeVictims() {
  const pairs = Array.from({ length: 24 }, (_, i) => `a b ${"cdefgh"[i % 6]}\t${"cdefgh"[i % 6]} b a`);
  writeFileSync("pairs.tsv", `${pairs.join("\n")}\n`);
  writeFileSync("lines.txt", "a b c\n\n学 x h g\n");
  const train = [
    "train",
    "--train",
    "pairs.tsv",
    "--valid",
    "pairs.tsv",
    "--max-steps",
    "2",
    "--threads",
    "1",
    "--quiet",
    ...SMALLEST,
  ];
  await must([...train, "--tokenizer", "char", "--out", "char"]);
  await must([
    ...train,
    "--tokenizer",
    "bpe",
    "--vocab-size",
    "300",
    "--positions",
    "learned",
    "--out",
    "bpe",
  ]);
  await must(["tokenizer", "export", "--model", "bpe", "--output", "bpe.json"]);
  await must(["tokenizer", "export", "--model", "char", "--output", "char.json"]);
  const [cache] = readdirSync(".cache");
  cpSync(join(".cache", cache), "reference.pairs");
  mkdirSync("caches");
}

async function must(args) {
  const { code, stderr, problem } = await run({ args });
  if (code !== 0) throw new Error(`${args.join(" ")}: ${code} ${stderr} ${problem ?? ""}`);
}

/** The kinds of cases, by name. */
function KINDS() {
  return {
    checkpoint: { cases: checkpointCases(), weight: 4 },
    tokenizer: { cases: tokenizerCases(), weight: 3 },
    corpus: { cases: corpusCases() },
    cache: { cases: cacheCases() },
    config: { cases: configCases(), weight: 3 },
    state: { cases: stateCases() },
    metrics: { cases: metricsCases() },
    requests: { cases: requestCases() },
    flags: { cases: flagCases(), weight: 4 },
  };
}

/** The parts of a safetensors file. */
function parts(file) {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE());
  return { header: JSON.parse(bytes.subarray(8, 8 + length)), data: bytes.subarray(8 + length), bytes };
}

function assembled(header, data) {
  const json = Buffer.from(stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/** A header without the two checksums, which then are not asked for. */
function unchecked({ __metadata__: metadata, ...tensors }) {
  const { "xformer.data_crc32": _, "xformer.header_crc32": __, ...rest } = metadata;
  return { __metadata__: rest, ...tensors };
}

function checkpointCases() {
  const victims = ["char/best.safetensors", "char/last.safetensors", "bpe/best.safetensors"].map(parts);
  const bad = fc.oneof(
    fc.tuple(fc.constantFrom(...victims), damages).map(([{ bytes }, list]) => damaged(bytes, list)),
    fc
      .tuple(fc.constantFrom(...victims), changes)
      .map(([{ header, data }, list]) => assembled(changed(header, list), data)),
    fc
      .tuple(fc.constantFrom(...victims), changes)
      .map(([{ header, data }, list]) => assembled(changed(unchecked(header), list), data)),
    fc
      .tuple(
        fc.constantFrom(...victims),
        changes,
        fc.constantFrom("model", "translation", "training", "source_tokenizer", "target_tokenizer"),
      )
      .map(([{ header, data }, list, key]) => {
        const { __metadata__: metadata, ...tensors } = unchecked(header);
        const inside = stringify(changed(JSON.parse(metadata[key]), list));
        return assembled({ __metadata__: { ...metadata, [key]: inside }, ...tensors }, data);
      }),
    fc
      .tuple(
        fc.constantFrom(...victims),
        fc.nat(),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 3e38, -1e-45),
      )
      .map(([{ header, data }, at, value]) => {
        const copy = Buffer.from(data);
        copy.writeFloatLE(value, 4 * (at % (copy.length / 4)));
        return assembled(unchecked(header), copy);
      }),
  );
  const one = ["--threads", "1"];
  const command = fc.constantFrom(
    ["translate", "--model", "bad.safetensors", "--input", "lines.txt", ...one],
    [
      "translate",
      "--model",
      "bad.safetensors",
      "--input",
      "lines.txt",
      "--beam",
      "3",
      "--n-best",
      "2",
      "--json",
      ...one,
    ],
    ["eval", "--model", "bad.safetensors", "--test", "pairs.tsv", "--json", ...one],
    ["score", "--model", "bad.safetensors", "--test", "pairs.tsv", ...one],
    ["inspect", "--model", "bad.safetensors"],
    ["tokenize", "--model", "bad.safetensors", "--side", "source"],
    ["average", "--output", "average.safetensors", "char/best.safetensors", "bad.safetensors"],
    ["export", "huggingface", "--model", "bad.safetensors", "--output", "exported"],
    ["export", "onnx", "--model", "bad.safetensors", "--output", "exported"],
  );
  return fc
    .tuple(bad, command)
    .map(([bytes, args]) => ({ args, files: { "bad.safetensors": bytes }, input: "a b\n" }));
}

function tokenizerCases() {
  const fixtures = ["", "kinds/"].flatMap((folder) => {
    const place = new URL(`../tests/fixtures/tokenizers/${folder}`, import.meta.url);
    return readdirSync(place).map((file) => new URL(file, place));
  });
  const bytesOf = (ending) =>
    fixtures
      .filter(({ pathname }) => pathname.endsWith(ending) && !pathname.endsWith("/answers.json"))
      .map((file) => readFileSync(file));
  const victims = [...["bpe.json", "char.json"].map((file) => readFileSync(file)), ...bytesOf(".json")];
  const models = bytesOf(".model");
  const regex = fc.constantFrom(
    "(a+)+$",
    "(a|a)*b",
    "(?<=a*)b",
    "[",
    "(?i:x)",
    "\\p{Nonsense}",
    "(?:a{1000}){1000}",
    "(.)\\1",
  );
  const bad = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...victims), changes)
        .map(([json, list]) => stringify(changed(JSON.parse(json), list))),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...victims), damages).map(([json, list]) => damaged(json, list)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...victims), regex).map(([json, Regex]) =>
        JSON.stringify({
          ...JSON.parse(json),
          pre_tokenizer: { type: "Split", pattern: { Regex }, behavior: "Isolated" },
        }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...models), damages).map(([model, list]) => damaged(model, list)),
    },
  );
  const command = fc.constantFrom(
    ["tokenizer", "encode", "--tokenizer", "bad.json", "--tokens"],
    ["check", "pairs.tsv", "--tokenizer", "bad.json"],
  );
  const input = fc.constantFrom(
    "a b c\n",
    `${"a".repeat(3000)}!\n`,
    "学\u0301\ufffd\r\n",
    `${" ".repeat(3000)}x\n`,
  );
  return fc
    .tuple(bad, command, input)
    .map(([bytes, args, lines]) => ({ args, files: { "bad.json": bytes }, input: lines }));
}

function corpusCases() {
  const file = fc.oneof(
    { weight: 4, arbitrary: text.map((bytes) => ["bad.tsv", bytes]) },
    {
      weight: 2,
      arbitrary: fc.tuple(text, damages).map(([bytes, list]) => ["bad.tsv", damaged(bytes, list)]),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, damages)
        .map(([bytes, list]) => ["bad.tsv.gz", damaged(gzipSync(bytes), list)]),
    },
  );
  const command = fc.constantFrom(
    (name) => ["check", name],
    (name) => ["check", "pairs.tsv", "--test", name, "--model", "char", "--json"],
    (name) => ["eval", "--model", "char", "--test", name, "--threads", "1", "--quiet"],
    (name) => [
      "train",
      "--train",
      name,
      "--tokenizer",
      "char",
      "--max-steps",
      "1",
      "--threads",
      "1",
      "--quiet",
      "--out",
      "victim",
      "--force",
      ...SMALLEST,
    ],
    (name) => ["tokenizer", "learn", "--input", name, "--output", "learned.json"],
    (name) => [
      "translate",
      "--model",
      "bpe",
      "--input",
      name,
      "--threads",
      "1",
      "--max-length",
      "5",
      "--quiet",
    ],
  );
  return fc
    .tuple(file, command)
    .map(([[name, bytes], args]) => ({ args: args(name), files: { [name]: bytes } }));
}

function cacheCases() {
  const reference = readFileSync("reference.pairs");
  const [file] = readdirSync(".cache").map((name) => join(".cache", name));
  const options = {
    corpora: [{ path: "pairs.tsv", languages: {} }],
    tokenizer: { ...DEFAULT_TOKENIZER, kind: "char" },
    tied: false,
    maxLength: 256,
    cacheDirectory: ".cache",
  };
  return damages
    .map((list) => damaged(reference, list))
    .filter((bytes) => !bytes.equals(reference))
    .map((bytes) => ({
      args: ["prepare"],
      files: { [file]: bytes },
      cache: { options, reference: "reference.pairs", file },
    }));
}

function configCases() {
  const valid = toConfigFile(resolveConfig({}));
  const yaml = fc.oneof(
    { weight: 4, arbitrary: changes.map((list) => stringify(changed(valid, list))) },
    {
      weight: 2,
      arbitrary: damages.map((list) => damaged(Buffer.from(JSON.stringify(valid, null, 1)), list)),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(
          fc.constantFrom(
            "training:",
            "  lr: 1",
            "  - x",
            "? *k",
            ": ",
            "&k a: ",
            "*k",
            "!!set {a}",
            "!!omap",
            "<<: *k",
            "{a: [",
            "]}",
            "|",
            " >-",
            "%YAML 9",
            "---",
            "...",
            "'",
            "\t",
            "#",
            "data: {train: x}",
          ),
          { maxLength: 30 },
        )
        .map((lines) => lines.join("\n")),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("[", "{a: ", "- ", "a:\n ", "&a [*a, ").map((part) => part.repeat(5000)),
    },
  );
  return yaml.map((bytes) => ({
    args: ["train", "--config", "bad.yaml", "--print-config"],
    files: { "bad.yaml": bytes },
    names: SETTING_NAMES,
  }));
}

function stateCases() {
  const { header, data } = parts("char/last.safetensors");
  const { __metadata__: metadata, ...tensors } = unchecked(header);
  return changes.map((list) => {
    const training = stringify(changed(JSON.parse(metadata.training), list));
    const bytes = assembled({ __metadata__: { ...metadata, training }, ...tensors }, data);
    return {
      copy: "char",
      files: { "victim/last.safetensors": bytes },
      args: ["train", "--resume", "victim", "--max-steps", "3", "--threads", "1", "--quiet"],
      names: SETTING_NAMES,
    };
  });
}

function metricsCases() {
  const valid = readFileSync("char/metrics.jsonl", "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const config = JSON.parse(readFileSync("char/config.json", "utf8"));
  const lock = { pid: 2 ** 30, host: "elsewhere", startedAt: "then", processStart: null };
  const file = fc.oneof(
    changes.map((list) => [
      "metrics.jsonl",
      Object.values(changed(valid, list))
        .map((line) => stringify(line))
        .join("\n"),
    ]),
    damages.map((list) => ["metrics.jsonl", damaged(readFileSync("char/metrics.jsonl"), list)]),
    changes.map((list) => ["run.lock", stringify(changed(lock, list))]),
    changes.map((list) => ["config.json", stringify(changed(config, list))]),
    damages.map((list) => ["config.json", damaged(readFileSync("char/config.json"), list)]),
  );
  return file.map(([name, bytes]) => ({
    copy: "char",
    files: { [`victim/${name}`]: bytes },
    args: ["train", "--resume", "victim", "--max-steps", "3", "--threads", "1", "--quiet"],
    names: SETTING_NAMES,
  }));
}

/** What is sent to a server, byte for byte; the file is there for whoever wants to send it again. */
function requestCases() {
  return requests.map((bytes) => ({
    args: ["serve", "--model", "char"],
    files: { "request.http": bytes },
    request: bytes.toString("base64"),
  }));
}

/** Every command that does something at once, with all its flags, as the program says. */
function flagCases() {
  const needed = {
    translate: ["--model", "char", "--input", "lines.txt", "--threads", "1"],
    eval: ["--model", "char", "--test", "pairs.tsv", "--threads", "1"],
    score: ["--model", "char", "--test", "pairs.tsv", "--threads", "1"],
    train: ["--train", "pairs.tsv", "--print-config"],
    inspect: ["--model", "char"],
    check: ["pairs.tsv"],
    average: ["--output", "average.safetensors", "char/best.safetensors"],
    tokenize: ["--model", "char", "--side", "source"],
    tokenizer: ["encode", "--tokenizer", "bpe.json"],
    data: ["make", "reverse", "--out", "made", "--force", "--train", "5", "--valid", "2", "--test", "2"],
  };
  const program = createProgram(() => async () => {});
  const arbitraries = Object.entries(needed).map(([name, base]) => {
    const command = program.commands.find((each) => each.name() === name);
    const last = command.commands.find((each) => each.name() === base[0]) ?? command;
    const flag = fc.constantFrom(...last.options.filter(({ long }) => long !== "--help")).chain((option) => {
      const takesNone = !option.required && !option.optional;
      return takesNone
        ? fc.constant([option.long])
        : fc.constantFrom(...FLAG_VALUES).map((value) => [option.long, value]);
    });
    return fc.array(flag, { minLength: 1, maxLength: 3 }).map((flags) => [name, ...base, ...flags.flat()]);
  });
  // Options that are at odds are told by what they are about.
  const about =
    "beam sampl temperature top- length penalty n-best n-gram seed vocabular smoothing ␛ xxx".split(" ");
  return fc.oneof(...arbitraries).map((args) => {
    const given = args.slice(1).filter((arg) => arg !== "");
    return { args, input: "a b\n", names: [...about, ...SETTING_NAMES, ...given] };
  });
}
