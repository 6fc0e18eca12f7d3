import { closeSync, openSync } from "node:fs";
import { fileSystemError } from "../errors.ts";
import type { EncodedPair, PairLengths } from "./batches.ts";
import {
  bytesOf,
  type CorpusStatistics,
  type Footer,
  type Lengths,
  MAGIC,
  readAround,
  readFully,
  type Unsigned,
  unsigned,
  verifyTokens,
} from "./encodedCorpusFile.ts";

/** Pairs from one offset in memory to the next; in between, lengths are added up. */
const PAIRS_PER_OFFSET = 64;

/** Pairs that are no further apart in the file, in tokens, are read together with what is between them. */
const LARGEST_GAP = 2048;

/**
 * The pairs of a training corpus as token ids, in a file that is read by offset. Only their lengths are in
 * memory: four bytes a pair when no sentence can have more than 65,535 tokens. Any number of threads may have
 * the same file open; an instance belongs to one of them.
 *
 * @example
 * const corpus = EncodedCorpus.open(file);
 * const plan = planEpoch(corpus, { batchTokens: 2048, batching: "buckets", seed: 1, epoch: 0 });
 * for (let i = 0; i < plan.batches; i++) learn(corpus.read(plan.batch(i)));
 * corpus.close();
 */
export class EncodedCorpus implements PairLengths {
  /** The path it was opened by; opens it in another thread. */
  readonly file: string;
  readonly #descriptor: number;
  readonly #footer: Footer;
  readonly #lengths: Lengths;
  /** The token at which every 64th pair begins; counts beyond 2^32 have their place in a double. */
  readonly #offsets: Float64Array;
  /** Holds the tokens of a run of pairs; the next read reuses it. */
  #tokens: Unsigned;

  private constructor(file: string, descriptor: number) {
    const { footer, lengths } = readAround(descriptor, file);
    this.file = file;
    this.#descriptor = descriptor;
    this.#footer = footer;
    this.#lengths = lengths;
    this.#offsets = coarseOffsets(lengths);
    this.#tokens = unsigned(footer.tokenBytes, 2 ** 14);
  }

  /**
   * Opens what `EncodedCorpusWriter` wrote.
   *
   * @throws XformerError IO when the file cannot be read, DATA when it is something else, of another version or
   *   damaged
   */
  static open(file: string): EncodedCorpus {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(file, "r");
      return new EncodedCorpus(file, descriptor);
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      throw fileSystemError(error, file);
    }
  }

  /** How many pairs there are. They are numbered from 0, which is their {@link EncodedPair.index}. */
  get pairs(): number {
    return this.#footer.pairs;
  }

  get statistics(): CorpusStatistics {
    return this.#footer.statistics;
  }

  /** SHA-256 of the text of all pairs, those left out included, in hexadecimal; see `CorpusHash`. */
  get fingerprint(): string {
    return this.#footer.fingerprint;
  }

  /** SHA-256 of everything that the ids depend on, in hexadecimal. */
  get key(): string {
    return this.#footer.key;
  }

  /** Tokens of a pair's source, END not counted. */
  sourceLength(pair: number): number {
    return this.#lengths.source[pair]!;
  }

  /** Tokens of a pair's target, END not counted. */
  targetLength(pair: number): number {
    return this.#lengths.target[pair]!;
  }

  /**
   * Reads pairs, in the order asked for. Pairs that are neighbours in the file are read at once.
   *
   * @param pairs their numbers, from 0 to `pairs` - 1
   * @throws XformerError IO or DATA when the file can no longer be read
   */
  read(pairs: ArrayLike<number>): EncodedPair[] {
    const read = new Array<EncodedPair>(pairs.length);
    const places = Array.from(pairs, (pair, position) => {
      const begin = this.#offset(pair);
      return { pair, position, begin, end: begin + this.#tokensOf(pair) };
    }).sort((a, b) => a.pair - b.pair);
    for (let first = 0; first < places.length; ) {
      const { begin } = places[first]!;
      let last = first;
      while (last + 1 < places.length && places[last + 1]!.begin - places[last]!.end <= LARGEST_GAP) last++;
      const tokens = this.#readTokens(begin, places[last]!.end);
      for (const place of places.slice(first, last + 1)) {
        read[place.position] = this.#pairFrom(tokens, place.begin - begin, place.pair);
      }
      first = last + 1;
    }
    return read;
  }

  /**
   * Reads all of the file once, to be sure that it holds what was written.
   *
   * @throws XformerError IO or DATA when it does not
   */
  verify(): void {
    try {
      verifyTokens(this.#descriptor, this.#footer, this.file);
    } catch (error) {
      throw fileSystemError(error, this.file);
    }
  }

  /** Closes the file; nothing can be read afterwards. */
  close(): void {
    closeSync(this.#descriptor);
  }

  #offset(pair: number): number {
    const known = Math.floor(pair / PAIRS_PER_OFFSET);
    let offset = this.#offsets[known]!;
    for (let i = known * PAIRS_PER_OFFSET; i < pair; i++) offset += this.#tokensOf(i);
    return offset;
  }

  #tokensOf(pair: number): number {
    return this.sourceLength(pair) + this.targetLength(pair);
  }

  #readTokens(begin: number, end: number): Unsigned {
    const { tokenBytes } = this.#footer;
    if (end - begin > this.#tokens.length) this.#tokens = unsigned(tokenBytes, 2 * (end - begin));
    const tokens = this.#tokens.subarray(0, end - begin);
    try {
      readFully(this.#descriptor, bytesOf(tokens), MAGIC.length + begin * tokenBytes, this.file);
    } catch (error) {
      throw fileSystemError(error, this.file);
    }
    return tokens;
  }

  /** Copies a pair out of the tokens that the next read overwrites. */
  #pairFrom(tokens: Unsigned, begin: number, index: number): EncodedPair {
    const middle = begin + this.sourceLength(index);
    const end = middle + this.targetLength(index);
    return {
      source: new Int32Array(tokens.subarray(begin, middle)),
      target: new Int32Array(tokens.subarray(middle, end)),
      index,
    };
  }
}

function coarseOffsets({ source, target }: Lengths): Float64Array {
  const offsets = new Float64Array(Math.ceil(source.length / PAIRS_PER_OFFSET));
  let offset = 0;
  for (let pair = 0; pair < source.length; pair++) {
    if (pair % PAIRS_PER_OFFSET === 0) offsets[pair / PAIRS_PER_OFFSET] = offset;
    offset += source[pair]! + target[pair]!;
  }
  return offsets;
}
