// Contenders are processes of their own, ours like PyTorch's: neither heats the other's compiler, fills its heap or adds
// to its memory, and all are timed by the same protocol (contenders/serve.mjs), inside, without the way there and back.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PYTHON } from "./torch.mjs";

/** Milliseconds before a turn: the threads of the one before stop spinning for more work. OpenMP's spin for long. */
const PAUSE = 250;

/**
 * Starts contenders one after the other, uses them, and ends them whatever happens.
 *
 * @param works each with `who`, `script` (the URL of a file in contenders/), `threads`, `warmUps` and what the script reads
 */
export async function withContenders(works, use) {
  const contenders = [];
  try {
    for (const work of works) {
      const contender = new Contender(work);
      contenders.push(contender);
      await contender.prepare(work);
    }
    return await use(contenders);
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()));
  }
}

/**
 * Turns of some steps each, so that a slow spell of the machine falls on all alike, and yet a step is as a rule one
 * among others: its threads are awake and its data is in the caches.
 */
export async function alternate(contenders, rounds, steps = 1) {
  for (let round = 0; round < rounds; round++)
    for (const contender of contenders) await contender.turn(steps);
}

class Contender {
  /** Milliseconds of each step. */
  costs = [];
  /** What the last warm-up made. */
  made;
  /** Bytes resident when all modules were loaded and nothing was done. */
  loadedBytes;
  #child;
  #lines;

  constructor({ who, script, threads }) {
    this.who = who;
    this.threads = threads;
    const file = fileURLToPath(script);
    const [command, ...options] = file.endsWith(".py") ? [PYTHON, "-B", "-W", "ignore"] : [process.execPath];
    this.#child = spawn(command, [...options, file], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdin.on("error", () => {}); // one that has died is noticed when it does not answer
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async prepare(work) {
    await this.#answer();
    this.loadedBytes = peakBytes(this.#child.pid);
    this.made = await this.#ask(work);
  }

  async turn(steps) {
    await setTimeout(PAUSE);
    for (let i = 0; i < steps; i++) this.costs.push(await this.#ask("step"));
  }

  /** The most bytes that were resident so far; undefined where the system does not tell. */
  peakBytes() {
    return peakBytes(this.#child.pid);
  }

  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, "exit");
  }

  #ask(question) {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return this.#answer();
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.who} on ${this.threads} threads ended before its work was done`);
    return JSON.parse(value);
  }
}

/**
 * Linux counts it for each process (VmHWM in proc(5)). What getrusage(2) tells is not the same: a child begins with the
 * peak of the process that started it.
 */
function peakBytes(pid) {
  if (process.platform !== "linux") return undefined;
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return 1024 * Number(kilobytes);
}
