import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { StreamedToken } from "../decoding/tokenStream.ts";
import type { Translation } from "../decoding/translation.ts";
import type { TrainedModel } from "../library/trainedModel.ts";
import { answerTo } from "./answer.ts";
import { Batcher } from "./batcher.ts";
import { readBody } from "./body.ts";
import type { Limits } from "./limits.ts";
import { Metrics } from "./metrics.ts";
import type { ServedPage } from "./page.ts";
import { Refusal, refusalOf } from "./refusal.ts";
import { readTranslationRequest, type TranslationRequest } from "./translationRequest.ts";

/** What is served. */
export interface Served {
  readonly model: TrainedModel;
  /** By path, of {@link PAGES}; without one the path has none. */
  readonly pages: ReadonlyMap<string, ServedPage>;
  readonly limits: Limits;
  readonly version: string;
  /** The names under which the server is known; others are refused. Undefined for any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Told of each request that has ended, as a line. */
  readonly onLog: (line: string) => void;
  /** Told of what went wrong and is not the client's doing. */
  readonly onFailure: (error: unknown) => void;
}

/** The requests that a server answers, as something that can be put behind a listener. */
export interface App {
  readonly fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>;
  /** Refuses what comes from now on. */
  close(): void;
}

type Env = { Bindings: HttpBindings };

/** Where pages are: the model's, and the one that trains. */
export const PAGES = { explorer: "/", playground: "/playground" } as const;

/** What there is, and how it can be asked for. */
const ROUTES: ReadonlyMap<string, string> = new Map([
  [PAGES.explorer, "GET, HEAD, OPTIONS"],
  [PAGES.playground, "GET, HEAD, OPTIONS"],
  ["/translate", "POST, OPTIONS"],
  ["/health", "GET, HEAD, OPTIONS"],
  ["/metrics", "GET, HEAD, OPTIONS"],
]);

/** What every answer says. Pages may use several threads, as no other site can look into them. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** Upper bounds of the seconds and of the sentences that are counted. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SENTENCES = [1, 2, 4, 8, 16, 32, 64, 128];

/** Makes the API and the pages of a model. */
export function createApp({ model, pages, limits, version, hosts, onLog, onFailure }: Served): App {
  const app = new Hono<Env>();
  const metrics = new Metrics();
  const counted = countersOf(metrics);
  const batcher = new Batcher(model, counted.batch);
  let underWay = 0;
  let isClosing = false;
  addGauges(metrics, { model, version, underWay: () => underWay, waiting: () => batcher.waiting });

  app.use(async (c, next) => {
    const began = performance.now();
    const { incoming, outgoing } = c.env;
    outgoing.once("close", () => {
      const status = outgoing.writableFinished ? outgoing.statusCode : new Refusal("LEFT", "").status;
      const seconds = (performance.now() - began) / 1000;
      counted.request(ROUTES.has(c.req.path) ? c.req.path : "other", status, seconds);
      onLog(
        `${incoming.method} ${(incoming.url ?? "").slice(0, 200)} ${status} ${Math.round(1000 * seconds)} ms`,
      );
    });
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    if (isClosing) c.header("Connection", "close");
    refuseHost(c.req.header("host"), hosts);
    await next();
  });

  for (const path of Object.values(PAGES)) {
    app.get(path, (c) => {
      const page = pages.get(path);
      if (page === undefined)
        throw new Refusal("NOT_FOUND", "this server has no page", "POST to /translate.");
      c.header("Content-Security-Policy", page.policy);
      c.header("Cache-Control", "no-cache");
      c.header("ETag", page.etag);
      if (c.req.header("if-none-match")?.includes(page.etag)) return c.body(null, 304);
      c.header("Content-Type", "text/html; charset=utf-8");
      return c.body(page.bytes);
    });
  }

  app.get("/health", (c) => {
    const { sourceLanguage, targetLanguage, step } = model.description;
    const status = isClosing ? "closing" : "ok";
    return c.json(
      { status, version, model: { sourceLanguage, targetLanguage, step } },
      isClosing ? 503 : 200,
    );
  });

  app.get("/metrics", (c) => c.text(metrics.render(), 200, { "Content-Type": Metrics.CONTENT_TYPE }));

  app.post("/translate", async (c) => {
    if (isClosing) throw new Refusal("CLOSING", "the server is shutting down", "Try another, or later.");
    if (underWay >= limits.queue)
      throw new Refusal("BUSY", `${underWay} requests are under way, which is the most`, "Try again later.");
    underWay++;
    const signal = lifeOf(c, limits.timeout, () => underWay--);
    const body = await readBody(c.req.raw, limits.maxBody, signal);
    const request = readTranslationRequest(body, limits, model.description);
    if (request.stream) return answerInTokens(c, request, batcher, signal, onFailure);
    return c.json(answerTo(request, await batcher.translate(request.lines, request.options, signal)));
  });

  app.notFound((c) => {
    const allowed = ROUTES.get(c.req.path);
    if (allowed === undefined)
      return refuse(
        c,
        new Refusal("NOT_FOUND", "there is nothing here", `There are ${[...ROUTES.keys()].join(", ")}.`),
      );
    c.header("Allow", allowed);
    if (c.req.method === "OPTIONS") return c.body(null, 204);
    return refuse(c, new Refusal("METHOD", `${c.req.method} does nothing here`, `Use ${allowed}.`));
  });

  app.onError((error, c) => {
    const refusal = refusalOf(error);
    if (refusal.code === "INTERNAL") onFailure(error);
    return refuse(c, refusal);
  });

  return {
    fetch: (request, env) => app.fetch(request, env),
    close: () => {
      isClosing = true;
    },
  };
}

/** How long a request lives: until its time is over, its client has left, or its answer has been sent. */
function lifeOf(c: Context<Env>, seconds: number, onEnd: () => void): AbortSignal {
  const life = new AbortController();
  const timer = setTimeout(() => {
    const problem = `it has taken more than ${seconds} s`;
    life.abort(new Refusal("TIMEOUT", problem, "Send less at a time, or try again later."));
  }, 1000 * seconds);
  c.env.outgoing.once("close", () => {
    clearTimeout(timer);
    life.abort(new Refusal("LEFT", "the client has left"));
    onEnd();
  });
  return life.signal;
}

/**
 * Answers with events: a `token` for each, and `done` with the whole translation, or `error`. What goes wrong before the
 * first token is an answer like any other.
 */
async function answerInTokens(
  c: Context<Env>,
  request: TranslationRequest,
  batcher: Batcher,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<Response> {
  const tokens = batcher.stream(request.lines[0]!, request.options, signal);
  const first = await tokens.next();
  return streamSSE(c, async (events) => {
    try {
      let next: IteratorResult<StreamedToken, Translation> = first;
      for (; !next.done; next = await tokens.next())
        await events.writeSSE({ event: "token", data: JSON.stringify(next.value) });
      await events.writeSSE({ event: "done", data: JSON.stringify(answerTo(request, [next.value])) });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === "INTERNAL") onFailure(error);
      await events.writeSSE({ event: "error", data: refusal.body });
    }
  });
}

function refuse(c: Context<Env>, refusal: Refusal): Response {
  for (const [name, value] of Object.entries(refusal.headers)) c.header(name, value);
  return c.body(refusal.body, refusal.status as ContentfulStatusCode);
}

/**
 * A server that only this machine can reach is asked for by its own name only: the page of another site, whose name leads
 * here, is refused.
 */
function refuseHost(header: string | undefined, hosts: ReadonlySet<string> | undefined): void {
  if (hosts === undefined) return;
  const name = (header ?? "").replace(/:\d*$/, "").toLowerCase();
  if (hosts.has(name)) return;
  const hint = `Ask for ${[...hosts].join(" or ")}, or listen with --host.`;
  throw new Refusal("HOST", `this server is not called "${name.slice(0, 60)}"`, hint);
}

/** What is counted of requests and of batches. */
function countersOf(metrics: Metrics) {
  const requests = metrics.counter("xformer_requests_total", "Requests by path and status.");
  const seconds = metrics.histogram(
    "xformer_request_seconds",
    "Seconds from a request's head to the end of its answer.",
    SECONDS,
  );
  const batches = metrics.histogram("xformer_batch_sentences", "Sentences translated together.", SENTENCES);
  const source = metrics.counter("xformer_source_tokens_total", "Tokens read.");
  const target = metrics.counter("xformer_target_tokens_total", "Tokens of the best translations.");
  return {
    request: (path: string, status: number, duration: number) => {
      requests.add(1, { path, status: String(status) });
      seconds.observe(duration, { path });
    },
    batch: (batch: { sentences: number; sourceTokens: number; targetTokens: number }) => {
      batches.observe(batch.sentences);
      source.add(batch.sourceTokens);
      target.add(batch.targetTokens);
    },
  };
}

interface Gauges extends Pick<Served, "model" | "version"> {
  readonly underWay: () => number;
  readonly waiting: () => number;
}

function addGauges(metrics: Metrics, { model, version, underWay, waiting }: Gauges): void {
  const { sourceLanguage, targetLanguage } = model.description;
  const info = { version, source_language: sourceLanguage, target_language: targetLanguage };
  const began = Date.now() / 1000 - process.uptime();
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  metrics.value("xformer_info", "gauge", "What is served.", () => 1, info);
  metrics.value(
    "xformer_requests_under_way",
    "gauge",
    "Requests that are read, wait or are worked on.",
    underWay,
  );
  metrics.value("xformer_sentences_waiting", "gauge", "Sentences that wait for the model.", waiting);
  const rss = (): number => process.memoryUsage.rss();
  metrics.value("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", rss);
  metrics.value("process_start_time_seconds", "gauge", "Start time since the epoch in seconds.", () => began);
  metrics.value("process_cpu_seconds_total", "counter", "Processor time in seconds.", cpuSeconds);
}
