// Runs commands of the command line in this process, one after the other, for a parent that limits their time and
// memory: a process for each would take twenty times as long. Needs a built dist/.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { EXIT, report } from "../../dist/cli/exit.js";
import { createProgram } from "../../dist/cli/program.js";
import { prepareCorpus } from "../../dist/training/prepare.js";

const real = {
  stdout: process.stdout.write.bind(process.stdout),
  stderr: process.stderr.write.bind(process.stderr),
};

process.on("message", async ({ id, args, input, cache }) => {
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
    result = cache === undefined ? await command(args) : await preparation(cache);
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
process.send({ ready: true });
