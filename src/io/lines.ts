import { isUtf8 } from "node:buffer";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip, gunzipSync } from "node:zlib";
import { fileSystemError, XformerError } from "../errors.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes that are asked of a file at a time: enough that the asking costs nothing. */
const CHUNK_BYTES = 2 ** 18;

/** V8 has no text that is much longer. */
const LONGEST_LINE_BYTES = 2 ** 28;

/** Lines of text, and what is wrong with the line after them. */
export interface TextLines {
  readonly lines: string[];
  /** Set when the next line is not text: invalid UTF-8 or a NUL byte. */
  readonly fault: XformerError | undefined;
}

/**
 * Reads a text file as lines, strictly: what is not text is an error, never a guess.
 *
 * A byte-order mark is dropped, lines end in LF or CRLF, and the last one may or may not be terminated. A file
 * whose name ends in `.gz` is unpacked.
 *
 * @param path the file as the user wrote it
 * @returns the lines without their terminators; none for an empty file
 * @throws XformerError "IO" when the file cannot be read, "DATA" with the line number when it holds invalid
 *   UTF-8 or a NUL byte, or is not the gzip file its name says
 */
export function readLines(path: string): string[] {
  const { lines, fault } = readText(path);
  if (fault !== undefined) throw fault;
  return lines;
}

/**
 * Reads a text file as {@link readLines} does, up to the first line that is not text.
 *
 * @throws XformerError "IO" when the file cannot be read, "DATA" when it is not the gzip file its name says
 */
export function readText(path: string): TextLines {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
    if (isGzip(path)) bytes = gunzipSync(bytes);
  } catch (error) {
    throw readingError(error, path);
  }
  return decodeLines(withoutByteOrderMark(bytes), path, 1);
}

/**
 * Reads a text file as {@link readLines} does, many lines at a time, at least one: memory does not grow with the
 * file.
 *
 * @throws XformerError as {@link readLines} does, once the lines before the fault are handed out
 */
export async function* streamLines(path: string): AsyncGenerator<string[], void, undefined> {
  let line = 1;
  let unfinished: Buffer[] = [];
  let length = 0;
  const decode = (bytes: Buffer): TextLines => {
    const text = decodeLines(line === 1 ? withoutByteOrderMark(bytes) : bytes, path, line);
    line += text.lines.length;
    return text;
  };
  for await (const chunk of readChunks(path)) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const { lines, fault } = decode(Buffer.concat([...unfinished, chunk.subarray(0, end)]));
      unfinished = [];
      if (lines.length > 0) yield lines;
      if (fault !== undefined) throw fault;
    }
    if (end < chunk.length) unfinished.push(chunk.subarray(end));
    length = end > 0 ? chunk.length - end : length + chunk.length;
    if (length > LONGEST_LINE_BYTES) throw lineTooLong(path, line);
  }
  const { lines, fault } = decode(Buffer.concat(unfinished));
  if (lines.length > 0) yield lines;
  if (fault !== undefined) throw fault;
}

/**
 * Reads a stream as lines, each handed out as soon as its newline has arrived. Only the unfinished line is
 * kept in memory.
 *
 * A byte-order mark is dropped, lines end in LF or CRLF, and what is not UTF-8 becomes U+FFFD: somebody who
 * pipes a thousand lines in wants a thousand lines out.
 *
 * @param stream bytes in pieces of any size, for example `process.stdin`
 * @param onInvalid told the one-based number of each line that was not valid UTF-8
 * @param name what the stream is called in messages
 * @throws XformerError "DATA" for a line that is too long to be text
 */
export async function* linesFrom(
  stream: AsyncIterable<Uint8Array>,
  onInvalid: (lineNumber: number) => void = () => {},
  name: string = "standard input",
): AsyncGenerator<string, void, undefined> {
  let lineNumber = 0;
  const decode = (terminated: Buffer): string => {
    lineNumber++;
    const bytes = lineNumber === 1 ? withoutByteOrderMark(terminated) : terminated;
    if (!isUtf8(bytes)) onInvalid(lineNumber);
    return withoutCarriageReturn(bytes).toString();
  };

  let unfinished: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      const line = Buffer.concat([...unfinished, chunk.subarray(begin, end)]);
      unfinished = [];
      length = 0;
      begin = end + 1;
      yield decode(line);
    }
    if (begin < chunk.length) unfinished.push(chunk.subarray(begin));
    length += chunk.length - begin;
    if (length > LONGEST_LINE_BYTES) throw lineTooLong(name, lineNumber + 1);
  }
  if (unfinished.length > 0) yield decode(Buffer.concat(unfinished));
}

function lineTooLong(file: string, line: number): XformerError {
  const problem = `the line is longer than ${LONGEST_LINE_BYTES / 2 ** 20} MiB`;
  return new XformerError("DATA", problem, {
    file,
    line,
    hint: "Check that this is a text file with lines.",
  });
}

function isGzip(path: string): boolean {
  return path.endsWith(".gz");
}

/**
 * Reads the bytes of a file in pieces, unpacked when its name ends in `.gz`.
 *
 * @throws XformerError "IO" when the file cannot be read, "DATA" when it is not the gzip file its name says
 */
export async function* readChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  // An error of either stream destroys both, and comes out of the one that is read here.
  const bytes = isGzip(path) ? pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : file;
  try {
    for await (const chunk of bytes) yield chunk as Buffer;
  } catch (error) {
    throw readingError(error, path);
  }
}

function readingError(error: unknown, path: string): unknown {
  if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
    return new XformerError("DATA", "this is not a gzip file, or it is damaged", {
      file: path,
      hint: "Pack it again, or take .gz off its name if it is plain text.",
      cause: error,
    });
  }
  return fileSystemError(error, path);
}

/** Decodes whole lines up to the first that is not text; no UTF-8 sequence holds the byte of a newline. */
function decodeLines(bytes: Buffer, path: string, firstLine: number): TextLines {
  const lines: string[] = [];
  const isText = faultOf(bytes) === undefined;
  for (const line of splitLines(bytes)) {
    if (line.length > LONGEST_LINE_BYTES)
      return { lines, fault: lineTooLong(path, firstLine + lines.length) };
    const problem = isText ? undefined : faultOf(line);
    if (problem !== undefined) {
      const [message, hint] = problem;
      const place = { file: path, line: firstLine + lines.length, hint };
      return { lines, fault: new XformerError("DATA", message, place) };
    }
    lines.push(line.toString());
  }
  return { lines, fault: undefined };
}

/** What keeps bytes from being text, and the way out. */
function faultOf(bytes: Buffer): readonly [problem: string, hint: string] | undefined {
  if (!isUtf8(bytes)) return ["invalid UTF-8", "Convert the file to UTF-8."];
  if (bytes.includes(0)) return ["a NUL byte in a text file", "Check that this is a text file in UTF-8."];
  return undefined;
}

/** The lines as views, without terminators. */
function* splitLines(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let begin = 0; begin < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, begin);
    const end = newline === -1 ? bytes.length : newline;
    yield withoutCarriageReturn(bytes.subarray(begin, end));
    begin = end + 1;
  }
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  const length = BYTE_ORDER_MARK.length;
  return bytes.subarray(0, length).equals(BYTE_ORDER_MARK) ? bytes.subarray(length) : bytes;
}

function withoutCarriageReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
