import { createHash } from "node:crypto";
import { fstatSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { crc32 } from "node:zlib";
import { XformerError } from "../errors.ts";

/**
 * The layout of the file of an encoded corpus:
 *
 *     magic             the format, its version and the byte order of the numbers
 *     tokens            of each pair its source's ids, then its target's, without BEGIN and END
 *     source lengths    of each pair
 *     target lengths    of each pair
 *     footer            JSON, see {@link Footer}
 *     footer length     Uint32, little-endian
 *     digest            SHA-256 of both lengths, the footer and its length
 *
 * The digest vouches for the footer, and a checksum in the footer for the tokens, which are read when they are needed.
 *
 * What is known only when all pairs are encoded stands at the end, so that the file is written in one go.
 */
export const MAGIC: Uint8Array = Buffer.from(`xformer pairs 3 ${endianness()}\n`);

/** Bytes of tokens that are verified at a time. */
const VERIFIED_AT_ONCE = 2 ** 20;

const FOOTER_LENGTH_BYTES = 4;
const DIGEST_BYTES = 32;

/** What became of one of several corpora when they were encoded one behind the other. */
export interface PartStatistics {
  /** Pairs that are left. */
  readonly pairs: number;
  /** Pairs left out because a side has more than the greatest length of tokens. */
  readonly skipped: number;
  /** Tokens of the pairs that are left, ENDs not counted. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
}

/** What became of a corpus when it was encoded. */
export interface CorpusStatistics extends Omit<PartStatistics, "pairs"> {
  /** Of several corpora, what became of each. */
  readonly parts?: readonly PartStatistics[];
  /** Those of them that are not in the vocabulary. */
  readonly unknownSource: number;
  readonly unknownTarget: number;
  /** Tokens of the longest source and of the longest target. */
  readonly longestSource: number;
  readonly longestTarget: number;
  /** Sentences of the source that has most. */
  readonly mostSentences: number;
}

/** What the file says about its content. */
export interface Footer {
  readonly pairs: number;
  /** Bytes of an id: 2 (unsigned) when all ids fit, else 4. */
  readonly tokenBytes: 2 | 4;
  /** Bytes of a length: 2 when the greatest length fits, else 4. */
  readonly lengthBytes: 2 | 4;
  /** CRC-32 of the bytes of all tokens. */
  readonly tokensCrc32: number;
  readonly statistics: CorpusStatistics;
  /** SHA-256 of the text; see `CorpusHash`. */
  readonly fingerprint: string;
  /** SHA-256 of everything that the ids depend on. */
  readonly key: string;
}

/** Unsigned integers, as ids and lengths are stored. */
export type Unsigned = Uint16Array | Uint32Array;

/** Tokens of each pair's source and target. */
export interface Lengths {
  readonly source: Unsigned;
  readonly target: Unsigned;
}

/** Unsigned integers of 2 or 4 bytes, all 0. */
export function unsigned(bytes: 2 | 4, count: number): Unsigned {
  return bytes === 2 ? new Uint16Array(count) : new Uint32Array(count);
}

/** The bytes a number up to `largest` takes. */
export function bytesFor(largest: number): 2 | 4 {
  return largest <= 0xffff ? 2 : 4;
}

/** The bytes of integers, for writing and reading. */
export function bytesOf({ buffer, byteOffset, byteLength }: Unsigned): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Everything that stands after the tokens. */
export function encodeTail(footer: Footer, lengths: Lengths): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(footer));
  const length = Buffer.alloc(FOOTER_LENGTH_BYTES);
  length.writeUInt32LE(json.length);
  const parts = [bytesOf(lengths.source), bytesOf(lengths.target), json, length];
  return [...parts, digestOf(parts)];
}

/**
 * Reads and checks everything but the tokens.
 *
 * @throws XformerError DATA when the file is something else, of another version or damaged
 */
export function readAround(descriptor: number, file: string): { footer: Footer; lengths: Lengths } {
  const { size } = fstatSync(descriptor);
  const read = <Bytes extends Uint8Array>(bytes: Bytes, position: number): Bytes => {
    if (position < 0) throw damaged(file);
    readFully(descriptor, bytes, position, file);
    return bytes;
  };
  if (!read(Buffer.alloc(MAGIC.length), 0).equals(MAGIC)) throw damaged(file);
  const lengthAt = size - DIGEST_BYTES - FOOTER_LENGTH_BYTES;
  const length = read(Buffer.alloc(FOOTER_LENGTH_BYTES), lengthAt);
  const jsonAt = lengthAt - length.readUInt32LE();
  if (jsonAt < MAGIC.length) throw damaged(file);
  const json = read(Buffer.alloc(lengthAt - jsonAt), jsonAt);
  const footer = parseFooter(json, file);
  const { pairs, tokenBytes, lengthBytes, statistics } = footer;
  const tokens = statistics.sourceTokens + statistics.targetTokens;
  const lengthsAt = MAGIC.length + tokens * tokenBytes;
  if (lengthsAt + 2 * pairs * lengthBytes !== jsonAt) throw damaged(file);
  const source = unsigned(lengthBytes, pairs);
  const target = unsigned(lengthBytes, pairs);
  read(bytesOf(source), lengthsAt);
  read(bytesOf(target), lengthsAt + source.byteLength);
  const digest = digestOf([bytesOf(source), bytesOf(target), json, length]);
  if (!read(Buffer.alloc(DIGEST_BYTES), size - DIGEST_BYTES).equals(digest)) throw damaged(file);
  if (sumOf(source) + sumOf(target) !== tokens) throw damaged(file);
  return { footer, lengths: { source, target } };
}

/**
 * Reads all tokens once, at the speed of the disk, and holds them to their checksum.
 *
 * @throws XformerError DATA when they are not what was written
 */
export function verifyTokens(descriptor: number, footer: Footer, file: string): void {
  const { tokenBytes, tokensCrc32, statistics } = footer;
  const end = MAGIC.length + (statistics.sourceTokens + statistics.targetTokens) * tokenBytes;
  const buffer = Buffer.allocUnsafe(VERIFIED_AT_ONCE);
  let crc = 0;
  for (let at = MAGIC.length; at < end; at += VERIFIED_AT_ONCE) {
    const part = buffer.subarray(0, Math.min(VERIFIED_AT_ONCE, end - at));
    readFully(descriptor, part, at, file);
    crc = crc32(part, crc);
  }
  if (crc !== tokensCrc32) throw damaged(file);
}

/**
 * Fills `bytes` from a place in a file.
 *
 * @throws XformerError DATA when the file ends before that
 */
export function readFully(descriptor: number, bytes: Uint8Array, position: number, file: string): void {
  for (let filled = 0; filled < bytes.length; ) {
    const count = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled);
    if (count === 0) throw damaged(file);
    filled += count;
  }
}

/** The numbers are looked at only as far as it takes to find the digest, which vouches for the rest. */
function parseFooter(json: Buffer, file: string): Footer {
  try {
    const footer = JSON.parse(json.toString()) as Footer;
    const sizes = [
      footer.tokensCrc32,
      footer.pairs,
      footer.statistics.sourceTokens,
      footer.statistics.targetTokens,
    ];
    const isWhole = sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
    const isKnown = [footer.tokenBytes, footer.lengthBytes].every((bytes) => bytes === 2 || bytes === 4);
    if (isWhole && isKnown) return footer;
  } catch (error) {
    // What is not JSON, or not an object, was not written by us: the same as any other damage.
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw damaged(file);
}

function sumOf(lengths: Unsigned): number {
  let sum = 0;
  for (const length of lengths) sum += length;
  return sum;
}

function digestOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** What is said of a file that cannot be relied on. */
function damaged(file: string): XformerError {
  return new XformerError("DATA", "this is not an encoded corpus of this version, or it is damaged", {
    file,
    hint: "Delete it: it is made anew from the text.",
  });
}
