import type { ProfileReport } from "../../tensor/profile.ts";
import { percent } from "./format.ts";
import { table } from "./table.ts";

/** Where the time of the main thread went, as a table: milliseconds of a step, forward and backward. */
export function profileText(report: ProfileReport, steps: number): string {
  const { operations, gemmSeconds, gemmGflops, peakGflops, waitingSeconds, totalSeconds } = report;
  const milliseconds = (seconds: number): string => ((1000 * seconds) / Math.max(1, steps)).toFixed(2);
  const share = (seconds: number): string => percent((100 * seconds) / totalSeconds);
  const inKernels = operations.reduce((sum, time) => sum + time.forwardSeconds + time.backwardSeconds, 0);
  const rows = [
    ["ms a step, main thread", "forward", "backward", "share"],
    ...operations.map(({ operation, forwardSeconds, backwardSeconds }) => [
      operation,
      milliseconds(forwardSeconds),
      backwardSeconds === 0 ? "" : milliseconds(backwardSeconds),
      share(forwardSeconds + backwardSeconds),
    ]),
    ["waiting for threads", milliseconds(waitingSeconds), "", share(waitingSeconds)],
    [
      "outside the kernels",
      milliseconds(totalSeconds - inKernels - waitingSeconds),
      "",
      share(totalSeconds - inKernels - waitingSeconds),
    ],
    ["all", milliseconds(totalSeconds), "", ""],
  ];
  const gemm = `matrix products: ${share(gemmSeconds)} of the time, ${gemmGflops.toFixed(1)} GFLOP/s`;
  const peak = `${percent((100 * gemmGflops) / peakGflops)} of the ${peakGflops.toFixed(1)} measured on one that stays in the caches`;
  return `${table(rows, [1, 2, 3])}\n  ${gemm}, ${peak}\n`;
}
