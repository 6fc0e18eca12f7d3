/** What went wrong, as a program can tell it apart. */
export type ErrorCode =
  | "USAGE" // a wrong flag, value or combination of them: exit code 2
  | "CONFIG" // a size that cannot be built
  | "DATA" // a corpus that cannot be used
  | "CHECKPOINT" // a model file that cannot be used
  | "IO" // the file system said no
  | "DIVERGED"; // the loss is not a finite number

/** Where it went wrong and what to do about it. */
export interface ErrorPlace {
  /** The file the user gave, as they wrote it. */
  readonly file?: string | undefined;
  /** One-based line number in `file`. */
  readonly line?: number | undefined;
  /** The way out: one sentence in the imperative. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class: every failure a user can meet is one of these.
 *
 * @example
 * throw new XformerError("DATA", "expected 2 tab-separated columns, found 1", {
 *   file: "train.tsv", line: 41, hint: "Separate source and target with one tab.",
 * });
 */
export class XformerError extends Error {
  override readonly name = "XformerError";
  readonly code: ErrorCode;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, problem: string, place: ErrorPlace = {}) {
    super(problem, place.cause === undefined ? undefined : { cause: place.cause });
    this.code = code;
    this.file = place.file;
    this.line = place.line;
    this.hint = place.hint;
  }

  /** The whole story on one line: `train.tsv:41: expected 2 columns, found 1. Separate them with a tab.` */
  get oneLine(): string {
    const place =
      this.file === undefined
        ? ""
        : this.line === undefined
          ? `${this.file}: `
          : `${this.file}:${this.line}: `;
    const problem = /[.!?]$/.test(this.message) ? this.message : `${this.message}.`;
    return `${place}${problem}${this.hint === undefined ? "" : ` ${this.hint}`}`;
  }
}

const FILE_SYSTEM_ERRORS: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOENT: ["no such file or directory", "Check the path."],
  EISDIR: ["this is a directory, a file is needed", "Name a file inside it."],
  ENOTDIR: ["a part of this path is a file, not a directory", "Check the path."],
  EACCES: ["permission denied", "Check the permissions of the file and of its directory."],
  EPERM: ["permission denied", "Check the permissions of the file and of its directory."],
  EROFS: ["the file system is read-only", "Write to another place."],
  ENOSPC: ["no space left on the device", "Free some space, or write to another place."],
  EDQUOT: ["the disk quota is used up", "Free some space, or write to another place."],
  EMFILE: ["too many open files", "Close some programs or raise `ulimit -n`."],
  EEXIST: ["it exists already", "Choose another name."],
  ELOOP: ["its symbolic links lead in a circle", "Check the path."],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter one."],
  EFBIG: ["the file would be larger than is allowed", "Raise `ulimit -f`, or choose another file system."],
  ENXIO: ["there is no such device, or nobody at its other end", "Name a file."],
  ENODEV: ["there is no such device", "Name a file."],
  EIO: ["the disk or device fails", "Look at the messages of the system, and use another copy."],
  EBUSY: ["it is in use", "Wait until it is not, or choose another path."],
  ETXTBSY: ["it is in use", "Wait until it is not, or choose another path."],
  ENOMEM: ["memory ran out", "Free some, or raise `ulimit -v`."],
  ESTALE: ["the network file system has lost it", "Try again."],
  ENOTCONN: ["the network file system cannot be reached", "Try again."],
  ERR_INVALID_ARG_VALUE: ["this cannot be a path", "Check the path: it has a NUL byte."],
  ERR_FS_FILE_TOO_LARGE: [
    "the file is too large to be read at once",
    "Cut it into parts of less than 2 GiB.",
  ],
  ERR_BUFFER_TOO_LARGE: [
    "unpacked it is too large to be read at once",
    "Cut it into parts of less than 2 GiB.",
  ],
  ERR_STRING_TOO_LONG: ["it has a line that is too long to be text", "Break the line."],
  ERR_FS_EISDIR: ["this is a directory, a file is needed", "Name a file inside it."],
};

/** What a system error says of itself: `ENXIO: no such device or address, open 'x'`. */
const SYSTEM_ERROR = /^E[A-Z0-9]+: ([^,]+)/;

/**
 * Turns what `node:fs` throws into an {@link XformerError}; anything else comes back unchanged.
 *
 * @param error what was caught
 * @param file the path as the user wrote it
 */
export function fileSystemError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  const known = FILE_SYSTEM_ERRORS[error.code];
  const [problem, hint] = known ?? [SYSTEM_ERROR.exec(error.message)?.[1]];
  if (problem === undefined) return error;
  return new XformerError("IO", problem, { file, hint, cause: error });
}
