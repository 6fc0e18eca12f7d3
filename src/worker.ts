// The entry point of a worker thread: joins the model and does items of jobs until it is sent home.
import { parentPort, workerData } from "node:worker_threads";
import { EncodedCorpus } from "./data/encodedCorpus.ts";
import { JOBS } from "./jobs.ts";
import { loadKernels } from "./kernels/load.ts";
import { joinReplica, takeJobs } from "./replicas/sharedPool.ts";
import type { WorkerSeed } from "./replicas/workerPool.ts";

const seed = workerData as WorkerSeed;
const own = { kernels: loadKernels(seed.kernels), openCorpus: EncodedCorpus.open };
takeJobs(joinReplica(seed, own), seed, JOBS, () => parentPort?.postMessage("ready"));
