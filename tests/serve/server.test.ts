import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel, type TrainedModel, train } from "../../src/index.ts";
import { LIMITS, type Limits } from "../../src/serve/limits.ts";
import { type RunningServer, serve } from "../../src/serve/server.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles } from "../support/cli.ts";

const directory = temporaryDirectory();
const SOURCES = letterPairs(64).map((line) => line.split("\t")[0]!);
const POLICY = "default-src 'none'; script-src 'sha256-x'";
const PAGE = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}">the page`;
const USUAL = Object.fromEntries(Object.entries(LIMITS).map(([name, { usual }]) => [name, usual])) as never;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is asserted is what it is
  readonly json: any;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string | number>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
}

/** Sends one request, on a connection of its own unless an agent is given. */
function send(url: string, path: string, { method = "GET", headers = {}, body, agent }: Sent = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(new URL(path, url), { method, headers, ...(agent ? { agent } : {}) }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        const isJson = answer.headers["content-type"] === "application/json";
        const json = isJson && text !== "" ? JSON.parse(text) : undefined;
        resolve({ status: answer.statusCode!, headers: answer.headers, text, json });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const JSON_TYPE = { "Content-Type": "application/json" };

/** Asks for translations. */
function translate(url: string, body: object | string | Uint8Array, more: Sent = {}): Promise<Answer> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const asked = { method: "POST", headers: JSON_TYPE, body: isRaw ? body : JSON.stringify(body), ...more };
  return send(url, "/translate", asked);
}

/** The events of a stream as [name, data]. */
// biome-ignore lint/suspicious/noExplicitAny: what is asserted is what it is
function eventsOf(text: string): [string, any][] {
  return [...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, name, data]) => [
    name!,
    JSON.parse(data!),
  ]);
}

let model: TrainedModel;
beforeAll(async () => {
  writeFiles(directory, { "pairs.tsv": letterPairs(300) });
  const out = join(directory, "run");
  const { model: trained } = await train({
    data: { train: join(directory, "pairs.tsv") },
    out,
    model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 1, nDecoderLayers: 1 },
    training: { maxSteps: 40, learningRate: 0.01, warmupSteps: 10 },
  });
  await trained.close();
  model = await loadModel(out, { worker: true, threads: 1 });
});
afterAll(() => model.close());

/** What a server has said of failures, which no test here is to see unless it looks for them. */
const failures: unknown[] = [];

/** Starts a server; whoever does has to stop it. */
function start(limits: Partial<Limits> = {}, more: object = {}): Promise<RunningServer> {
  const all = { ...(USUAL as Limits), ...limits };
  const options = {
    model,
    limits: all,
    version: "1.2.3",
    host: "127.0.0.1",
    port: 0,
    pages: { explorer: PAGE },
  };
  return serve({ ...options, onFailure: (error) => failures.push(error), ...more });
}

describe("a server with the usual limits", () => {
  let server: RunningServer;
  let url: string;
  beforeAll(async () => {
    server = await start();
    ({ url } = server);
  });
  afterAll(async () => {
    await server.stop();
    expect(failures).toEqual([]);
  });

  it("translates one sentence, and several in their order, as the model does", async () => {
    const one = await translate(url, { source: "a b c" });
    const { text, sourceTokens } = await model.translate("a b c");
    expect(one.status).toBe(200);
    expect(one.json).toEqual({
      translation: text,
      ended: true,
      sourceTokens,
      unknownTokens: 0,
      overLong: false,
    });
    const many = await translate(url, { source: SOURCES });
    const found = await model.translateAll(SOURCES).toArray();
    expect(many.json.translations.map((each: { translation: string }) => each.translation)).toEqual(
      found.map((each) => each.text),
    );
    expect((await translate(url, { source: [] })).json).toEqual({ translations: [] });
    expect((await translate(url, { source: "" })).json).toMatchObject({ translation: "", sourceTokens: 0 });
    expect((await translate(url, { source: ["", "a"] })).json.translations).toHaveLength(2);
  });

  it("gives n-best lists, probabilities and alignments where they are wanted", async () => {
    const options = { beam: 4, nBest: 2, alignments: "tokens", lengthPenalty: 0.5 } as const;
    const { json } = await translate(url, { source: "a b c", scores: true, ...options });
    const { hypotheses } = await model.translate("a b c", options);
    const wanted = hypotheses.map(({ text, ...rest }) => ({ translation: text, ...rest }));
    expect(json.nBest).toEqual(wanted);
    expect(json).toMatchObject(wanted[0]!);
    const samples = { sample: true, nBest: 3, seed: 5 };
    const drawn = await translate(url, { source: ["a b", "c d"], ...samples });
    const expected = await model.translateAll(["a b", "c d"], samples).toArray();
    const textsOf = (list: readonly { text?: string; translation?: string }[]) =>
      list.map((each) => each.text ?? each.translation);
    for (const [i, each] of drawn.json.translations.entries())
      expect(textsOf(each.nBest)).toEqual(textsOf(expected[i]!.hypotheses));
    const constrained = await translate(url, { source: "a b c", beam: 4, constraints: ["h"] });
    expect(constrained.json.unmet).toEqual([]);
    expect(constrained.json.translation).toContain("h");
  });

  it("streams tokens as events", async () => {
    const { headers, text, status } = await translate(url, { source: "a b c", stream: true, scores: true });
    expect([status, headers["content-type"]]).toEqual([200, "text/event-stream"]);
    const events = eventsOf(text);
    const { hypotheses } = await model.translate("a b c");
    const [done] = events.slice(-1);
    expect(events.slice(0, -1).map(([name, { token }]) => [name, token])).toEqual(
      hypotheses[0]!.tokens.map((token) => ["token", token]),
    );
    expect(done).toEqual([
      "done",
      expect.objectContaining({ translation: hypotheses[0]!.text, tokens: hypotheses[0]!.tokens }),
    ]);
  });

  it.each<[string, object | string | Uint8Array, number, string, string?]>([
    ["no JSON", "{", 400, "the body is no JSON"],
    ["nothing", "", 400, "the body is no JSON"],
    ["no object", "[]", 400, "the body is no JSON object", 'Send one such as {"source": "..."}.'],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), 400, "the body is no UTF-8"],
    ["no source", {}, 400, "there is no source", "Give it as a text, or as a list of texts."],
    ["another source", { source: 5 }, 400, "source: expected a text, or a list of texts"],
    ["numbers in a list", { source: ["a", 5] }, 400, "source: expected a text, or a list of texts"],
    ["a field with a slip", { source: "a", bean: 5 }, 400, 'unknown field "bean"', "Did you mean beam?"],
    ["what objects have", '{"source": "a", "__proto__": 1}', 400, 'unknown field "__proto__"'],
    ["a text for a number", { source: "a", beam: "5" }, 400, "beam: expected a number"],
    ["no beam", { source: "a", beam: 0 }, 400, "the beam is 0", "It has to be a whole number from 1 to 256."],
    [
      "more than the beam has",
      { source: "a", nBest: 2 },
      400,
      "the 2 best are wanted of a beam of 1",
      "Use beam 2 or more, or sample.",
    ],
    ["a tag", { source: "a", tag: "<2x>" }, 400, 'this model has no tag "<2x>"'],
    [
      "a stream of beams",
      { source: "a", stream: true, beam: 2 },
      400,
      "several hypotheses cannot be given token by token",
      "Leave beam, nBest and constraints out.",
    ],
    [
      "a stream of constraints",
      { source: "a", stream: true, constraints: ["b"] },
      400,
      "several hypotheses cannot be given token by token",
    ],
    ["a stream of several", { source: ["a"], stream: true }, 400, "tokens are streamed of one sentence"],
    ["long lines as they are", { source: "a", longLines: "keep" }, 400, "longLines: expected one of split, "],
    ["a wide beam", { source: "a", beam: 17 }, 413, "17 hypotheses are asked for, this server follows 16"],
    [
      "many sentences",
      { source: new Array(101).fill("a") },
      413,
      "there are 101 sentences; this server takes",
    ],
    [
      "many translations",
      { source: new Array(20).fill("a"), beam: 6, nBest: 6 },
      413,
      "there are 20 sentences, 6 translations of each; this server takes 100 at a time",
    ],
    ["a long sentence", { source: "a".repeat(2001) }, 413, "the sentence has 2001 characters, this server"],
    ["a long one of two", { source: ["a", "b".repeat(2001)] }, 413, "sentence 2 has 2001 characters"],
    ["endless output", { source: "a", maxLength: 1e6 }, 413, "maxLength is more than this server writes"],
    ["endless output", { source: "a", minLength: "500x" }, 413, "minLength is more than this server writes"],
    ["a large body", `{"source": "${"a".repeat(2 ** 20)}"}`, 413, "the body has more than 1048576 bytes"],
  ])("refuses %s", async (_, body, status, message, hint) => {
    const answer = await translate(url, body);
    expect(answer.status).toBe(status);
    const { error } = answer.json;
    expect(error.message).toContain(message);
    expect(error.code).toBe({ 400: "USAGE", 413: "TOO_LARGE" }[status]);
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });

  it("refuses a body that turns out to be large, and one that is no JSON by its type", async () => {
    const headers = { ...JSON_TYPE, "Transfer-Encoding": "chunked" };
    const body = `{"source": "${"a".repeat(2 ** 20)}"}`;
    expect((await translate(url, body, { headers })).status).toBe(413);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
      const { status, json } = await translate(url, {}, { headers: { "Content-Type": type } });
      expect([status, json.error.code]).toEqual([415, "MEDIA_TYPE"]);
    }
    expect((await translate(url, { source: "a" }, { headers: {} })).status).toBe(415);
    const packed = { ...JSON_TYPE, "Content-Encoding": "gzip" };
    expect((await translate(url, { source: "a" }, { headers: packed })).json.error).toEqual({
      code: "MEDIA_TYPE",
      message: 'the body is encoded as "gzip"',
      hint: "Send it as it is.",
    });
    const charset = { "Content-Type": "Application/JSON; charset=utf-8" };
    expect((await translate(url, { source: "a" }, { headers: charset })).status).toBe(200);
  });

  it("says what there is, and how it can be asked for", async () => {
    const nothing = await send(url, "/nothing");
    expect([nothing.status, nothing.json.error.code]).toEqual([404, "NOT_FOUND"]);
    const wrong = await send(url, "/translate");
    expect([wrong.status, wrong.json.error.code, wrong.headers.allow]).toEqual([
      405,
      "METHOD",
      "POST, OPTIONS",
    ]);
    const options = await send(url, "/health", { method: "OPTIONS" });
    expect([options.status, options.headers.allow, options.text]).toEqual([204, "GET, HEAD, OPTIONS", ""]);
    const head = await send(url, "/health", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    const { json } = await send(url, "/health");
    const { sourceLanguage, targetLanguage, step } = model.description;
    const described = { sourceLanguage, targetLanguage, step };
    expect(json).toEqual({ status: "ok", version: "1.2.3", model: described });
  });

  it("serves the page with its policy, once", async () => {
    const page = await send(url, "/");
    expect(page.text).toBe(PAGE);
    expect(page.headers).toMatchObject({
      "content-security-policy": `${POLICY}; frame-ancestors 'none'`,
      "content-type": "text/html; charset=utf-8",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-opener-policy": "same-origin",
      "x-content-type-options": "nosniff",
    });
    const again = await send(url, "/", { headers: { "If-None-Match": page.headers.etag! } });
    expect([again.status, again.text]).toEqual([304, ""]);
    const answer = await translate(url, { source: "<script>alert(1)</script>" });
    expect(answer.headers).toMatchObject({
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
    });
  });

  it("is asked for by its own name only: no page of another site can lead here", async () => {
    for (const Host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"]) {
      const { status, json } = await send(url, "/health", { headers: { Host } });
      expect([status, json.error.code]).toEqual([421, "HOST"]);
    }
    for (const Host of ["localhost", "LOCALHOST:1", "[::1]:80"])
      expect((await send(url, "/health", { headers: { Host } })).status).toBe(200);
  });

  it("answers what is no request", async () => {
    const { port } = new URL(url);
    for (const [bytes, status] of [
      ["nonsense\r\n\r\n", 400],
      ["CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405],
      [`GET / HTTP/1.1\r\nHost: a b\r\n\r\n`, 400],
      [`GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(bytes);
      const [answer] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      expect(answer.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*\\{"error":\\{"code":"`));
    }
    const impatient = await start({ timeout: 0.05 });
    const silent = connect(Number(new URL(impatient.url).port), "127.0.0.1");
    const [answer] = (await once(silent, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 408 [\s\S]*"code":"SLOW"/);
    await impatient.stop();
  });

  it("counts what it does", async () => {
    const read = async (name: string): Promise<number> => {
      const { text } = await send(url, "/metrics");
      return Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")
          .at(-1) ?? 0,
      );
    };
    const ok = 'xformer_requests_total{path="/translate",status="200"}';
    const before = [await read(ok), await read("xformer_batch_sentences_sum")];
    await translate(url, { source: ["a b", "c"] });
    for (let i = 0; (await read(ok)) === before[0] && i < 500; i++) await setTimeout(10);
    expect(await read(ok)).toBe(before[0]! + 1);
    expect(await read("xformer_batch_sentences_sum")).toBe(before[1]! + 2);
    expect(await read("xformer_requests_under_way")).toBe(0);
    expect(await read("process_resident_memory_bytes")).toBeGreaterThan(1e7);
  });
});

/** A model that begins, and goes on when it is told to. */
function heldModel() {
  let begun = (): void => {};
  let go = (): void => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const told = new Promise<void>((resolve) => {
    go = resolve;
  });
  const translateAll: TrainedModel["translateAll"] = (lines, options = {}) => {
    const toArray = async () => {
      begun();
      await Promise.race([told, once(options.signal!, "abort")]);
      return model.translateAll(lines, options).toArray();
    };
    return { ...model.translateAll([]), toArray };
  };
  return { held: { ...model, translateAll }, hasBegun, go: () => go() };
}

describe("a server under load", () => {
  it("answers or honestly refuses each of many clients, and is empty afterwards", async () => {
    const server = await start({ queue: 8 });
    const { url } = server;
    const expected = (await model.translateAll(SOURCES).toArray()).map(({ text }) => text);
    const statuses: number[] = [];
    const agent = new Agent({ keepAlive: true });
    const client = async (number: number): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        const at = (number * 7 + i) % SOURCES.length;
        const stream = (number + i) % 5 === 0;
        const answer = await translate(url, { source: SOURCES[at]!, stream }, { agent });
        const { status, text, json, headers } = answer;
        statuses.push(status);
        if (status === 200) {
          const found = stream ? eventsOf(text).at(-1)![1] : json;
          expect(found.translation).toBe(expected[at]);
        } else {
          expect([status, json.error.code, headers["retry-after"]]).toEqual([429, "BUSY", "1"]);
        }
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, i) => client(i)));
    expect(statuses).toHaveLength(240);
    expect(statuses).toContain(200);
    const { text } = await send(url, "/metrics", { agent });
    expect(text).toMatch(/^xformer_requests_under_way 0$/m);
    expect(text).toMatch(/^xformer_sentences_waiting 0$/m);
    agent.destroy();
    await server.stop();
    expect(failures).toEqual([]);
  });

  it("answers what computes nothing while it computes", async () => {
    const server = await start({ maxSentences: 10_000 });
    const agent = new Agent({ keepAlive: true });
    let during = 0;
    // As many sentences as it takes until others were heard several times during one translation.
    for (let sentences = 64; during < 3; sentences *= 2) {
      let isDone = false;
      const source = Array.from({ length: sentences }, (_, i) => SOURCES[i % SOURCES.length]!);
      const work = translate(server.url, { source, beam: 16 }).finally(() => {
        isDone = true;
      });
      for (during = 0; !isDone; during++)
        expect((await send(server.url, "/health", { agent })).status).toBe(200);
      expect((await work).status).toBe(200);
    }
    agent.destroy();
    await server.stop();
  });

  it("gives up what takes too long", async () => {
    const { held } = heldModel();
    const server = await start({ timeout: 0.05 }, { model: held });
    const { status, json, headers } = await translate(server.url, { source: "a" });
    expect([status, json.error.code, headers["retry-after"]]).toEqual([503, "TIMEOUT", "5"]);
    await server.stop();
  });

  it("has a place for so many; who leaves makes room for another", async () => {
    const { held, hasBegun, go } = heldModel();
    const server = await start({ queue: 1 }, { model: held });
    const { url } = server;
    const left = request(new URL("/translate", url), { method: "POST", headers: JSON_TYPE });
    left.on("error", () => {}); // it is cut off below
    left.end(JSON.stringify({ source: "a" }));
    await hasBegun;
    const { status, json } = await translate(url, { source: "a" });
    expect([status, json.error.code]).toEqual([429, "BUSY"]);
    left.destroy();
    while ((await send(url, "/metrics")).text.includes("xformer_requests_under_way 1")) await setTimeout(5);
    go();
    const next = await translate(url, { source: "a b c" });
    expect([next.status, next.json.translation]).toEqual([200, (await model.translate("a b c")).text]);
    expect((await send(url, "/metrics")).text).toMatch(/\{path="\/translate",status="499"\} 1$/m);
    await server.stop();
    expect(failures).toEqual([]);
  });

  it("waits for no body for ever", async () => {
    const server = await start({ timeout: 0.05 });
    const headers = { ...JSON_TYPE, "Content-Length": 100 };
    const slow = request(new URL("/translate", server.url), { method: "POST", headers });
    slow.on("error", () => {}); // the server may cut it off after its answer
    slow.write('{"source": ');
    const [answer] = (await once(slow, "response")) as [IncomingMessage];
    expect([408, 503]).toContain(answer.statusCode); // whoever looks first
    slow.destroy();
    await server.stop();
  });

  it("that is to stop answers what is under way and takes nothing more", async () => {
    const { held, hasBegun, go } = heldModel();
    const server = await start({}, { model: held });
    const { url } = server;
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const post = (body: string): string =>
      `POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(socket, "close");
    socket.write(post('{"source": "a b c"}'));
    await hasBegun;
    const stopped = server.stop();
    socket.write(`${post('{"source": "a"}')}GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await setTimeout(50); // the server is to have read it
    go();
    await stopped;
    await ended;
    const { text } = await model.translate("a b c");
    expect(said).toMatch(new RegExp(`^HTTP/1.1 200 OK[\\s\\S]*"translation":"${text}"`));
    expect(said).toMatch(/HTTP\/1.1 503 [\s\S]*connection: close[\s\S]*"code":"CLOSING"/);
    await expect(send(url, "/health")).rejects.toThrow("ECONNREFUSED");
  });

  it("says that its model is gone", async () => {
    const gone = new Error("the thread died");
    const translateAll = () => ({ toArray: () => Promise.reject(gone) });
    const said: unknown[] = [];
    const server = await start(
      {},
      {
        model: { ...model, translateAll, translate: () => Promise.reject(gone) },
        onFailure: (error: unknown) => said.push(error),
      },
    );
    const { status, json, text } = await translate(server.url, { source: "a" });
    expect([status, json.error.code]).toEqual([500, "INTERNAL"]);
    expect(text).not.toContain("died");
    expect(said).toEqual([gone]);
    await expect(server.lost).rejects.toBe(gone);
    await server.stop();
  });

  it("refuses a port that is taken", async () => {
    const server = await start();
    const port = Number(new URL(server.url).port);
    await expect(start({}, { port })).rejects.toMatchObject({
      code: "IO",
      file: `127.0.0.1:${port}`,
      message: "the port is in use",
    });
    await server.stop();
  });
});
