// The entry point of a process of the lab: does what its first message orders, tells how far it is, and ends when it is
// told to stop or when its lab is no more; what is done is saved.
import { XformerError } from "./errors.ts";
import { doJob, type JobOrder } from "./lab/job.ts";
import type { JobMessage } from "./lab/process.ts";

const controller = new AbortController();
const stop = (): void => controller.abort();
const tell = (message: JobMessage, told?: () => void): void =>
  void process.send?.(message, undefined, {}, told);
const leave = (): void => process.disconnect?.();

process.on("SIGINT", () => {}); // Ctrl-C is for the lab, which tells its processes
process.once("disconnect", stop);
process.once("message", async (order) => {
  process.once("message", stop);
  try {
    const end = await doJob(
      order as JobOrder,
      (progress) => tell({ type: "progress", progress }),
      controller.signal,
    );
    tell({ type: "end", end }, leave);
  } catch (error) {
    tell({ type: "failed", ...described(error) }, leave);
  }
});

function described(error: unknown): { code: XformerError["code"]; line: string } {
  if (error instanceof XformerError) return { code: error.code, line: error.oneLine };
  return { code: "IO", line: `unexpected error: ${error instanceof Error ? error.message : String(error)}.` };
}
