import { NONE, type Pointer, pointerTo } from "../kernels/kernels.ts";
import { type Caller, type Panels, packB, packedSize } from "./calls.ts";
import type { Heap } from "./heap.ts";
import type { Tensor } from "./tensor.ts";

/** Words of an entry in the heap. The first entry is the head of the list, and stands for no pack. */
const NEXT = 0; // the entry after this one, 0 while there is none
const STATE = 1; // ABSENT, BUSY, or what `stateOf` says
const WEIGHT = 2;
const ROWS = 3;
const COLUMNS = 4;
const TRANSPOSED = 5;
const PANELS = 6; // known when the pack has been made once
const WORDS = 16;

const ABSENT = 0;
/** A thread is making it. */
const BUSY = 1;

/** The state of a pack of the weights of a version. */
function stateOf(version: number): number {
  return version + 2;
}

/** Packing takes a few milliseconds: whoever has not done it after waiting for so many, twice, has gone. */
const PATIENCE = 15_000;

/** A weight in panels, and an entry of the list. */
interface Pack {
  readonly entry: Pointer;
  readonly weight: Tensor;
  readonly transposed: boolean;
  /** What it is the pack of, as far as this thread knows; none before it has seen one. */
  version: number | undefined;
  panels: Panels | undefined;
}

/**
 * Weights in the panels that the matrix product reads, made once and kept as long as the weights stay the same:
 * a decoder that runs a token at a time, or the shards of a training step, would spend their time packing them again.
 *
 * All threads share them: a list in the heap says what there is, and which weights it was made of. Who needs a pack that
 * nobody has made yet makes it. Who finds another thread at it makes others meanwhile, of those that will be needed as they
 * were before: so the threads of a step, which all begin with the first layer, pack a share each.
 */
export class WeightPacks {
  readonly #caller: Caller;
  readonly #heap: Heap;
  /** By place, rows and orientation: the first rows of a matrix, such as W_Q of W_QKV, begin where it begins. */
  readonly #packs = new Map<string, Pack>();
  /** The last entry of the list that this thread has seen. */
  #last: Pointer;
  #version = 0;

  /** @param list where another thread has the list already; by default it is a new one */
  constructor(caller: Caller, heap: Heap, list: Pointer = heap.reserve(4 * WORDS)) {
    this.#caller = caller;
    this.#heap = heap;
    this.#last = list;
    this.list = list;
  }

  /** Where the list begins: what {@link WeightPacks} of other threads are made with. */
  readonly list: Pointer;

  /** Says which weights are in use: after a change every pack is made again when it is next asked for. */
  useVersion(version: number): void {
    this.#version = version;
  }

  /** W^T in panels, for x W^T; W is [out, in]. */
  transposed(weight: Tensor): Panels {
    return this.#panels(weight, true);
  }

  /** W in panels, for dy W; W is [out, in]. */
  plain(weight: Tensor): Panels {
    return this.#panels(weight, false);
  }

  /** @throws Error when the thread that was making them has gone */
  #panels(weight: Tensor, transposed: boolean): Panels {
    const pack = this.#find(weight, transposed);
    // Twice, as the time in which the whole process is stopped (Ctrl-Z) counts too.
    for (let waits = 2; !this.#isMade(pack); ) {
      if (this.#make(pack) || this.#makeAnother()) continue;
      const words = this.#words(pack.entry);
      if (Atomics.wait(words, STATE, BUSY, PATIENCE) === "timed-out" && --waits === 0)
        throw new Error("the thread that was packing weights has gone");
    }
    return pack.panels!;
  }

  /** Whether a pack is of the weights in use. */
  #isMade(pack: Pack): boolean {
    if (pack.version === this.#version) return true;
    const words = this.#words(pack.entry);
    if (Atomics.load(words, STATE) !== stateOf(this.#version)) return false;
    const { rows, columns } = panelsOf(pack);
    pack.panels ??= { pointer: pointerTo(words[PANELS]! >>> 0), rows, columns };
    pack.version = this.#version;
    return true;
  }

  /** Makes a pack that is not of the weights in use, unless another thread is at it; whether it did. */
  #make(pack: Pack): boolean {
    const words = this.#words(pack.entry);
    const state = Atomics.load(words, STATE);
    if (state === BUSY || state === stateOf(this.#version)) return false;
    if (Atomics.compareExchange(words, STATE, state, BUSY) !== state) return false;
    let result = ABSENT;
    try {
      const { weight: b, transposed } = pack;
      const known = pointerTo(words[PANELS]! >>> 0);
      const to = known === NONE ? this.#heap.reserve(4 * packedSize(this.#caller, panelsOf(pack))) : known;
      pack.panels = packB(this.#caller, { to, b, transposed });
      this.#words(pack.entry)[PANELS] = to;
      result = stateOf(this.#version);
    } finally {
      const after = this.#words(pack.entry);
      Atomics.store(after, STATE, result);
      Atomics.notify(after, STATE);
    }
    return true;
  }

  /** Makes the first pack that is to be made and that nobody is making; whether there was one. */
  #makeAnother(): boolean {
    while (this.#readEntry() !== undefined);
    for (const pack of this.#packs.values()) if (!this.#isMade(pack) && this.#make(pack)) return true;
    return false;
  }

  /** The pack of a weight, which another thread may have put on the list; else this one does. */
  #find(weight: Tensor, transposed: boolean): Pack {
    const key = keyOf(weight.pointer, weight.rows, transposed);
    for (;;) {
      const known = this.#packs.get(key);
      if (known !== undefined) return known;
      if (this.#readEntry() === undefined) this.#addEntry(weight, transposed);
    }
  }

  /** Reads on in the list: the next entry, if there is one. */
  #readEntry(): Pack | undefined {
    const entry = pointerTo(Atomics.load(this.#words(this.#last), NEXT) >>> 0);
    if (entry === NONE) return undefined;
    const words = this.#words(entry);
    const weight = { pointer: pointerTo(words[WEIGHT]! >>> 0), rows: words[ROWS]!, columns: words[COLUMNS]! };
    const transposed = words[TRANSPOSED] === 1;
    const pack: Pack = { entry, weight, transposed, version: undefined, panels: undefined };
    this.#packs.set(keyOf(weight.pointer, weight.rows, transposed), pack);
    this.#last = entry;
    return pack;
  }

  /** Puts an entry behind the last one, unless another thread is faster: then there is one to be read. */
  #addEntry({ pointer, rows, columns }: Tensor, transposed: boolean): void {
    const entry = this.#heap.reserve(4 * WORDS);
    const words = this.#words(entry);
    words[WEIGHT] = pointer;
    words[ROWS] = rows;
    words[COLUMNS] = columns;
    words[TRANSPOSED] = transposed ? 1 : 0;
    Atomics.compareExchange(this.#words(this.#last), NEXT, 0, entry);
  }

  /** An entry, as a view for now: memory that is not shared takes views back when it grows. */
  #words(entry: Pointer): Int32Array {
    return this.#heap.integers(entry, WORDS);
  }
}

function keyOf(pointer: Pointer, rows: number, transposed: boolean): string {
  return `${pointer} ${rows} ${transposed}`;
}

/** The shape of the matrix in panels: [rows, columns] = [k, n]. */
function panelsOf({ weight: { rows, columns }, transposed }: Pack): Pick<Tensor, "rows" | "columns"> {
  return transposed ? { rows: columns, columns: rows } : { rows, columns };
}
