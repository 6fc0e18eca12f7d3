import fc from "fast-check";
import { expect } from "vitest";
import {
  bindKernels,
  type KernelSet,
  type Kernels,
  type Pointer,
  pointerTo,
} from "../../src/kernels/kernels.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { REFERENCE } from "../../src/kernels/reference/index.ts";
import { createRandom } from "../../src/random.ts";

/** The builds that are held against the reference. */
export const BUILDS = ["strict", "relaxed"] as const;
export type Implementation = (typeof BUILDS)[number] | "reference";

/** The set of kernels of that name. */
export function kernelSet(implementation: Implementation): KernelSet {
  return implementation === "reference" ? REFERENCE : loadKernels(implementation);
}

/** Half the distance from 1 to the next 32-bit float: the relative error of one rounding. */
export const ULP = 2 ** -24;

/** A matrix in the test memory; `stride` floats from row to row. */
export interface Block {
  readonly pointer: Pointer;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** What fills every word that belongs to nobody: a NaN, so that reading one shows as well as writing one does. */
const CANARY = 0x7fc0dead;
const PAGE = 65_536;
/** Words behind the last block that are checked as well. */
const MARGIN = 1024;
/** Words between two blocks: odd, so that blocks start at every alignment that floats may have. */
const GAP = 9;

/**
 * A memory in which one call is made by several implementations. Blocks are laid out one behind the other with
 * canaries between them; {@link KernelBench.run} checks that a call writes its outputs and nothing else.
 */
export class KernelBench {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Readonly<Record<Implementation, Kernels>>;
  readonly #words: Int32Array;
  readonly #floats: Float32Array;
  readonly #scratch: Block[] = [];
  #next = GAP;
  #tail: number;
  #allocations = 0;
  #last = -1;

  constructor(megabytes = 4) {
    const pages = (megabytes * 2 ** 20) / PAGE;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.kernels = {
      reference: bindKernels(REFERENCE, this.memory),
      strict: bindKernels(loadKernels("strict"), this.memory),
      relaxed: bindKernels(loadKernels("relaxed"), this.memory),
    };
    this.#words = new Int32Array(this.memory.buffer);
    this.#floats = new Float32Array(this.memory.buffer);
    this.#tail = this.#words.length;
    this.#words.fill(CANARY);
  }

  /**
   * Takes everything back.
   *
   * @param last which of the blocks to come (from 0) shall end where the memory ends, so that a kernel that
   *   reads past it traps
   */
  reset(last = -1): void {
    this.#words.fill(CANARY, 0, this.#next);
    this.#words.fill(CANARY, this.#tail);
    this.#scratch.length = 0;
    this.#next = GAP;
    this.#tail = this.#words.length;
    this.#allocations = 0;
    this.#last = last;
  }

  #allocate(words: number): Pointer {
    if (this.#allocations++ === this.#last) {
      this.#tail = this.#words.length - words;
      return pointerTo(4 * this.#tail);
    }
    const start = this.#next;
    this.#next += words + GAP;
    if (this.#next > this.#tail) throw new Error("the test memory is too small");
    return pointerTo(4 * start);
  }

  /** Places a matrix; without values it is full of canaries. */
  matrix(rows: number, columns: number, values?: ArrayLike<number>, stride = columns): Block {
    const pointer = this.#allocate(rows === 0 ? 0 : (rows - 1) * stride + columns);
    const block = { pointer, rows, columns, stride };
    if (values !== undefined) this.write(block, values);
    return block;
  }

  /** Places 32-bit integers. */
  integers(values: ArrayLike<number>): Pointer {
    const pointer = this.#allocate(values.length);
    this.writeIntegers(pointer, values);
    return pointer;
  }

  /** Places floats whose content nobody asks for: a workspace. */
  scratch(count: number): Pointer {
    const block = this.matrix(1, count);
    this.#scratch.push(block);
    return block.pointer;
  }

  write({ pointer, rows, columns, stride }: Block, values: ArrayLike<number>): void {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) this.#floats[pointer / 4 + i * stride + j] = values[i * columns + j]!;
    }
  }

  writeIntegers(pointer: Pointer, values: ArrayLike<number>): void {
    this.#words.set(values, pointer / 4);
  }

  read({ pointer, rows, columns, stride }: Block): Float32Array {
    const values = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      const start = pointer / 4 + i * stride;
      values.set(this.#floats.subarray(start, start + columns), i * columns);
    }
    return values;
  }

  /**
   * Makes a call, reads its outputs, and puts the memory back to what it was before.
   *
   * @throws when the call wrote anything but the outputs and the scratch
   */
  run(
    implementation: Implementation | Kernels,
    call: (kernels: Kernels) => void,
    ...outputs: Block[]
  ): Float32Array[] {
    const ranges = [
      { start: 0, end: Math.min(this.#next + MARGIN, this.#tail) },
      { start: this.#tail, end: this.#words.length },
    ];
    const before = ranges.map(({ start, end }) => this.#words.slice(start, end));
    const contents = [...outputs, ...this.#scratch].map((block) => ({ block, values: this.#bits(block) }));
    const named = typeof implementation === "string";
    call(named ? this.kernels[implementation] : implementation);
    const results = outputs.map((block) => this.read(block));
    for (const { block, values } of contents) this.#setBits(block, values);
    ranges.forEach(({ start, end }, r) => {
      const now = this.#words.subarray(start, end);
      const then = before[r]!;
      const stray = now.findIndex((word, i) => word !== then[i]);
      now.set(then);
      if (stray !== -1)
        throw new Error(
          `${named ? implementation : "a kernel"} wrote at byte ${4 * (start + stray)}, outside of its outputs`,
        );
    });
    return results;
  }

  /** As {@link read}, but the very bits: a NaN may lose some as a number. */
  #bits({ pointer, rows, columns, stride }: Block): Int32Array[] {
    return Array.from({ length: rows }, (_, i) => {
      const start = pointer / 4 + i * stride;
      return this.#words.slice(start, start + columns);
    });
  }

  #setBits({ pointer, stride }: Block, values: Int32Array[]): void {
    values.forEach((row, i) => {
      this.#words.set(row, pointer / 4 + i * stride);
    });
  }
}

/** Which block ends at the end of the memory, for {@link KernelBench.reset}. */
export const anyLast = fc.integer({ min: 0, max: 12 });
/** Sizes about the widths of vectors, panels and tiles. */
export const anySize = (max: number) => fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max }));
export const anySeed = fc.nat(0xffff);

/** Floats spread evenly over [low, high). */
export function uniform(seed: number, count: number, low = -1, high = 1): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * random.next());
}

/** Whole numbers spread evenly over [0, bound). */
export function wholeNumbers(seed: number, count: number, bound: number): Int32Array {
  const random = createRandom(seed);
  return Int32Array.from({ length: count }, () => random.below(bound));
}

/** Row keys as the model makes them, two random words a row. */
export function randomRowKeys(seed: number, rows: number): Int32Array {
  return wholeNumbers(seed, 2 * rows, 2 ** 32);
}

/** Checks each element against its expected value; NaN is close to NaN only. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ((index: number) => number),
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const allowed = typeof tolerance === "number" ? tolerance : tolerance(i);
    const error = Math.abs(actual[i]! - expected[i]!);
    if (error <= allowed || Object.is(actual[i], expected[i])) continue;
    expect.fail(`element ${i} is ${actual[i]}, not ${expected[i]}: off by ${error}, more than ${allowed}`);
  }
}

/** Checks that the bits are the same (so that -0 is not 0). */
export function expectSameBits(actual: Float32Array, expected: Float32Array): void {
  expectClose(actual, expected, -1);
}

/**
 * The gradient of a function of floats by central differences, extrapolated from two step widths (Richardson
 * 1911), so that the error falls with the fourth power of a step wide enough for 32-bit results.
 */
export function numericalGradient(loss: (x: Float32Array) => number, x: Float32Array): Float32Array {
  const step = 2 ** -4;
  const slope = (i: number, h: number): number => {
    const [up, down] = [x.slice(), x.slice()];
    up[i]! += h;
    down[i]! -= h;
    return (loss(up) - loss(down)) / (up[i]! - down[i]!);
  };
  return x.map((_, i) => (4 * slope(i, step / 2) - slope(i, step)) / 3);
}
