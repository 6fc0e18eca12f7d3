/**
 * A seeded pseudo-random generator for everything that happens outside the kernels: shuffling, initial
 * weights, toy corpora. The same seed gives the same numbers on every machine.
 */
export interface Random {
  /** A number in [0, 1) with 32 random bits. */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** One of the items, each as likely as the other. */
  pick<T>(items: readonly T[]): T;
  /** Puts the items in a random order, in place (Fisher and Yates). */
  shuffle<Items extends Row>(items: Items): Items;
}

/** An array, plain or typed. */
interface Row {
  readonly length: number;
  [index: number]: unknown;
}

/** Mixes 32 bits so that close numbers end far apart (the finaliser of MurmurHash3). */
export function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * Makes a generator: sfc32 (Doty-Humphrey, PractRand), whose 128-bit state is filled from the keys.
 *
 * @param keys whole numbers that together name the stream, for example seed and epoch
 *
 * @example
 * const order = createRandom(seed, epoch).shuffle(indices);
 */
export function createRandom(...keys: readonly number[]): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let counter = 1;
  const next32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (const key of keys) {
    a ^= mix32(key);
    b ^= mix32(Math.floor(key / 0x1_0000_0000));
    for (let round = 0; round < 12; round++) next32();
  }
  const random: Random = {
    next: () => next32() / 0x1_0000_0000,
    below: (bound) => Math.floor((next32() / 0x1_0000_0000) * bound),
    pick: (items) => {
      if (items.length === 0) throw new RangeError("pick needs at least one item");
      return items[random.below(items.length)] as (typeof items)[number];
    },
    shuffle: (items) => {
      const row: Row = items;
      for (let i = row.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        const last = row[i];
        row[i] = row[j];
        row[j] = last;
      }
      return items;
    },
  };
  return random;
}
