import type { Pointer } from "../kernels/kernels.ts";
import type { MultiHeadAttention } from "../model/multiHeadAttention.ts";
import { placeRagged, type TokenBatch } from "../model/raggedInMemory.ts";
import type { Transformer } from "../model/transformer.ts";
import { Computation, type Workbench } from "../tensor/computation.ts";
import { cachedAttention } from "../tensor/operations/attention.ts";
import { linear } from "../tensor/operations/linear.ts";
import type { Ragged, Tensor } from "../tensor/tensor.ts";

/** Positions a cache has room for at first; it doubles when they are used up. */
const FIRST_CAPACITY = 32;

/** The keys and values of one decoder layer. */
interface LayerCache {
  /** [slots * capacity, 2 D]: of the target tokens so far. */
  self: Tensor;
  /** [Ts, 2 D]: of the encoder's output, computed once. */
  readonly cross: Tensor;
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
  constructor(model: Transformer, workbench: Workbench, source: TokenBatch, slotsPerSentence = 1) {
    this.#model = model;
    this.#workbench = workbench;
    this.#sourceOffsets = source.offsets;
    const run = new Computation(workbench);
    this.#source = placeRagged(workbench.memory, workbench.arena, source, model.maxPosition);
    this.#slotsPerSentence = slotsPerSentence;
    this.#lengths = new Int32Array(this.#source.sentences * slotsPerSentence);
    const memory = model.encode(run, this.#source);
    const { dModel } = model.config;
    this.#layers = model.decoder.layers.map((layer) => ({
      self: run.tensor(this.#lengths.length * this.#capacity, 2 * dModel),
      cross: layer.crossAttention.keysAndValues(run, memory),
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
    const { memory } = this.#workbench;
    const length = this.#lengths[from]!;
    for (const { self } of this.#layers) {
      const rows = memory.floats(self.pointer, self.rows * self.columns);
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
    const selfKeys = this.#keyRanges(slots, (slot) => [
      slot * this.#capacity,
      slot * this.#capacity + this.#lengths[slot]! + 1,
    ]);
    const groups = groupBySentence(slots, this.#slotsPerSentence);
    const grouped = this.#placeGroups(target, groups.offsets);
    const crossKeys = this.#keyRanges(groups.sentences, (b) => [
      this.#sourceOffsets[b]!,
      this.#sourceOffsets[b + 1]!,
    ]);
    const hidden = model.decode(
      run,
      target,
      {
        self: (layer, attention, x) => {
          const qkv = attention.queriesKeysValues(run, x);
          this.#remember(this.#layers[layer]!.self, qkv, slots);
          const keys = { ...selfKeys, longest };
          return attend(run, attention, qkv, this.#layers[layer]!.self, target, keys);
        },
        cross: (layer, attention, x) => {
          const keys = { ...crossKeys, longest: this.#source.longest };
          return attend(run, attention, attention.queries(run, x), this.#layers[layer]!.cross, grouped, keys);
        },
      },
      longest,
    ); // [n, D]
    return linear(run, hidden, model.outputWeight, model.outputBias); // [n, V]
  }

  /** One token of each slot as a ragged batch. */
  #placeTokens(slots: Int32Array, ids: Int32Array): Ragged {
    const { memory, arena } = this.#workbench;
    const offsets = Int32Array.from({ length: slots.length + 1 }, (_, i) => i);
    const target = placeRagged(memory, arena, { tokens: ids, offsets });
    const positions = memory.integers(target.positions, target.tokens);
    const { maxPosition } = this.#model;
    for (const [i, slot] of slots.entries()) positions[i] = Math.min(this.#lengths[slot]!, maxPosition);
    return target;
  }

  /** The same tokens, those of a sentence together: they share its keys and values. */
  #placeGroups(target: Ragged, groupOffsets: Int32Array): Ragged {
    const { memory, arena } = this.#workbench;
    const sentences = groupOffsets.length - 1;
    const offsets = arena.allocate(sentences + 1);
    memory.integers(offsets, sentences + 1).set(groupOffsets);
    return { ...target, sentences, offsets, longest: this.#slotsPerSentence };
  }

  #keyRanges(
    owners: Int32Array,
    range: (owner: number) => readonly [start: number, end: number],
  ): { readonly starts: Pointer; readonly ends: Pointer } {
    const { memory, arena } = this.#workbench;
    const starts = arena.allocate(owners.length);
    const ends = arena.allocate(owners.length);
    const startRows = memory.integers(starts, owners.length);
    const endRows = memory.integers(ends, owners.length);
    for (const [i, owner] of owners.entries()) [startRows[i], endRows[i]] = range(owner);
    return { starts, ends };
  }

  /** Copies the keys and values of the newest tokens, columns D to 3 D of `qkv`, into the cache. */
  #remember(cache: Tensor, qkv: Tensor, slots: Int32Array): void {
    const { memory } = this.#workbench;
    const width = cache.columns;
    const rows = memory.floats(cache.pointer, cache.rows * width);
    for (const [i, slot] of slots.entries()) {
      const newest = memory.floats(qkv.pointer + 4 * (i * qkv.columns + width / 2), width);
      rows.set(newest, (slot * this.#capacity + this.#lengths[slot]!) * width);
    }
  }

  /** Doubles the room of the caches. */
  #grow(): void {
    const { memory } = this.#workbench;
    const run = new Computation(this.#workbench);
    const slots = this.#lengths.length;
    for (const layer of this.#layers) {
      const width = layer.self.columns;
      const larger = run.tensor(2 * layer.self.rows, width);
      const from = memory.floats(layer.self.pointer, layer.self.rows * width);
      const to = memory.floats(larger.pointer, larger.rows * width);
      const floats = this.#capacity * width;
      for (let i = 0; i < slots; i++) to.set(from.subarray(i * floats, (i + 1) * floats), 2 * i * floats);
      layer.self = larger;
    }
    this.#capacity *= 2;
  }
}

/** Which sentences some slots belong to, and where the slots of each begin: neighbours of one sentence together. */
function groupBySentence(
  slots: Int32Array,
  slotsPerSentence: number,
): { readonly sentences: Int32Array; readonly offsets: Int32Array } {
  const owners = slots.map((slot) => Math.floor(slot / slotsPerSentence));
  const first = Array.from(owners.keys()).filter((i) => i === 0 || owners[i] !== owners[i - 1]);
  return {
    sentences: Int32Array.from(first, (i) => owners[i]!),
    offsets: Int32Array.of(...first, slots.length),
  };
}

function attend(
  run: Computation,
  attention: MultiHeadAttention,
  queries: Tensor,
  keysValues: Tensor,
  target: Ragged,
  keys: { readonly starts: Pointer; readonly ends: Pointer; readonly longest: number },
): Tensor {
  const q = { tensor: queries, first: 0 };
  const heads = cachedAttention(run, q, keysValues, target, keys, attention.nHeads, attention.dModel);
  return attention.project(run, heads);
}
