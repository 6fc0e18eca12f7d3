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
  /** [sentences * capacity, 2 D]: of the target tokens so far. */
  self: Tensor;
  /** [Ts, 2 D]: of the encoder's output, computed once. */
  readonly cross: Tensor;
}

/**
 * Generates token by token: encodes some sentences once, and then takes one target token of any of them at a
 * time, remembering the keys and values of those before. Sentences that are finished are no longer asked for.
 */
export class DecodingSession {
  readonly #model: Transformer;
  readonly #workbench: Workbench;
  readonly #source: Ragged;
  readonly #sourceOffsets: Int32Array;
  /** Target tokens taken so far, by sentence. */
  readonly #lengths: Int32Array;
  readonly #layers: LayerCache[];
  #capacity = FIRST_CAPACITY;

  /** Encodes the sources, each with END; everything lies in the workbench's scratch until {@link close}. */
  constructor(model: Transformer, workbench: Workbench, source: TokenBatch) {
    this.#model = model;
    this.#workbench = workbench;
    this.#sourceOffsets = source.offsets;
    const run = new Computation(workbench);
    this.#source = placeRagged(workbench.memory, workbench.arena, source, model.maxPosition);
    this.#lengths = new Int32Array(this.#source.sentences);
    const memory = model.encode(run, this.#source);
    const { dModel } = model.config;
    this.#layers = model.decoder.layers.map((layer) => ({
      self: run.tensor(this.#source.sentences * this.#capacity, 2 * dModel),
      cross: layer.crossAttention.keysAndValues(run, memory),
    }));
  }

  /**
   * Takes the next token of each of `sentences`; all of them have to be different.
   *
   * @param ids the tokens, BEGIN to start with
   * @param read gets the logits [sentences.length, V] of the tokens after, good only while it runs
   */
  step<T>(sentences: Int32Array, ids: Int32Array, read: (logits: Tensor) => T): T {
    const { arena } = this.#workbench;
    if (this.#longest(sentences) >= this.#capacity) this.#grow();
    const mark = arena.mark();
    const result = read(this.#logits(sentences, ids));
    arena.release(mark);
    for (const sentence of sentences) this.#lengths[sentence]!++;
    return result;
  }

  /** Gives the scratch back. */
  close(): void {
    this.#workbench.arena.release();
  }

  #longest(sentences: Int32Array): number {
    return sentences.reduce((most, sentence) => Math.max(most, this.#lengths[sentence]!), 0);
  }

  #logits(sentences: Int32Array, ids: Int32Array): Tensor {
    const model = this.#model;
    const run = new Computation(this.#workbench);
    const target = this.#placeTokens(sentences, ids);
    const longest = this.#longest(sentences) + 1;
    const selfKeys = this.#keyRanges(sentences, (b) => [
      b * this.#capacity,
      b * this.#capacity + this.#lengths[b]! + 1,
    ]);
    const crossKeys = this.#keyRanges(sentences, (b) => [
      this.#sourceOffsets[b]!,
      this.#sourceOffsets[b + 1]!,
    ]);
    const hidden = model.decode(
      run,
      target,
      {
        self: (layer, attention, x) => {
          const qkv = attention.queriesKeysValues(run, x);
          this.#remember(this.#layers[layer]!.self, qkv, sentences);
          const keys = { ...selfKeys, longest };
          return attend(run, attention, qkv, this.#layers[layer]!.self, target, keys);
        },
        cross: (layer, attention, x) => {
          const keys = { ...crossKeys, longest: this.#source.longest };
          return attend(run, attention, attention.queries(run, x), this.#layers[layer]!.cross, target, keys);
        },
      },
      longest,
    ); // [n, D]
    return linear(run, hidden, model.outputWeight, model.outputBias); // [n, V]
  }

  /** One token of each sentence as a ragged batch. */
  #placeTokens(sentences: Int32Array, ids: Int32Array): Ragged {
    const { memory, arena } = this.#workbench;
    const offsets = Int32Array.from({ length: sentences.length + 1 }, (_, i) => i);
    const target = placeRagged(memory, arena, { tokens: ids, offsets });
    const positions = memory.integers(target.positions, target.tokens);
    const { maxPosition } = this.#model;
    for (const [i, sentence] of sentences.entries())
      positions[i] = Math.min(this.#lengths[sentence]!, maxPosition);
    return target;
  }

  #keyRanges(
    sentences: Int32Array,
    range: (sentence: number) => readonly [start: number, end: number],
  ): { readonly starts: Pointer; readonly ends: Pointer } {
    const { memory, arena } = this.#workbench;
    const starts = arena.allocate(sentences.length);
    const ends = arena.allocate(sentences.length);
    const startRows = memory.integers(starts, sentences.length);
    const endRows = memory.integers(ends, sentences.length);
    for (const [i, sentence] of sentences.entries()) [startRows[i], endRows[i]] = range(sentence);
    return { starts, ends };
  }

  /** Copies the keys and values of the newest tokens, columns D to 3 D of `qkv`, into the cache. */
  #remember(cache: Tensor, qkv: Tensor, sentences: Int32Array): void {
    const { memory } = this.#workbench;
    const width = cache.columns;
    const rows = memory.floats(cache.pointer, cache.rows * width);
    for (const [i, sentence] of sentences.entries()) {
      const newest = memory.floats(qkv.pointer + 4 * (i * qkv.columns + width / 2), width);
      rows.set(newest, (sentence * this.#capacity + this.#lengths[sentence]!) * width);
    }
  }

  /** Doubles the room of the caches. */
  #grow(): void {
    const { memory } = this.#workbench;
    const run = new Computation(this.#workbench);
    const { sentences } = this.#source;
    for (const layer of this.#layers) {
      const width = layer.self.columns;
      const larger = run.tensor(2 * layer.self.rows, width);
      const from = memory.floats(layer.self.pointer, layer.self.rows * width);
      const to = memory.floats(larger.pointer, larger.rows * width);
      const floats = this.#capacity * width;
      for (let b = 0; b < sentences; b++) to.set(from.subarray(b * floats, (b + 1) * floats), 2 * b * floats);
      layer.self = larger;
    }
    this.#capacity *= 2;
  }
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
