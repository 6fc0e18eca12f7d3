import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type ErrorCode, XformerError } from "../errors.ts";
import { packageFile } from "../io/packageFiles.ts";
import type { JobEnd, JobOrder, JobProgress } from "./job.ts";

/** What a process of the lab tells it. */
export type JobMessage =
  | { readonly type: "progress"; readonly progress: JobProgress }
  | { readonly type: "end"; readonly end: JobEnd }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly line: string };

/** Something that is being done elsewhere. */
export interface Job {
  /** @throws XformerError when it fails, or its process dies */
  readonly ended: Promise<JobEnd>;
  /** Asks it to stop when it can: what is done is saved. */
  stop(): void;
}

/** Starts what is ordered. */
export type StartJob = (order: JobOrder, onProgress: (progress: JobProgress) => void) => Job;

/** Starts a job in a process of its own, so that whatever becomes of it, the lab and its other runs go on. */
export const startProcess: StartJob = (order, onProgress) => {
  const child = fork(fileURLToPath(packageFile("dist/labWorker.js")), [], {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  child.send(order);
  return {
    ended: endOf(child, onProgress),
    stop: () => {
      if (child.connected) child.send("stop");
    },
  };
};

async function endOf(child: ChildProcess, onProgress: (progress: JobProgress) => void): Promise<JobEnd> {
  let last: JobMessage | undefined;
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-1000);
  });
  child.on("message", (message: JobMessage) => {
    if (message.type === "progress") onProgress(message.progress);
    else last = message;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...how) => resolve(how));
  });
  if (last?.type === "end") return last.end;
  if (last?.type === "failed") throw new XformerError(last.code, last.line);
  const how = signal === null ? `left with exit code ${code}` : `was ended by ${signal}`;
  const why = said.trim() === "" ? "" : `: ${said.trim().split("\n").at(-1)}`;
  throw new XformerError("IO", `its process ${how}${why}`, { hint: "Run the lab again to go on with it." });
}
