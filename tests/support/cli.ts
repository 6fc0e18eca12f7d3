import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = fileURLToPath(new URL("../../bin/xformer.js", import.meta.url));

/** What a finished command left. */
export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; null when a signal ended the process. */
  readonly code: number | null;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Standard input; none when left out. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real binary; whoever does has to wait for its end. */
export function startXformer(args: readonly string[], { cwd, env }: CliOptions = {}): ChildProcess {
  return spawn(process.execPath, [BINARY, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    // Test runners ask for colours; a user's pipe does not.
    env: { ...withoutColourWishes(process.env), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs the real binary to its end. */
export async function xformer(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startXformer(args, options);
  child.stdin!.on("error", () => {}); // a command that fails at once does not read
  child.stdin!.end(options.input ?? "");
  return finished(child);
}

/** What a started command leaves when it ends. */
export function finished(child: ChildProcess): Promise<CliResult> {
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout!.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr!.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        stdout: Buffer.concat(chunks.stdout).toString(),
        stderr: Buffer.concat(chunks.stderr).toString(),
        code,
      }),
    );
  });
}

/** Writes files by name into a directory; arrays are lines. */
export function writeFiles(
  directory: string,
  files: Readonly<Record<string, string | readonly string[] | Uint8Array>>,
): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, isLines(content) ? content.map((line) => `${line}\n`).join("") : content);
  }
}

/** Flags of a model so small that it trains in a second. */
export const SMALLEST: readonly string[] = [
  ...["--d-model", "16", "--heads", "2", "--ffn", "32", "--encoder-layers", "1", "--decoder-layers", "1"],
];

/** A corpus that is learned in a moment: letters said again, as a table of two columns. */
export function letterPairs(pairs: number): string[] {
  const letters = [..."abcdefgh"];
  return Array.from({ length: pairs }, (_, i) => {
    const line = [i, i >> 3, i >> 6].map((n) => letters[n % 8]).join(" ");
    return `${line}\t${line}`;
  });
}

function isLines(content: string | readonly string[] | Uint8Array): content is readonly string[] {
  return Array.isArray(content);
}

function withoutColourWishes(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, ...rest } = env;
  return rest;
}
