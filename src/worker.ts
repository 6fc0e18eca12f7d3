// The entry point of a worker thread: joins the model and does items of jobs until it is sent home.
import { parentPort, workerData } from "node:worker_threads";
import { perform } from "./jobs.ts";
import { Control } from "./replicas/control.ts";
import type { WorkerSeed } from "./replicas/pool.ts";
import { joinReplica } from "./replicas/replica.ts";

const seed = workerData as WorkerSeed;
const replica = joinReplica(seed);
const control = new Control(replica.workbench.memory, seed.control);
let ticket = control.ticket;
parentPort?.postMessage("ready");
for (let job = control.nextJob(ticket); job !== undefined; job = control.nextJob(ticket)) {
  const current = job;
  ticket = control.ticket;
  try {
    control.takeItems(current, (item) => perform(replica, current, item));
  } catch (error) {
    control.fail(error instanceof Error ? error.message : String(error));
  }
  control.arrive();
}
