import { at, NONE, type Pointer } from "../kernels/kernels.ts";
import type { KeysValues } from "../model/attention.ts";
import { offsetsOf, raggedOf, type Sentences } from "../model/batch.ts";
import type { Transformer } from "../model/transformer.ts";
import { copy } from "../tensor/calls.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";
import type { CachedKeys, Columns } from "../tensor/operations/attention.ts";
import type { Ragged, Tensor } from "../tensor/tensor.ts";

/** Positions a cache has room for at first; it doubles when they are used up. */
const FIRST_CAPACITY = 32;

/** The keys and values of one decoder layer. */
interface LayerCache {
  /** [slots * capacity, 2 D]: of the target tokens so far, keys first. */
  self: Tensor;
  /** [Ts, ...]: of the encoder's output, computed once. */
  readonly cross: KeysValues;
}

/**
 * Generates token by token: encodes some sentences once, and then takes one target token of any of their
 * hypotheses at a time, remembering the keys and values of those before. A hypothesis has a slot; sentence b has
 * the slots b W to (b + 1) W - 1, of which only those are asked for that are in use. All hypotheses of a sentence
 * attend to the same keys and values of its source.
 */
export class DecodingSession {
  readonly #model: Transformer;
  readonly #workbench: Workbench;
  readonly #source: Ragged;
  readonly #sourceOffsets: Int32Array;
  readonly #slotsPerSentence: number;
  /** Target tokens taken so far, by slot. */
  readonly #lengths: Int32Array;
  readonly #layers: LayerCache[];
  #capacity = FIRST_CAPACITY;

  /**
   * Encodes the sources, each with END; everything lies in the workbench's scratch until {@link close}.
   *
   * @param slotsPerSentence W, the hypotheses that a sentence may have at a time
   */
  constructor(model: Transformer, workbench: Workbench, source: Sentences, slotsPerSentence = 1) {
    this.#model = model;
    this.#workbench = workbench;
    const run = new Computation(workbench);
    this.#source = raggedOf(run, source, { maxPosition: model.maxPosition });
    this.#sourceOffsets = offsetsOf(workbench.heap, source).slice();
    this.#slotsPerSentence = slotsPerSentence;
    this.#lengths = new Int32Array(source.sentences * slotsPerSentence);
    const memory = model.encode(run, this.#source);
    this.#layers = model.decoder.layers.map(({ crossAttention }, layer) => ({
      self: run.tensor(this.#lengths.length * this.#capacity, 2 * crossAttention.keyWidth),
      cross: crossAttention.keysAndValues(run, memory(layer)),
    }));
  }

  /**
   * Takes the next token of each of `slots`; all of them have to be different, and those of a sentence neighbours.
   *
   * @param ids the tokens, BEGIN to start with
   * @param read gets the logits [slots.length, V] of the tokens after, good only while it runs
   */
  step<T>(slots: Int32Array, ids: Int32Array, read: (logits: Tensor) => T): T {
    const { arena } = this.#workbench;
    if (this.#longest(slots) >= this.#capacity) this.#grow();
    const mark = arena.mark();
    const result = read(this.#logits(slots, ids));
    arena.release(mark);
    for (const slot of slots) this.#lengths[slot]!++;
    return result;
  }

  /** Lets slot `to` go on from where slot `from` stands: a hypothesis with two continuations becomes two. */
  fork(from: number, to: number): void {
    const { heap } = this.#workbench;
    const length = this.#lengths[from]!;
    for (const { self } of this.#layers) {
      const rows = heap.floats(self.pointer, self.rows * self.columns);
      const start = from * this.#capacity * self.columns;
      rows.copyWithin(to * this.#capacity * self.columns, start, start + length * self.columns);
    }
    this.#lengths[to] = length;
  }

  /** Gives the scratch back. */
  close(): void {
    this.#workbench.arena.release();
  }

  #longest(slots: Int32Array): number {
    return slots.reduce((most, slot) => Math.max(most, this.#lengths[slot]!), 0);
  }

  #logits(slots: Int32Array, ids: Int32Array): Tensor {
    const model = this.#model;
    const run = new Computation(this.#workbench);
    const target = this.#placeTokens(slots, ids);
    const longest = this.#longest(slots) + 1;
    const ownKeys = this.#ownKeys(slots, longest);
    const { grouped, sourceKeys } = this.#sourceKeys(slots, target);
    const hidden = model.decode(
      run,
      target,
      {
        self: (layer, attention, x) => {
          const { self } = this.#layers[layer]!;
          const { q, k, v } = attention.queriesKeysValues(run, x, target); // [n, D] each
          this.#remember(self, [k, v], slots);
          const all = { k: { tensor: self, first: 0 }, v: { tensor: self, first: attention.keyWidth } };
          return attention.overCache(run, q, all, target, ownKeys);
        },
        cross: (layer, attention, x) => {
          const { cross } = this.#layers[layer]!;
          return attention.overCache(run, attention.queries(run, x), cross, grouped, sourceKeys);
        },
      },
      longest,
    ); // [n, D]
    return model.logits(run, hidden); // [n, V]
  }

  /** One token of each slot, each a sentence of its own. */
  #placeTokens(slots: Int32Array, tokens: Int32Array): Ragged {
    const { maxPosition } = this.#model;
    const ids = this.#place(tokens.length, (i) => tokens[i]!);
    const offsets = this.#place(tokens.length + 1, (i) => i);
    const positions = this.#place(tokens.length, (i) => Math.min(this.#lengths[slots[i]!]!, maxPosition));
    const count = tokens.length;
    return { sentences: count, tokens: count, ids, offsets, positions, rowKeys: NONE, longest: 1 };
  }

  /** Where the keys of the slots' own tokens lie, those of this step included. */
  #ownKeys(slots: Int32Array, longest: number): CachedKeys {
    const start = (i: number): number => slots[i]! * this.#capacity;
    const starts = this.#place(slots.length, start);
    const ends = this.#place(slots.length, (i) => start(i) + this.#lengths[slots[i]!]! + 1);
    return { starts, ends, longest };
  }

  /** The slots once more, those of a sentence together, and where the keys of these sentences' sources lie. */
  #sourceKeys(
    slots: Int32Array,
    target: Ragged,
  ): { readonly grouped: Ragged; readonly sourceKeys: CachedKeys } {
    const owner = (i: number): number => Math.floor(slots[i]! / this.#slotsPerSentence);
    const first: number[] = [];
    for (let i = 0; i < slots.length; i++) if (i === 0 || owner(i) !== owner(i - 1)) first.push(i);
    const { longest } = this.#source;
    const bounds = this.#sourceOffsets;
    const starts = this.#place(first.length, (g) => bounds[owner(first[g]!)]!);
    const ends = this.#place(first.length, (g) => bounds[owner(first[g]!) + 1]!);
    const groups = this.#place(first.length + 1, (g) => first[g] ?? slots.length);
    return {
      grouped: { ...target, sentences: first.length, offsets: groups, longest: this.#slotsPerSentence },
      sourceKeys: { starts, ends, longest },
    };
  }

  /** Places 32-bit integers in scratch. */
  #place(count: number, value: (i: number) => number): Pointer {
    const { heap, arena } = this.#workbench;
    const pointer = arena.allocate(count);
    const integers = heap.integers(pointer, count);
    for (let i = 0; i < count; i++) integers[i] = value(i);
    return pointer;
  }

  /** Copies the keys and values of the newest tokens into the cache, side by side. */
  #remember(cache: Tensor, parts: readonly Columns[], slots: Int32Array): void {
    const count = cache.columns / parts.length;
    for (let i = 0; i < slots.length; i++) {
      const row = slots[i]! * this.#capacity + this.#lengths[slots[i]!]!;
      for (const [part, { tensor, first }] of parts.entries()) {
        const from = at(tensor.pointer, i * tensor.columns + first);
        copy(this.#workbench, { to: at(cache.pointer, row * cache.columns + part * count), from, count });
      }
    }
  }

  /** Doubles the room of the caches. */
  #grow(): void {
    const { heap } = this.#workbench;
    const run = new Computation(this.#workbench);
    const slots = this.#lengths.length;
    for (const layer of this.#layers) {
      const width = layer.self.columns;
      const larger = run.tensor(2 * layer.self.rows, width);
      const from = heap.floats(layer.self.pointer, layer.self.rows * width);
      const to = heap.floats(larger.pointer, larger.rows * width);
      const floats = this.#capacity * width;
      for (let i = 0; i < slots; i++) to.set(from.subarray(i * floats, (i + 1) * floats), 2 * i * floats);
      layer.self = larger;
    }
    this.#capacity *= 2;
  }
}
