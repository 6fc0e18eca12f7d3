/** What Windows says while a scanner, an indexer or a reader has a file open for a moment. */
const PASSING = ["EPERM", "EACCES", "EBUSY"];

/** Milliseconds between attempts, and how many there are: together five seconds, as long as scanners take. */
const PAUSE = 50;
const ATTEMPTS = 100;

/**
 * Renames or removes a file. Windows refuses either while somebody else has the file open, which passes: so it is tried
 * again. Elsewhere a refusal is one.
 *
 * @throws what `node:fs` throws, the last time
 */
export function patiently(action: () => void, platform: NodeJS.Platform = process.platform): void {
  for (let attempt = 1; ; attempt++) {
    try {
      action();
      return;
    } catch (error) {
      const isPassing =
        error instanceof Error &&
        "code" in error &&
        PASSING.includes(String(error.code)) &&
        platform === "win32";
      if (!isPassing || attempt === ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
