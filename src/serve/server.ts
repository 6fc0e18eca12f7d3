import { createServer, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { XformerError } from "../errors.ts";
import { createApp, PAGES, type Served } from "./app.ts";
import { servedPage } from "./page.ts";
import { Refusal } from "./refusal.ts";

/** How a model is served. */
export interface ServeOptions extends Pick<Served, "model" | "limits" | "version"> {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** The pages, as HTML that brings its policy; one that is left out is not there. */
  readonly pages: { readonly [page in keyof typeof PAGES]?: string };
  readonly onLog?: Served["onLog"];
  /** Told of what fails and is not a client's doing; the server goes on, unless its model is gone. */
  readonly onFailure: Served["onFailure"];
}

/** A server that listens. */
export interface RunningServer {
  /** Where the page is, and below which the API. */
  readonly url: string;
  /** Whether only this machine can reach it. */
  readonly isLocal: boolean;
  /** Rejects when the model is gone, so that nothing can be translated any more. */
  readonly lost: Promise<never>;
  /** Takes nothing more, ends when all that is under way has been answered. */
  stop(): Promise<void>;
}

/** Connections at a time, at least, and for each place in the queue: clients keep theirs for their next request. */
const [LEAST_CONNECTIONS, CONNECTIONS_A_PLACE] = [1024, 4];
/** Milliseconds between two looks at connections, at most. */
const SLOWEST_CHECK = 5000;
/** Milliseconds for which nothing may be heard of a client, beyond the time that its request may take. */
const SILENCE = 10_000;

/**
 * Serves a model: the pages and the API. The model is to compute in threads of its own.
 *
 * @throws XformerError IO when the address cannot be listened on
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { model, limits, version, host, port, pages, onLog = () => {}, onFailure } = options;
  let lose: (reason: unknown) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => {}); // whoever does not ask need not know
  const isLocal = isLoopback(host);
  const app = createApp({
    ...{ model, limits, version, onLog },
    pages: new Map(
      Object.entries(pages).map(([name, html]) => [PAGES[name as keyof typeof PAGES], servedPage(html)]),
    ),
    hosts: isLocal ? new Set(["127.0.0.1", "localhost", "[::1]", nameOf(host)]) : undefined,
    onFailure: (error) => {
      onFailure(error);
      // An empty line takes no work, but a thread that is there.
      model.translate("").catch((reason: unknown) => lose(reason));
    },
  });
  const errorHandler = (): Response => {
    const { status, headers, body } = new Refusal("USAGE", "the request's address or host is no valid one");
    return new Response(body, { status, headers });
  };
  const patience = 1000 * limits.timeout;
  const server = createServer(
    {
      // Who sends slowly is told so, within a few seconds after the time is over.
      ...{ requestTimeout: patience, headersTimeout: patience },
      connectionsCheckingInterval: Math.min(SLOWEST_CHECK, patience),
    },
    getRequestListener(app.fetch as never, { errorHandler }),
  );
  server.maxConnections = Math.max(LEAST_CONNECTIONS, CONNECTIONS_A_PLACE * limits.queue);
  server.timeout = patience + SILENCE; // who reads nothing is left
  answerNoRequests(server);
  let isStopping = false;
  server.on("request", (_, answer) =>
    answer.once("close", () => {
      // Clients keep connections for what they may ask next: of a server that stops, nothing.
      if (isStopping) server.closeIdleConnections();
    }),
  );
  await listen(server, host, port);
  return {
    url: `http://${nameOf(host)}:${(server.address() as AddressInfo).port}/`,
    isLocal,
    lost,
    stop: async () => {
      app.close();
      isStopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), server.timeout);
      await closed;
      clearTimeout(force);
    },
  };
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);
}

/** A host as addresses write it. */
function nameOf(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
}

/** What hinders a server from listening, by what the system calls it. */
const HINDRANCES: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  EADDRINUSE: ["the port is in use", "Choose another with --port, or 0 for any that is free."],
  EACCES: ["this port needs more rights", "Choose one from 1024 with --port."],
  EADDRNOTAVAIL: ["this machine has no such address", "Choose another with --host."],
  ENOTFOUND: ["there is no such host", "Choose another with --host."],
};

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const [problem, hint] = HINDRANCES[code] ?? [message, "Choose another with --host or --port."];
    throw new XformerError("IO", problem, { file: `${nameOf(host)}:${port}`, hint, cause: error });
  }
}

/** Answers what is no request at all: no HTTP, headers without end, or nothing for too long. */
function answerNoRequests(server: Server): void {
  const answers = new WeakMap<Duplex, Set<ServerResponse>>();
  server.on("request", ({ socket }, answer) => {
    const open = answers.get(socket) ?? new Set();
    answers.set(socket, open.add(answer));
    answer.once("close", () => open.delete(answer));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const hasBegun = [...(answers.get(socket) ?? [])].some(({ headersSent }) => headersSent);
    if (error.code === "ECONNRESET" || !socket.writable || hasBegun) {
      socket.destroy(); // in the middle of an answer another would be read as a part of it
      return;
    }
    refuse(socket, new Refusal(...(NO_REQUESTS[error.code ?? ""] ?? NO_HTTP)));
  });
  server.on("connect", (_, socket) => {
    socket.on("error", () => {}); // whoever wants a proxy and leaves is no loss
    refuse(socket, new Refusal("METHOD", "this server is no proxy"));
  });
}

/** Answers on a bare connection, and ends it. */
function refuse(socket: Duplex, { status, headers, body }: Refusal): void {
  const all = { ...headers, "Content-Length": Buffer.byteLength(body), Connection: "close" };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

type NoRequest = readonly [code: "USAGE" | "HEADERS" | "SLOW", problem: string];
const NO_HTTP: NoRequest = ["USAGE", "this is no HTTP request"];
const NO_REQUESTS: Readonly<Record<string, NoRequest>> = {
  HPE_HEADER_OVERFLOW: ["HEADERS", "the headers are too long"],
  ERR_HTTP_REQUEST_TIMEOUT: ["SLOW", "the request did not come in time"],
};
