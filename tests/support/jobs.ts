import type { Jobs, Perform } from "../../src/replicas/pool.ts";

/** A table of jobs with something done around, or in the place of, each of them. */
export function aroundJobs(jobs: Jobs, wrap: (work: Perform) => Perform): Jobs {
  return Object.fromEntries(Object.entries(jobs).map(([kind, work]) => [kind, wrap(work as Perform)]));
}
