import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { acquireRunLock } from "../../src/training/runLock.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const root = temporaryDirectory();
const home = process.cwd();
const MODULE = new URL("../../dist/training/runLock.js", import.meta.url).href;
const LOCK = join("run", "run.lock");
const isLinux = process.platform === "linux";
let tests = 0;

beforeEach(() => {
  const directory = join(root, String(tests++));
  mkdirSync(join(directory, "run"), { recursive: true });
  process.chdir(directory);
});
afterAll(() => process.chdir(home));

/** Another process of this machine; `acquireRunLock` is there for its script. */
function start(script: string): ChildProcess {
  const program = `import { acquireRunLock } from "${MODULE}";\n${script}`;
  return spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, "close");
  return text;
}

/** A process that has the lock of `run` until it is killed. */
async function startHolder(): Promise<ChildProcess> {
  const holder = start(`acquireRunLock("run"); process.stdin.resume(); process.stdout.write("held");`);
  await once(holder.stdout!, "data");
  return holder;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

function holder(): Record<string, unknown> {
  return JSON.parse(readFileSync(LOCK, "utf8"));
}

describe("the lock of a run", () => {
  it("is one file that names its holder, and is gone when it is given up", () => {
    const before = Date.now();
    const lock = acquireRunLock("run");
    const after = Date.now();
    expect(readdirSync("run")).toEqual(["run.lock"]);
    expect(holder()).toMatchObject({ pid: process.pid, host: hostname() });
    const startedAt = Date.parse(String(holder().startedAt));
    expect([startedAt >= before - 1000, startedAt <= after]).toEqual([true, true]);
    lock.release();
    expect(readdirSync("run")).toEqual([]);
    acquireRunLock("run").release();
  });

  it("is refused to a second process while the first lives", async () => {
    const first = await startHolder();
    const { startedAt } = holder();
    const since = `${String(startedAt).slice(0, 19).replace("T", " ")} UTC`;
    const other = `; if process ${first.pid} is another program by now, remove ${LOCK}`;
    const note = process.platform === "win32" ? other : "";
    expect(oneLine(() => acquireRunLock("run"))).toBe(
      `run: the run is in use by process ${first.pid} on ${hostname()} since ${since}. Wait until it ends, stop it, or choose another run${note}.`,
    );
    expect(readdirSync("run")).toEqual(["run.lock"]);
    await kill(first);
  });

  it("is taken over from a process that was killed", async () => {
    await kill(await startHolder());
    expect(readdirSync("run")).toEqual(["run.lock"]);
    const lock = acquireRunLock("run");
    expect(holder().pid).toBe(process.pid);
    expect(readdirSync("run")).toEqual(["run.lock"]);
    lock.release();
    expect(readdirSync("run")).toEqual([]);
  });

  it("is taken over from one that was killed while it took another over", async () => {
    await kill(await startHolder());
    writeFileSync(`${LOCK}.takeover`, readFileSync(LOCK));
    acquireRunLock("run").release();
    expect(readdirSync("run")).toEqual([]);
  });

  it.runIf(isLinux)("is taken over when another process has the pid by now", () => {
    acquireRunLock("run");
    const text = readFileSync(LOCK, "utf8");
    expect(oneLine(() => acquireRunLock("run"))).toContain(`in use by process ${process.pid} on `);
    writeFileSync(LOCK, text.replace(/\/\d+"/, '/1"'));
    const lock = acquireRunLock("run");
    expect(readFileSync(LOCK, "utf8")).not.toContain('/1"');
    lock.release();
  });

  it.runIf(isLinux)(
    "is taken over from a process that has ended and whose parent has not noticed",
    async () => {
      // The shell becomes `sleep`, which never asks after the child it was given.
      const script = `acquireRunLock(${JSON.stringify(join(process.cwd(), "run"))});`;
      const program = `import { acquireRunLock } from "${MODULE}"; ${script} process.kill(process.pid, "SIGKILL");`;
      const parent = spawn("sh", [
        "-c",
        `"$0" --input-type=module --eval "$1" & exec sleep 60`,
        process.execPath,
        program,
      ]);
      const state = (): string => readFileSync(`/proc/${holder().pid}/stat`, "utf8").split(") ")[1]![0]!;
      await expect.poll(() => readdirSync("run"), { timeout: 60_000 }).toEqual(["run.lock"]);
      await expect.poll(state, { timeout: 60_000 }).toBe("Z");
      acquireRunLock("run").release();
      await kill(parent);
    },
  );

  it("is never taken over from another host", () => {
    acquireRunLock("run");
    writeFileSync(
      LOCK,
      JSON.stringify({ ...holder(), host: "elsewhere", pid: 4711, startedAt: "2026-11-21T06:44:57.123Z" }),
    );
    const text = readFileSync(LOCK, "utf8");
    expect(oneLine(() => acquireRunLock("run"))).toBe(
      `run: the run is in use by process 4711 on elsewhere since 2026-11-21 06:44:57 UTC. It cannot be seen from here: remove ${LOCK} when you are sure that it has ended.`,
    );
    expect(readFileSync(LOCK, "utf8")).toBe(text);
  });

  it.each(["", "{", "null", "4711", '{"pid":1}', '{"pid":-1,"host":"h","startedAt":"","processStart":null}'])(
    "is left alone where its file holds %j",
    (text) => {
      writeFileSync(LOCK, text);
      expect(oneLine(() => acquireRunLock("run"))).toBe(
        `run: the run is locked, and its lock does not say by whom. Remove ${LOCK} when you are sure that no process trains it.`,
      );
      expect(readFileSync(LOCK, "utf8")).toBe(text);
    },
  );

  it("given up does not touch what is another's by then", () => {
    const lock = acquireRunLock("run");
    writeFileSync(LOCK, "another's");
    lock.release();
    expect(readFileSync(LOCK, "utf8")).toBe("another's");
    rmSync(LOCK);
    const second = acquireRunLock("run");
    lock.release();
    expect(readdirSync("run")).toEqual(["run.lock"]);
    second.release();
  });

  it("is given up when the process exits without a word", async () => {
    const child = start(`acquireRunLock("run"); process.exit(3);`);
    await outputOf(child);
    expect(child.exitCode).toBe(3);
    expect(readdirSync("run")).toEqual([]);
  });

  it("needs a directory", () => {
    expect(oneLine(() => acquireRunLock("nowhere"))).toBe(
      "nowhere: no such file or directory. Check the path.",
    );
    writeFileSync("file", "");
    expect(oneLine(() => acquireRunLock("file"))).toMatch(
      /^file: a part of this path is a file, not a directory/,
    );
  });
});

it("no two of four processes ever have the lock at once, though it goes stale all the time", async () => {
  await kill(await startHolder());
  writeFileSync("dead", readFileSync(LOCK));
  // Whoever has the lock alone can make the file `inside`; then it leaves the lock as a killed process does.
  const script = `
    import { closeSync, copyFileSync, openSync, renameSync, unlinkSync } from "node:fs";
    let held = 0;
    const refusals = new Set();
    const end = Date.now() + 1500;
    while (Date.now() < end || held === 0) {
      try {
        const lock = acquireRunLock("run");
        closeSync(openSync("inside", "wx"));
        for (const end = Date.now() + 2; Date.now() < end; );
        held++;
        unlinkSync("inside");
        const stale = "dead" + process.pid;
        copyFileSync("dead", stale);
        renameSync(stale, "run/run.lock");
        lock.release();
      } catch (error) {
        refusals.add(error.message.replace(/\\d+ on .*/, "N"));
      }
    }
    process.stdout.write(JSON.stringify({ held, refusals: [...refusals] }));`;
  const children = [1, 2, 3, 4].map(() => start(script));
  // Pauses at any point of the taking over, so that the others overtake.
  let turn = 0;
  const pauses = setInterval(() => {
    if (process.platform === "win32") return; // there is no stopping there
    for (const [i, child] of children.entries()) child.kill(i === turn % 5 ? "SIGSTOP" : "SIGCONT");
    turn++;
  }, 3);
  const results = await Promise.all(children.map(outputOf));
  clearInterval(pauses);
  const found = results.map((text) => JSON.parse(text) as { held: number; refusals: string[] });
  expect(found.every(({ held }) => held > 0)).toBe(true);
  expect(new Set(found.flatMap(({ refusals }) => refusals))).toEqual(
    new Set(["the run is in use by process N"]),
  );
  acquireRunLock("run").release();
  expect(readdirSync("run")).toEqual([]);
});
