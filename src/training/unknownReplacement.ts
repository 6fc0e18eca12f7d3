import type { EncodedPair } from "../data/batches.ts";
import { at, type Pointer } from "../kernels/kernels.ts";
import { createRandom, mix32 } from "../random.ts";
import type { PairSource } from "../replicas/replica.ts";
import type { Heap } from "../tensor/heap.ts";

/** Ids below this are of the most frequent tokens, which any text has: letters, signs and little words. */
const COMMON = 50;
/** Numbers of a signature. */
const HASHES = 16;
/** So many of them have to agree for two tokens to be taken for translations of each other. */
const ENOUGH = 8;
/** The most pairs that are looked at for signatures, spread evenly. */
const MOST_PAIRS = 200_000;
/** Pairs that are read at a time. */
const PAIRS_AT_ONCE = 1000;
/** The signature of a token that is nowhere. */
const NOWHERE = 0x7fff_ffff;

/**
 * The signatures of all tokens of both sides, by id: of the pairs in which a token is, the lowest hash by each of 16 hash
 * functions (MinHash, Broder 1997). Two tokens agree in about the share of them that their pairs have in common.
 */
export interface Signatures {
  /** Int32[tokens][16] */
  readonly source: Pointer;
  readonly target: Pointer;
}

/** Takes the signatures of the tokens of a corpus, into memory that all threads share. */
export function takeSignatures(
  corpus: PairSource & { readonly pairs: number },
  sizes: { readonly source: number; readonly target: number },
  heap: Heap,
): Signatures {
  const [source, target] = [sizes.source, sizes.target].map((size) => {
    const pointer = heap.reserve(4 * HASHES * size);
    heap.integers(pointer, HASHES * size).fill(NOWHERE);
    return pointer;
  }) as [Pointer, Pointer];
  const sides = {
    source: heap.integers(source, HASHES * sizes.source),
    target: heap.integers(target, HASHES * sizes.target),
  };
  const step = Math.max(1, Math.ceil(corpus.pairs / MOST_PAIRS));
  for (let first = 0; first < corpus.pairs; first += step * PAIRS_AT_ONCE) {
    const count = Math.min(PAIRS_AT_ONCE, Math.ceil((corpus.pairs - first) / step));
    for (const pair of corpus.read(Array.from({ length: count }, (_, i) => first + i * step))) {
      const hashes = Array.from(
        { length: HASHES },
        (_, k) => mix32(pair.index + Math.imul(k, 0x9e3779b1)) | 0,
      );
      lower(sides.source, pair.source, hashes);
      lower(sides.target, pair.target, hashes);
    }
  }
  return { source, target };
}

function lower(signatures: Int32Array, ids: Int32Array, hashes: readonly number[]): void {
  for (const id of ids) {
    for (let k = 0; k < HASHES; k++) {
      const place = id * HASHES + k;
      if (hashes[k]! < signatures[place]!) signatures[place] = hashes[k]!;
    }
  }
}

/** How tokens become `<unk>` while training, so that a model learns what to do with words it does not know. */
export interface UnknownReplacement {
  /** Of a pair with rare tokens on both sides. */
  readonly probability: number;
  readonly seed: number;
  readonly epoch: number;
  /** The ids of `<unk>`. */
  readonly unkIds: { readonly source: number; readonly target: number };
  readonly signatures: Signatures;
}

/**
 * A pair in which, now and then, a rare token of the source is read as `<unk>`, and so is its translation; the same for
 * the same seed, epoch and pair, whichever thread does it. So a word that is not known becomes one in the translation.
 * Where nothing in the pair is clearly its translation the target stays, so that the rest of the sentence says what it
 * can.
 */
export function replaceRare(pair: EncodedPair, replacement: UnknownReplacement, heap: Heap): EncodedPair {
  const { source, target, index } = pair;
  const { probability, seed, epoch, unkIds, signatures } = replacement;
  const random = createRandom(seed, epoch, index, 0x756e6b);
  if (random.next() >= probability) return pair;
  const rare = rareOf(source);
  if (rare.length === 0 || rareOf(target).length === 0) return pair;
  const from = random.pick(rare);
  const to = translationOf(from, pair, signatures, heap);
  return {
    source: source.map((id) => (id === from ? unkIds.source : id)),
    target: target.map((id) => (id === to ? unkIds.target : id)),
    index,
  };
}

/** The rare token of the target that goes with one of the source, if neither goes as well with another of the pair. */
function translationOf(
  token: number,
  { source, target }: EncodedPair,
  signatures: Signatures,
  heap: Heap,
): number | undefined {
  const agreementOf = (from: number, to: number): number =>
    agreement(signatureAt(heap, signatures.source, from), signatureAt(heap, signatures.target, to));
  const others = rareOf(source).filter((from) => from !== token);
  const targets = rareOf(target);
  return targets.find((to) => {
    const own = agreementOf(token, to);
    if (own < ENOUGH) return false;
    return (
      others.every((other) => agreementOf(other, to) < own) &&
      targets.every((other) => other === to || agreementOf(token, other) < own)
    );
  });
}

/** The different ids of a side that are not common. */
function rareOf(ids: Int32Array): number[] {
  return [...new Set(ids)].filter((id) => id >= COMMON);
}

function signatureAt(heap: Heap, signatures: Pointer, id: number): Int32Array {
  return heap.integers(at(signatures, HASHES * id), HASHES);
}

/** How many numbers of two signatures are the same; none of a token that is nowhere. */
function agreement(a: Int32Array, b: Int32Array): number {
  let same = 0;
  for (let k = 0; k < HASHES; k++) if (a[k] === b[k] && a[k] !== NOWHERE) same++;
  return same;
}
