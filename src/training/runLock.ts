import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import { patiently } from "../io/patiently.ts";

/** Who holds a lock, as its file says. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the lock was taken: ISO 8601. */
  readonly startedAt: string;
  /** When the process began, so that a later one with its pid is told apart; null where that is not known. */
  readonly processStart: string | null;
}

/** The right to write in a run directory, which one process at a time has. */
export interface RunLock {
  /** Gives it up; removes the file only if it is still this lock's, and does nothing the second time. */
  release(): void;
}

const NAME = "run.lock";

/** Process ids are 32-bit integers with a sign. */
const LARGEST_PID = 2 ** 31 - 1;

/** What `link` says where the file system has no hard links: FAT and some network drives. */
const NO_HARD_LINKS = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"];

/**
 * Locks a run directory with a file `run.lock` that names this process. The lock of a process of this host that
 * has ended is taken over; that of another host never, since nobody here can see whether its process runs.
 *
 * The file appears with all of its content or not at all, so one that cannot be read was not left by a kill: it
 * is reported, never removed. The lock is also given up when the process exits.
 *
 * @param directory an existing run directory, as the user wrote it
 * @throws XformerError IO when another process has the lock, or the directory cannot be written
 */
export function acquireRunLock(directory: string): RunLock {
  try {
    return acquire(directory, join(directory, NAME));
  } catch (error) {
    throw fileSystemError(error, directory);
  }
}

/**
 * Takes the lock whose file is `path`.
 *
 * Between reading a lock and removing it, somebody else may have done the same and hold a new one by now. So only
 * who holds the lock's own lock, `path.takeover`, may remove what somebody else left, and looks again first;
 * a process killed while it had that one leaves a stale lock, which is taken over in the same way.
 */
function acquire(directory: string, path: string): RunLock {
  const own = JSON.stringify(thisProcess());
  while (!create(path, own)) {
    const holder = readHolder(directory, path);
    if (holder === undefined) {
      refuseLink(directory, path);
      continue; // given up in the meantime
    }
    if (!isStale(holder)) throw inUse(holder, directory, path);
    const takeover = acquire(directory, `${path}.takeover`);
    try {
      const now = readHolder(directory, path);
      if (now !== undefined && isStale(now)) patiently(() => rmSync(path, { force: true }));
    } finally {
      takeover.release();
    }
  }
  let held = true;
  const release = (): void => {
    process.removeListener("exit", release);
    // Where it can no longer be removed it is stale as soon as this process has ended.
    succeeds(["EROFS", "EACCES", "EPERM", "EBUSY", "EIO"], () => {
      if (held && read(path) === own) patiently(() => rmSync(path, { force: true }));
    });
    held = false;
  };
  process.once("exit", release);
  return { release };
}

/**
 * Makes a file that must not exist yet, in one step with its content: it is written under another name first.
 *
 * @returns whether it was made
 */
function create(path: string, content: string): boolean {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeDurably(temporary, content);
    // ENOENT: who has the lock has tidied up.
    return succeeds(["EEXIST", "ENOENT"], () => {
      if (succeeds(NO_HARD_LINKS, () => linkSync(temporary, path))) return;
      // Not one step here: who reads the file half-written is told that it cannot be read.
      copyFileSync(temporary, path, constants.COPYFILE_EXCL);
    });
  } finally {
    patiently(() => rmSync(temporary, { force: true }));
  }
}

/** Writes a file that is on the disk before anything links to it: a power cut leaves no empty lock. */
function writeDurably(path: string, content: string): void {
  const descriptor = openSync(path, "wx");
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function read(path: string): string | undefined {
  let text: string | undefined;
  // ESRCH: a file of /proc whose process has just ended.
  succeeds(["ENOENT", "ESRCH"], () => {
    text = readFileSync(path, "utf8");
  });
  return text;
}

/** Does something; false when it fails for one of the reasons given, while other errors pass through. */
function succeeds(failures: readonly string[], action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && failures.includes(String(error.code))) return false;
    throw error;
  }
}

/**
 * @returns who holds the lock, undefined when nobody does
 * @throws XformerError IO when the file is not a lock
 */
function readHolder(directory: string, path: string): Holder | undefined {
  const text = read(path);
  if (text === undefined) return undefined;
  const holder = parse(text);
  if (holder !== undefined) return holder;
  throw new XformerError("IO", `the run is locked, and its lock does not say by whom`, {
    file: directory,
    hint: `Remove ${path} when you are sure that no process trains it.`,
  });
}

function parse(text: string): Holder | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const { pid, host, startedAt, processStart } = json as Partial<Record<keyof Holder, unknown>>;
  const isHolder =
    Number.isSafeInteger(pid) &&
    (pid as number) > 0 &&
    (pid as number) <= LARGEST_PID &&
    typeof host === "string" &&
    typeof startedAt === "string" &&
    (typeof processStart === "string" || processStart === null);
  return isHolder ? (json as Holder) : undefined;
}

/** A link that leads nowhere is there, and yet cannot be read: nobody would ever give it up. */
function refuseLink(directory: string, path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  throw new XformerError("IO", "its lock is a link, which no xformer makes", {
    file: directory,
    hint: `Remove ${path} when you are sure that no process trains it.`,
  });
}

function thisProcess(): Holder {
  const { pid } = process;
  return {
    pid,
    host: hostname(),
    startedAt: new Date().toISOString(),
    processStart: stateOf(pid)?.start ?? null,
  };
}

/** Whether the process that holds a lock is known to have ended. */
function isStale({ pid, host, processStart }: Holder): boolean {
  if (host !== hostname()) return false;
  const state = stateOf(pid);
  if (state !== undefined) return state.ended || (processStart !== null && processStart !== state.start);
  // Signal 0 only asks. EPERM: it runs, under another user.
  return !succeeds(["ESRCH"], () => void succeeds(["EPERM"], () => process.kill(pid, 0)));
}

/** What a system tells about a process: whether it has ended and only waits for its parent to notice, and when it began. */
interface ProcessState {
  readonly ended: boolean;
  readonly start: string;
}

/** @returns undefined where a system does not tell, as on Windows, or does not show this process */
function stateOf(pid: number): ProcessState | undefined {
  return process.platform === "darwin" ? stateOnMac(pid) : stateOnLinux(pid);
}

/** As ps(1) has it, to the second. */
function stateOnMac(pid: number): ProcessState | undefined {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const { status, stdout } = spawnSync("/bin/ps", ["-o", "state=,lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env,
  });
  const [, state, start] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? "") ?? [];
  if (status !== 0 || state === undefined || start === undefined) return undefined;
  return { ended: state.startsWith("Z"), start };
}

/** As proc_pid_stat(5) has it: the beginning is counted from a boot that has a name. */
function stateOnLinux(pid: number): ProcessState | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const boot = read("/proc/sys/kernel/random/boot_id");
  if (stat === undefined || boot === undefined) return undefined;
  // The name of the program stands in brackets and may hold brackets and spaces itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, start] = [fields[0], fields[19]];
  return { ended: state === "Z" || state === "X", start: `${boot.trim()}/${start}` };
}

function inUse(holder: Holder, directory: string, path: string): XformerError {
  const { pid, host, startedAt, processStart } = holder;
  // Where a process cannot be told from a later one with its number, people can.
  const other = processStart === null ? `; if process ${pid} is another program by now, remove ${path}` : "";
  const since = startedAt.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
  return new XformerError("IO", `the run is in use by process ${pid} on ${host} since ${since}`, {
    file: directory,
    hint:
      host === hostname()
        ? `Wait until it ends, stop it, or choose another run${other}.`
        : `It cannot be seen from here: remove ${path} when you are sure that it has ended.`,
  });
}
