// The entry point of a worker thread: joins the model and does items of jobs until it is sent home.
import { parentPort, workerData } from "node:worker_threads";
import { JOBS } from "./jobs.ts";
import { Control, doSteps } from "./replicas/control.ts";
import { workOf } from "./replicas/pool.ts";
import { describeFailure, joinReplica, type WorkerSeed } from "./replicas/workerPool.ts";

const seed = workerData as WorkerSeed;
const replica = joinReplica(seed);
const control = new Control(replica.workbench.heap, seed.control);
let ticket = control.ticket;
parentPort?.postMessage("ready");
for (let job = control.nextJob(ticket); job !== undefined; job = control.nextJob(ticket)) {
  const current = job;
  ticket = control.ticket;
  try {
    const work = workOf(JOBS, current);
    doSteps(control.takeItems(current, (item) => work(replica, current, item)));
  } catch (error) {
    control.fail(describeFailure(error));
  }
  control.arrive();
}
