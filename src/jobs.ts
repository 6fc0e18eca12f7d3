import { isTranslationJob, performTranslation } from "./decoding/jobs.ts";
import type { Perform } from "./replicas/pool.ts";
import { isTrainingJob, performTraining } from "./training/jobs.ts";

/** Does an item of any job there is: what every thread of a pool runs. */
export const perform: Perform = (replica, job, item) => {
  if (isTrainingJob(job)) performTraining(replica, job, item);
  else if (isTranslationJob(job)) performTranslation(replica, job, item);
  else throw new Error(`there is no job ${job.kind}`);
};
