// Many clients at a server for a while: each sends its next request when the last is answered. Prints what was answered,
// how long it took, what the server's memory was, and how long /health took meanwhile, which computes nothing.
// Usage: npm run build && node bench/serve.mjs --model runs/zh-en-1 [--clients 200] [--seconds 60]
//         [--input data/zh-en/test.zh] [--json] [-- flags of `xformer serve`]
import { spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { linesOf, loadModel } from "../dist/index.js";
import { rounded } from "./table.mjs";

const { values, positionals } = parseArgs({
  options: {
    model: { type: "string" },
    clients: { type: "string", default: "200" },
    seconds: { type: "string", default: "60" },
    input: { type: "string", default: "data/zh-en/test.zh" },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const [clients, seconds] = [Number(values.clients), Number(values.seconds)];
const agent = new Agent({ keepAlive: true });

const sources = [];
for await (const line of linesOf(values.input)) sources.push(line);
const expected = await translations();
const server = await start();
const [answers, health, memory] = [[], [], []];
const deadline = performance.now() + 1000 * seconds;
await Promise.all([watch(), ...Array.from({ length: clients }, (_, i) => client(i))]);
await setTimeout(1000); // what is counted when a connection is closed
const { size, sum } = await batches();
server.process.kill("SIGTERM");
const code = await server.ended;
report();

/** What each kind of request has to be answered, by source. */
async function translations() {
  const model = await loadModel(values.model);
  const of = async (options) =>
    (await model.translateAll(sources, options).toArray()).map(({ text }) => text);
  const both = { greedy: await of({}), beam: await of({ beam: 4 }) };
  await model.close();
  return both;
}

async function start() {
  const binary = fileURLToPath(new URL("../bin/xformer.js", import.meta.url));
  const args = [binary, "serve", "--model", values.model, "--port", "0", ...positionals];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface(child.stdout))
    return { process: child, ended, url: /http:\S+/.exec(line)[0] };
  throw new Error("the server has not started");
}

/** Sends one request; gives its status and its body as text. */
function send(path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const sent = request(
      new URL(path, server.url),
      { agent, method: body ? "POST" : "GET", headers },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode, text, retryAfter: answer.headers["retry-after"] }),
        );
        answer.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body && JSON.stringify(body));
  });
}

/** One of the clients: eight requests for a sentence, one for five with a beam, one for tokens, and again. */
async function client(number) {
  for (let i = number; performance.now() < deadline; i++) {
    const at = (i * 7919) % (sources.length - 5);
    const kind = ["list", "stream"][i % 10] ?? "sentence";
    const began = performance.now();
    try {
      const { status, text, retryAfter } = await send("/translate", bodyOf(kind, at));
      const isRight =
        status !== 200 || translationsIn(kind, text).every((found, j) => found === wantedOf(kind)[at + j]);
      answers.push({ kind, status: isRight ? status : "wrong", ms: performance.now() - began });
      if (retryAfter !== undefined) await setTimeout(1000 * Number(retryAfter));
    } catch (error) {
      answers.push({ kind, status: error.code ?? error.message, ms: performance.now() - began });
      await setTimeout(100);
    }
  }
}

function bodyOf(kind, at) {
  if (kind === "list") return { source: sources.slice(at, at + 5), beam: 4 };
  return { source: sources[at], ...(kind === "stream" ? { stream: true } : {}) };
}

function wantedOf(kind) {
  return kind === "list" ? expected.beam : expected.greedy;
}

function translationsIn(kind, text) {
  const json = kind === "stream" ? /^event: done\ndata: (.*)$/m.exec(text)?.[1] : text;
  const { translations: list, translation } = JSON.parse(json ?? "{}");
  return (list ?? [{ translation }]).map((each) => each.translation);
}

/** Looks at health and memory four times a second. */
async function watch() {
  while (performance.now() < deadline) {
    const began = performance.now();
    const { status } = await send("/health");
    if (status !== 200) throw new Error(`/health says ${status}`);
    health.push(performance.now() - began);
    memory.push(await metric("process_resident_memory_bytes"));
    await setTimeout(250);
  }
}

async function metric(name) {
  const { text } = await send("/metrics");
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)[1]);
}

async function batches() {
  return {
    size: await metric("xformer_batch_sentences_count"),
    sum: await metric("xformer_batch_sentences_sum"),
  };
}

function report() {
  const kinds = new Map();
  for (const { kind, status, ms } of answers)
    kinds.set(`${kind} ${status}`, (kinds.get(`${kind} ${status}`) ?? []).concat(ms));
  const rows = [...kinds].sort().map(([what, ms]) => ({ what, answers: ms.length, ...quantiles(ms) }));
  rows.push({ what: "GET /health", answers: health.length, ...quantiles(health) });
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const rest = {
    clients,
    seconds,
    "sentences a second": Math.round(sum / seconds),
    "sentences a batch": rounded(sum / size),
    "MB at each quarter": [1, 2, 3, 4]
      .map((i) => megabytes(memory[Math.ceil((i * memory.length) / 4) - 1]))
      .join(" "),
    "MB at most": megabytes(Math.max(...memory)),
    "exit code": code,
  };
  if (values.json) console.log(JSON.stringify({ ...rest, rows }));
  else console.table([rest]);
  if (!values.json) console.table(rows);
}

function quantiles(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (share) => rounded(sorted[Math.floor(share * (sorted.length - 1))]);
  return { "ms median": at(0.5), "ms 99 %": at(0.99), "ms most": at(1) };
}
