/** What the process says to its parent when it ends. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** 128 + the number of the signal, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
