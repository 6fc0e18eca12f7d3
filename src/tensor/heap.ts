import { XformerError } from "../errors.ts";
import { type Pointer, pointerTo } from "../kernels/kernels.ts";

const PAGE = 65_536;
/** WebAssembly addresses 32 bits: 65,536 pages are 4 GiB. */
const MOST_PAGES = 65_536;
/** The most that a memory can hold. */
export const MOST_BYTES: number = PAGE * MOST_PAGES;
/** Everything is handed out at multiples of a cache line. */
const LINE = 64;
/** Kernels read whole vectors: nothing that is handed out may end at the very end of the memory. */
const SLACK = LINE;
/** Where the first line keeps the number of lines handed out, for all threads; byte 0 itself is nobody's. */
const END_INDEX = 4;
/** Bytes an arena reserves at a time: pages that are never touched cost nothing, so this may be generous. */
const CHUNK = 2 ** 25;

/**
 * The one WebAssembly memory in which parameters, gradients, moments and activations lie. It only grows. Threads share
 * it; where there is one thread, it may also have it for itself.
 *
 * The views it gives stay right when a shared memory grows, as that grows in place. One that is not shared takes the
 * views back when it grows: views are to be asked for after everything has its place, not before.
 */
export class Heap {
  readonly wasm: WebAssembly.Memory;
  #f32: Float32Array;
  #i32: Int32Array;

  /** Takes a memory over, for itself or with other threads that have it. */
  constructor(wasm: WebAssembly.Memory) {
    this.wasm = wasm;
    this.#f32 = new Float32Array(this.wasm.buffer);
    this.#i32 = new Int32Array(this.wasm.buffer);
    Atomics.compareExchange(this.#i32, END_INDEX, 0, 1);
  }

  /** A heap that threads can share. */
  static shared(): Heap {
    return new Heap(newMemory({ initial: 16, maximum: MOST_PAGES, shared: true }));
  }

  /** A heap for one thread, where sharing is not to be had. */
  static unshared(): Heap {
    return new Heap(newMemory({ initial: 16, maximum: MOST_PAGES }));
  }

  /** The floats from `pointer` on, as a view. */
  floats(pointer: Pointer, count: number): Float32Array {
    if (pointer + 4 * count > this.#f32.byteLength) this.#f32 = new Float32Array(this.#newestBuffer());
    return this.#f32.subarray(pointer >>> 2, (pointer >>> 2) + count);
  }

  /** The 32-bit integers from `pointer` on, as a view. */
  integers(pointer: Pointer, count: number): Int32Array {
    if (pointer + 4 * count > this.#i32.byteLength) this.#i32 = new Int32Array(this.#newestBuffer());
    return this.#i32.subarray(pointer >>> 2, (pointer >>> 2) + count);
  }

  /** The 64-bit floats from `pointer` on, as a view. */
  doubles(pointer: Pointer, count: number): Float64Array {
    const { buffer, byteOffset } = this.integers(pointer, 2 * count);
    return new Float64Array(buffer, byteOffset, count);
  }

  /** The bytes from `pointer` on, as a view. */
  bytes(pointer: Pointer, count: number): Uint8Array {
    const { buffer, byteOffset } = this.integers(pointer, Math.ceil(count / 4));
    return new Uint8Array(buffer, byteOffset, count);
  }

  /**
   * Hands out bytes that nobody else has, on any thread, at a multiple of 64; they are never given back.
   *
   * @throws XformerError when 4 GiB are not enough
   */
  reserve(bytes: number): Pointer {
    const lines = Math.ceil(bytes / LINE);
    const start = LINE * Atomics.add(this.integers(pointerTo(0), LINE / 4), END_INDEX, lines);
    const end = start + LINE * lines;
    const pages = Math.ceil((end + SLACK) / PAGE);
    try {
      // Another thread may grow the memory at the same time: then it ends up larger than either needs.
      for (let missing = this.#missing(pages); missing > 0; missing = this.#missing(pages))
        this.wasm.grow(missing);
    } catch (cause) {
      throw new XformerError(
        "CONFIG",
        `the model and its batch need more than ${Math.floor(end / 2 ** 20)} MiB of memory`,
        {
          hint: "Use a smaller model or a smaller --batch-tokens.",
          cause,
        },
      );
    }
    return pointerTo(start);
  }

  #missing(pages: number): number {
    return pages - this.wasm.buffer.byteLength / PAGE;
  }

  /**
   * The buffer at its present size. Growing a shared memory by nothing makes this thread see what others have grown; one
   * that is not shared would take all views back, and knows its size without.
   */
  #newestBuffer(): ArrayBuffer | SharedArrayBuffer {
    if (!(this.wasm.buffer instanceof ArrayBuffer)) this.wasm.grow(0);
    return this.wasm.buffer;
  }
}

/** @throws XformerError CONFIG where not even the addresses are to be had */
function newMemory(limits: ConstructorParameters<typeof WebAssembly.Memory>[0]): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory(limits);
  } catch (cause) {
    throw new XformerError("CONFIG", "the memory to compute in cannot be had", {
      hint: "It takes addresses for 4 GiB and more: raise what limits them, such as `ulimit -v`.",
      cause,
    });
  }
}

/**
 * Scratch that is handed out in order and taken back all at once: an arena of chunks, so that it can grow
 * while what it has handed out stays in place.
 */
export class Arena {
  readonly #heap: Heap;
  readonly #chunks: { readonly start: Pointer; readonly bytes: number }[] = [];
  #chunk = 0;
  #used = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** `count` floats (or 32-bit integers) at a multiple of 64 bytes; their content is whatever was there. */
  allocate(count: number): Pointer {
    const bytes = Math.ceil((count * 4) / 64) * 64;
    for (; this.#chunk < this.#chunks.length; this.#chunk++, this.#used = 0) {
      const chunk = this.#chunks[this.#chunk]!;
      if (this.#used + bytes <= chunk.bytes) {
        const pointer = pointerTo(chunk.start + this.#used);
        this.#used += bytes;
        return pointer;
      }
    }
    const size = Math.max(bytes, CHUNK);
    this.#chunks.push({ start: this.#heap.reserve(size), bytes: size });
    this.#used = bytes;
    return this.#chunks[this.#chunk]!.start;
  }

  /** Where the arena stands now, for {@link release}. */
  mark(): ArenaMark {
    return { chunk: this.#chunk, used: this.#used };
  }

  /** Takes back everything handed out since `mark`; by default, everything. */
  release(mark: ArenaMark = { chunk: 0, used: 0 }): void {
    this.#chunk = mark.chunk;
    this.#used = mark.used;
  }
}

/** A place in an {@link Arena}. */
export interface ArenaMark {
  readonly chunk: number;
  readonly used: number;
}
