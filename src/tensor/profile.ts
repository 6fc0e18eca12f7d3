import type { Kernels } from "../kernels/kernels.ts";
import { gemm, packB } from "./calls.ts";
import type { Heap } from "./heap.ts";
import type { Tensor } from "./tensor.ts";

/** Time spent in the kernels of one operation. */
interface OperationTime {
  readonly operation: string;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
}

/** Where the time of a thread went. */
export interface ProfileReport {
  /** The longest first; outside the model, forward holds all of an operation's time. */
  readonly operations: readonly OperationTime[];
  /** Matrix products: seconds, and billions of floating-point operations a second while they ran. */
  readonly gemmSeconds: number;
  readonly gemmGflops: number;
  /** The same for a product that fits the caches, measured in the same run. */
  readonly peakGflops: number;
  /** Waiting for other threads at the end of jobs. */
  readonly waitingSeconds: number;
  /** All the time that was profiled. */
  readonly totalSeconds: number;
}

type Pass = "forward" | "backward";

/** How long the fastest product is looked for. */
const PEAK_SECONDS = 0.1;

/** Times the kernels of one thread, by the operation and the pass that called them. */
export class Profile {
  /** The kernels to profile, with a clock around each. */
  readonly kernels: Kernels;
  readonly #peakGflops: number;
  readonly #seconds = new Map<string, Record<Pass, number>>();
  #operation = "other";
  #pass: Pass = "forward";
  #gemmSeconds = 0;
  #gemmFlops = 0;
  #waitingSeconds = 0;
  #totalSeconds = 0;
  /** When the clock was started; none while it stands. */
  #started: number | undefined;

  constructor(kernels: Kernels, heap: Heap) {
    this.#peakGflops = productSpeed(kernels, heap, PEAK_SECONDS);
    this.kernels = this.#timed(kernels);
  }

  /** Says whose time it is from now on. */
  begin(operation: string, pass: Pass = "forward"): void {
    this.#operation = operation;
    this.#pass = pass;
  }

  /** Counts the floating-point operations of a matrix product that is to be computed. */
  product(flops: number): void {
    if (this.#started !== undefined) this.#gemmFlops += flops;
  }

  /** Adds to the time spent waiting for other threads. */
  waited(seconds: number): void {
    if (this.#started !== undefined) this.#waitingSeconds += seconds;
  }

  /** Starts the clock, or goes on after {@link stop}; nothing counts while it stands. */
  start(): void {
    this.#started = performance.now();
  }

  /** Stops the clock. */
  stop(): void {
    if (this.#started !== undefined) this.#totalSeconds += (performance.now() - this.#started) / 1000;
    this.#started = undefined;
  }

  report(): ProfileReport {
    const operations = [...this.#seconds].map(([operation, { forward, backward }]) => ({
      operation,
      forwardSeconds: forward,
      backwardSeconds: backward,
    }));
    const total = (time: OperationTime): number => time.forwardSeconds + time.backwardSeconds;
    return {
      operations: operations.sort((a, b) => total(b) - total(a)),
      gemmSeconds: this.#gemmSeconds,
      gemmGflops: this.#gemmFlops / this.#gemmSeconds / 1e9,
      peakGflops: this.#peakGflops,
      waitingSeconds: this.#waitingSeconds,
      totalSeconds: this.#totalSeconds,
    };
  }

  #timed(kernels: Kernels): Kernels {
    const timed: Record<string, unknown> = {};
    for (const [name, kernel] of Object.entries(kernels)) {
      if (typeof kernel !== "function") continue;
      timed[name] = (...parameters: number[]): unknown => {
        if (this.#started === undefined) return kernel(...parameters);
        const start = performance.now();
        const result = kernel(...parameters);
        const seconds = (performance.now() - start) / 1000;
        this.#add(seconds);
        if (name === "gemm") this.#gemmSeconds += seconds;
        return result;
      };
    }
    return timed as unknown as Kernels;
  }

  #add(seconds: number): void {
    const times = this.#seconds.get(this.#operation) ?? { forward: 0, backward: 0 };
    times[this.#pass] += seconds;
    this.#seconds.set(this.#operation, times);
  }
}

/**
 * GFLOP/s of a [240, 256] x [256, 256] product, the best of many: all of it stays in the L2 cache.
 *
 * @param seconds how long to try
 */
export function productSpeed(kernels: Kernels, heap: Heap, seconds: number): number {
  const [m, n, k] = [240, 256, 256];
  const caller = { kernels, gemmWorkspace: heap.reserve(4 * kernels.gemmWorkspace()), profile: undefined };
  const tensor = (rows: number, columns: number): Tensor => ({
    pointer: heap.reserve(4 * rows * columns),
    rows,
    columns,
  });
  const [a, b, c] = [tensor(m, k), tensor(k, n), tensor(m, n)];
  const panels = packB(caller, { to: heap.reserve(4 * kernels.packedSize(n, k)), b });
  const deadline = performance.now() + 1000 * seconds;
  let best = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < 2 || performance.now() < deadline; trial++) {
    const start = performance.now();
    gemm(caller, { c, a, b: panels });
    best = Math.min(best, performance.now() - start);
  }
  return (2 * m * n * k) / best / 1e6;
}
