import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileSystemError, XformerError } from "../errors.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a text file as lines, strictly: what is not text is an error, never a guess.
 *
 * A byte-order mark is dropped, lines end in LF or CRLF, and the last one may or may not be terminated.
 *
 * @param path the file as the user wrote it
 * @returns the lines without their terminators; none for an empty file
 * @throws XformerError "IO" when the file cannot be read, "DATA" with the line number when it holds invalid
 *   UTF-8 or a NUL byte
 */
export function readLines(path: string): string[] {
  let bytes: Buffer;
  try {
    bytes = withoutByteOrderMark(readFileSync(path));
  } catch (error) {
    throw fileSystemError(error, path);
  }
  checkText(bytes, path);
  const lines: string[] = [];
  for (const line of splitLines(bytes)) lines.push(line.toString());
  return lines;
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
 */
export async function* linesFrom(
  stream: AsyncIterable<Uint8Array>,
  onInvalid: (lineNumber: number) => void = () => {},
): AsyncGenerator<string, void, undefined> {
  let lineNumber = 0;
  const decode = (terminated: Buffer): string => {
    lineNumber++;
    const bytes = lineNumber === 1 ? withoutByteOrderMark(terminated) : terminated;
    if (!isUtf8(bytes)) onInvalid(lineNumber);
    return withoutCarriageReturn(bytes).toString();
  };

  let unfinished: Uint8Array[] = [];
  for await (const chunk of stream) {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      const line = Buffer.concat([...unfinished, chunk.subarray(begin, end)]);
      unfinished = [];
      begin = end + 1;
      yield decode(line);
    }
    if (begin < chunk.length) unfinished.push(chunk.subarray(begin));
  }
  if (unfinished.length > 0) yield decode(Buffer.concat(unfinished));
}

/** Throws where the first line stands that is not text. */
function checkText(bytes: Buffer, path: string): void {
  if (!isUtf8(bytes)) {
    throw new XformerError("DATA", "invalid UTF-8", {
      file: path,
      line: 1 + [...splitLines(bytes)].findIndex((line) => !isUtf8(line)),
      hint: "Convert the file to UTF-8.",
    });
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    throw new XformerError("DATA", "a NUL byte in a text file", {
      file: path,
      line: 1 + bytes.subarray(0, nul).filter((byte) => byte === NEWLINE).length,
      hint: "Check that this is a text file in UTF-8.",
    });
  }
}

/** The lines as views, without terminators. No UTF-8 sequence holds the byte of a newline, so bytes may be cut. */
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
