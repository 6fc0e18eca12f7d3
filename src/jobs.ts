import { DECODING_JOBS } from "./decoding/decodingJobs.ts";
import type { Jobs } from "./replicas/pool.ts";
import { FEED_JOBS } from "./training/feed.ts";
import { STEP_JOBS } from "./training/step.ts";

/** All that threads of a pool can be asked to do. */
export const JOBS: Jobs = { ...FEED_JOBS, ...STEP_JOBS, ...DECODING_JOBS };
