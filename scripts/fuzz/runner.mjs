// Runs commands of the command line in this process, one after the other, for a parent that limits their time and
// memory: a process for each would take twenty times as long. Needs a built dist/.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { EXIT, report } from "../../dist/cli/exit.js";
import { createProgram } from "../../dist/cli/program.js";
import { loadModel } from "../../dist/index.js";
import { LIMITS } from "../../dist/serve/limits.js";
import { serve } from "../../dist/serve/server.js";
import { prepareCorpus } from "../../dist/training/prepare.js";

const real = {
  stdout: process.stdout.write.bind(process.stdout),
  stderr: process.stderr.write.bind(process.stderr),
};

process.on("message", async ({ id, args, input, cache, request }) => {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    process[name].write = (chunk, ...rest) => {
      said[name] += chunk.toString();
      rest.find((each) => typeof each === "function")?.();
      return true;
    };
  Object.defineProperty(process, "stdin", {
    configurable: true,
    value: Readable.from([Buffer.from(input ?? "")]),
  });
  let result;
  try {
    if (request !== undefined) result = await exchange(Buffer.from(request, "base64"));
    else result = cache === undefined ? await command(args) : await preparation(cache);
  } catch (error) {
    result = { code: "it threw", problem: error instanceof Error ? error.stack : String(error) };
  }
  Object.assign(process.stdout, { write: real.stdout });
  Object.assign(process.stderr, { write: real.stderr });
  process.exitCode = undefined;
  process.send({ id, ...said, ...result, bytes: process.memoryUsage.rss() });
});

/** What `main` does, without leaving. */
async function command(args) {
  let code = EXIT.done;
  const run =
    (action) =>
    async (...given) => {
      code = await action(...given);
    };
  try {
    await createProgram(run).parseAsync(["node", "xformer", ...args]);
  } catch (error) {
    code = await report(error, false);
  }
  return { code };
}

/** Prepares a corpus over a cache that was changed; it has to be noticed, and made anew. */
async function preparation({ options, reference, file }) {
  const notes = [];
  const { corpus } = await prepareCorpus({ ...options, languages: {}, onNote: (note) => notes.push(note) });
  corpus.close();
  const isMended = readFileSync(file).equals(readFileSync(reference));
  if (!isMended) rmSync(file, { force: true });
  if (!isMended) writeFileSync(file, readFileSync(reference));
  return isMended && notes.length === 1
    ? { code: 0 }
    : { code: "unnoticed", problem: `${notes.length} notes, ${isMended ? "mended" : "not mended"}` };
}
/** What a server may answer: what is asked for, or what is wrong. */
const HONEST = [200, 204, 304, 400, 404, 405, 408, 413, 415, 421, 429, 431, 503];
/** Milliseconds for which a connection may stay silent. */
const SILENCE = 15_000;

let server;
const failures = [];

/** Serves the model of characters, with limits that hostile requests reach soon. */
async function startServer() {
  const limits = Object.fromEntries(Object.entries(LIMITS).map(([name, { usual }]) => [name, usual]));
  return serve({
    model: await loadModel("char", { worker: true, threads: 1 }),
    limits: { ...limits, maxBody: 2 ** 16, timeout: 0.2 },
    ...{ version: "0", host: "127.0.0.1", port: 0, pages: {} },
    onFailure: (error) => failures.push(error),
  });
}

/** Sends bytes to the server, and says whether its answer is an honest one and it is still there afterwards. */
async function exchange(bytes) {
  server ??= await startServer();
  const { port } = new URL(server.url);
  const answer = await answerTo(bytes, Number(port));
  const health = await answerTo(
    Buffer.from("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    Number(port),
  );
  const [failure] = failures.splice(0);
  const problem =
    failure?.stack ?? dishonesty(answer) ?? (health.startsWith("HTTP/1.1 200") ? undefined : health);
  return problem === undefined ? { code: 0 } : { code: "no honest answer", problem };
}

/** What comes back for bytes until the connection is closed, or the first answer is there as a whole. */
function answerTo(bytes, port) {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(SILENCE, () =>
      socket.destroy(new Error(`silent for ${SILENCE / 1000} s after ${text.slice(0, 500)}`)),
    );
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      if (isWhole(text)) socket.end();
    });
    // Whoever is told that the body is too large may be cut off while sending the rest of it.
    socket.on("error", (error) => (text === "" || error.code === undefined ? reject(error) : resolve(text)));
    socket.on("close", () => resolve(text));
  });
}

function isWhole(text) {
  const [head, ...rest] = text.split("\r\n\r\n");
  if (rest.length === 0) return false;
  const body = rest.join("\r\n\r\n");
  const [, length] = /^content-length: (\d+)$/im.exec(head) ?? [];
  if (length !== undefined) return Buffer.byteLength(body) >= Number(length);
  return /^transfer-encoding: chunked$/im.test(head) && text.endsWith("\r\n0\r\n\r\n");
}

/** What is wrong with an answer, if anything. */
function dishonesty(text) {
  const [, status] = /^HTTP\/1\.1 (?:100 Continue\r\n\r\nHTTP\/1\.1 )?(\d{3}) /.exec(text) ?? [];
  const shown = text.slice(0, 1000);
  if (!HONEST.includes(Number(status))) return shown === "" ? "no answer" : shown;
  if (Number(status) < 400 || !/^content-type: application\/json$/im.test(text)) return undefined;
  const body = text.slice(text.indexOf("{"));
  if (body.trim() === text.trim()) return shown;
  const isRefusal =
    /^\{"error":\{"code":"[A-Z_]+","message":"[^"]/.test(body) ||
    /^HTTP\/1\.1 \d+ [\s\S]*\r\n\r\n$/.test(text);
  return isRefusal ? undefined : shown;
}

process.send({ ready: true });
