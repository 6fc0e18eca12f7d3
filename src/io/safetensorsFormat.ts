import { XformerError } from "../errors.ts";

/** Where a tensor lies: `begin` and `end` are byte offsets into the data section. */
interface TensorEntry {
  readonly dtype: "F32";
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The header of a safetensors file, checked against the size of the file. */
export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The strings the writer put in, without the two checksums. */
  readonly metadata: Readonly<Record<string, string>>;
  /** CRC-32 of the data section in hexadecimal, if the writer was xformer. */
  readonly dataChecksum: string | undefined;
}

/** A tensor to be written; `data` is in row-major order and may be a view of shared memory. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor that was read, in row-major order. */
export interface StoredTensor {
  readonly dtype: "F32";
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The content of a safetensors file. */
export interface Safetensors {
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes to read from, in a file or in memory. */
export interface ByteSource {
  readonly size: number;
  /** Fills `bytes` from a position as far as the source goes, and returns how far that was. */
  read(bytes: Uint8Array, position: number): number;
}

/** CRC-32 (ISO 3309) of bytes or of a text in UTF-8, going on from that of what is before them. */
export type Checksum = (data: Uint8Array | string, before?: number) => number;

/** The file begins with the length of its header: an unsigned 64-bit little-endian integer. */
const PREFIX_BYTES = 8;

/** The format's own limit on the header, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * The format has no checksum, so xformer adds two to the metadata: one over the data section, one over the
 * rest of the header. Either both are there or neither is (a file made by another program); so a flipped bit
 * in one of these very names is noticed too.
 */
const DATA_CHECKSUM = "xformer.data_crc32";
const HEADER_CHECKSUM = "xformer.header_crc32";

/** A model computes in a memory of 4 GiB; more than that can be of no use to it. */
const MOST_DATA_BYTES = 2 ** 32;

/** Levels of a header, of which there are three, and some. */
const DEEPEST = 8;

/** The tensors of the largest models that could be computed with are fewer. */
const MOST_TENSORS = 100_000;

const METADATA = "__metadata__";
const DAMAGED_HINT = "The file is damaged or incomplete: use another copy of it.";
const EDITED_HINT = `The file is damaged: use another copy of it (if it was edited on purpose, remove ${DATA_CHECKSUM} and ${HEADER_CHECKSUM} from its metadata).`;

/** A safetensors file that cannot be what its writer wrote. */
function damaged(file: string, problem: string, cause?: unknown): XformerError {
  return new XformerError("CHECKPOINT", problem, { file, hint: DAMAGED_HINT, cause });
}

/** A safetensors file whose content and checksum do not belong together. */
function checksumDiffers(file: string, part: "header" | "data"): XformerError {
  return new XformerError("CHECKPOINT", `the checksum of the ${part} does not match`, {
    file,
    hint: EDITED_HINT,
  });
}

/** A checksum as it stands in the metadata: eight hexadecimal digits. */
function formatChecksum(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

/**
 * Encodes a header: tensors follow each other in the given order, without gaps.
 *
 * @param dataChecksum see {@link formatChecksum}
 * @param checksum makes the header's own
 * @returns JSON in UTF-8, padded with spaces so that the data, which follows it and the 8 bytes of its
 *   length, begins at a multiple of 8
 */
function encodeHeader(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
  dataChecksum: string,
  checksum: Checksum,
): Uint8Array {
  let begin = 0;
  const table = tensors.map(({ name, shape }) => {
    const end = begin + byteLength(shape);
    const entry = { dtype: "F32", shape, data_offsets: [begin, end] };
    begin = end;
    return [name, entry] as const;
  });
  const checked = { ...metadata, [DATA_CHECKSUM]: dataChecksum };
  const header = Object.fromEntries<unknown>([[METADATA, checked], ...table]);
  header[METADATA] = { ...checked, [HEADER_CHECKSUM]: checksumOf(header, checksum) };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(" ".charCodeAt(0));
  padded.set(json);
  return padded;
}

/**
 * Decodes and checks a header: when this returns, every tensor lies inside the file, none overlaps another,
 * and no byte of the data is unaccounted for.
 *
 * @param bytes the header without the 8 bytes of its length
 * @param dataLength how many bytes follow it in the file
 * @param file for messages
 * @param checksum verifies the header's own, if it has one
 * @throws XformerError "CHECKPOINT" naming what is wrong
 */
function decodeHeader(
  bytes: Uint8Array,
  dataLength: number,
  file: string,
  checksum: Checksum,
): SafetensorsHeader {
  const header = parseHeader(bytes, file);
  const { metadata, dataChecksum } = takeMetadata(header, file, checksum);
  const count = Object.keys(header).length;
  if (count > MOST_TENSORS) throw damaged(file, `it has ${count} tensors, more than any model`);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => [name, checkEntry(name, entry, file)] as const)
    .sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);

  let covered = 0;
  for (const [name, { begin, end }] of entries) {
    if (begin < covered)
      throw damaged(file, `tensor ${name} overlaps the one before it by ${bytesCount(covered - begin)}`);
    if (begin > covered)
      throw damaged(file, `there is a hole of ${bytesCount(begin - covered)} before tensor ${name}`);
    covered = end;
  }
  if (covered > dataLength)
    throw damaged(file, `the file is cut off: ${bytesCount(covered - dataLength)} missing at its end`);
  if (covered < dataLength)
    throw damaged(file, `${bytesCount(dataLength - covered)} too many at the end of the file`);
  return { tensors: new Map(entries), metadata, dataChecksum };
}

/**
 * Reads a header: its length, the header itself, and what it says of the data that follows.
 *
 * @param file for messages
 * @throws XformerError "CHECKPOINT" naming what is wrong
 */
export function readHeader(
  source: ByteSource,
  file: string,
  checksum: Checksum,
): { readonly header: SafetensorsHeader; readonly dataStart: number } {
  const start = new Uint8Array(PREFIX_BYTES + 1);
  const startLength = source.read(start, 0);
  if (startLength === 0) throw damaged(file, "the file is empty");
  if (startLength <= PREFIX_BYTES)
    throw damaged(file, `the file is too short to be a checkpoint: ${startLength} bytes`);
  // The format demands that the header begins with a brace, which tells it from files of any other kind.
  if (start[PREFIX_BYTES] !== "{".charCodeAt(0)) {
    throw new XformerError("CHECKPOINT", "this is not a safetensors file", {
      file,
      hint: "Name a checkpoint written by xformer.",
    });
  }
  const available = source.size - PREFIX_BYTES;
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > available)
    throw damaged(file, `the header should have ${length} bytes, but the file has only ${available} more`);
  if (length > MAX_HEADER_BYTES)
    throw damaged(file, `the header should have ${length} bytes, more than the format allows`);
  const bytes = new Uint8Array(Number(length));
  if (source.read(bytes, PREFIX_BYTES) < bytes.length)
    throw damaged(file, "the file ended while its header was being read");
  const header = decodeHeader(bytes, available - bytes.length, file, checksum);
  return { header, dataStart: PREFIX_BYTES + bytes.length };
}

/**
 * Reads all of a safetensors file of 32-bit floats and verifies it: structure, sizes and, in files that xformer wrote,
 * checksums. Numbers are little-endian in the format and in memory wherever there is WebAssembly.
 *
 * @param file for messages
 * @throws XformerError "CHECKPOINT" when it is not a whole and sound safetensors file
 */
export function readAll(source: ByteSource, file: string, checksum: Checksum): Safetensors {
  const { header, dataStart } = readHeader(source, file, checksum);
  const size = source.size - dataStart;
  if (size > MOST_DATA_BYTES) {
    const [takes, most] = [size, MOST_DATA_BYTES].map((bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`);
    throw new XformerError("CHECKPOINT", `its tensors take ${takes}, but no more than ${most} can be used`, {
      file,
      hint: "Use a smaller model.",
    });
  }
  const tensors = new Map<string, StoredTensor>();
  let crc = 0;
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    const data = new Float32Array((end - begin) / Float32Array.BYTES_PER_ELEMENT);
    const bytes = bytesOf(data);
    if (source.read(bytes, dataStart + begin) < bytes.length) {
      throw damaged(file, `the file ended while tensor ${name} was being read`);
    }
    crc = checksum(bytes, crc);
    tensors.set(name, { dtype, shape, data });
  }
  if (header.dataChecksum !== undefined && header.dataChecksum !== formatChecksum(crc)) {
    throw checksumDiffers(file, "data");
  }
  return { tensors, metadata: header.metadata };
}

/**
 * A safetensors file with its checksums, in parts that follow one another: the tensors' own memory is not copied.
 *
 * @throws RangeError when the header is larger than the format allows
 */
export function encodeParts(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
  checksum: Checksum,
): Uint8Array[] {
  const crc = tensors.reduce((before, { data }) => checksum(bytesOf(data), before), 0);
  const header = encodeHeader(tensors, metadata, formatChecksum(crc), checksum);
  if (header.length > MAX_HEADER_BYTES)
    throw new RangeError(`a header of ${header.length} bytes is over the limit`);
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(header.length), true);
  return [prefix, header, ...tensors.map(({ data }) => bytesOf(data))];
}

/** Bytes in memory as a source. */
export function bytesInMemory(content: Uint8Array): ByteSource {
  return {
    size: content.length,
    read: (bytes, position) => {
      const part = content.subarray(position, position + bytes.length);
      bytes.set(part);
      return part.length;
    },
  };
}

/** The bytes of floats, as they lie in memory. */
function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The size of a tensor in bytes. */
export function byteLength(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, Float32Array.BYTES_PER_ELEMENT);
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw damaged(file, "the header is not valid UTF-8", error);
  }
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw damaged(file, "the header is not valid JSON", error);
  }
  if (!isObject(header)) throw damaged(file, "the header is not a JSON object");
  if (isDeep(text)) throw damaged(file, "the header is nested too deep");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw damaged(file, `the header has two entries named ${duplicate}`);
  return header;
}

/** Checks the metadata, and with it the checksum of the header. */
function takeMetadata(
  header: Readonly<Record<string, unknown>>,
  file: string,
  checksum: Checksum,
): Pick<SafetensorsHeader, "metadata" | "dataChecksum"> {
  const all = Object.hasOwn(header, METADATA) ? header[METADATA] : {};
  if (!isStrings(all)) throw damaged(file, `${METADATA} is not an object of strings`);
  const { [HEADER_CHECKSUM]: headerChecksum, ...checked } = all;
  const { [DATA_CHECKSUM]: dataChecksum, ...metadata } = checked;
  if ((headerChecksum === undefined) !== (dataChecksum === undefined)) {
    throw damaged(file, `of ${DATA_CHECKSUM} and ${HEADER_CHECKSUM} in the metadata one is missing`);
  }
  if (
    headerChecksum !== undefined &&
    headerChecksum !== checksumOf({ ...header, [METADATA]: checked }, checksum)
  ) {
    throw checksumDiffers(file, "header");
  }
  return { metadata, dataChecksum };
}

/**
 * The checksum of a header as JSON.stringify writes it, so that it covers what the header says and not how
 * it is spaced.
 */
function checksumOf(header: Readonly<Record<string, unknown>>, checksum: Checksum): string {
  return formatChecksum(checksum(JSON.stringify(header)));
}

function checkEntry(name: string, entry: unknown, file: string): TensorEntry {
  if (!isObject(entry)) throw damaged(file, `the entry of tensor ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string") throw damaged(file, `tensor ${name} has no dtype`);
  if (!isSizes(shape)) throw damaged(file, `the shape of tensor ${name} is not a list of sizes`);
  if (!isSizes(offsets)) throw damaged(file, `the data_offsets of tensor ${name} are not a list of offsets`);
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined || begin > end) {
    throw damaged(file, `the data_offsets of tensor ${name} are not [begin, end]`);
  }
  if (dtype !== "F32") {
    throw new XformerError("CHECKPOINT", `tensor ${name} is ${dtype}, but only F32 can be read`, {
      file,
      hint: "Convert the tensors to 32-bit floats before saving them.",
    });
  }
  if (end - begin !== byteLength(shape)) {
    throw damaged(
      file,
      `tensor ${name} of shape [${shape.join(", ")}] needs ${byteLength(shape)} bytes, but has ${end - begin}`,
    );
  }
  return { dtype, shape, begin, end };
}

/** Whether a valid JSON text has more levels than a header ever has; what walks it would run out of stack. */
function isDeep(json: string): boolean {
  let depth = 0;
  for (let i = 0; i < json.length && depth <= DEEPEST; i++) {
    const sign = json[i];
    if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
    else if (sign === '"') for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
  }
  return depth > DEEPEST;
}

/** The first name that occurs twice in one object of a valid JSON text: JSON.parse would keep the last and say nothing. */
function findDuplicateKey(json: string): string | undefined {
  const objects: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    if (json[i] === "{") objects.push(new Set());
    else if (json[i] === "}") objects.pop();
    else if (json[i] === '"') {
      const begin = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      let next = i + 1;
      while (/\s/.test(json[next] ?? "")) next++;
      if (json[next] !== ":") continue; // a value, not a name
      const key = JSON.parse(json.slice(begin, i + 1)) as string;
      if (objects.at(-1)?.has(key)) return key;
      objects.at(-1)?.add(key);
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((item) => typeof item === "string");
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function bytesCount(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
