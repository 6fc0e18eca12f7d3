import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import { atomicWrite } from "../../src/io/atomicWrite.ts";
import { oneLine } from "./oneLine.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

const root = temporaryDirectory();
const emptyDirectory = () => mkdtempSync(join(root, "case-"));

/** What `node:fs` throws when the disk is full. */
function diskFull(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

describe("atomicWrite", () => {
  it("writes text and bytes, shared memory included, in the order given", () => {
    const directory = emptyDirectory();
    const path = join(directory, "file");
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3);
    shared.set([65, 66, 67]);
    atomicWrite(path, (write) => {
      write("é ");
      write(shared);
      write(new Uint8Array(0));
      write("!");
    });
    expect(readFileSync(path, "utf8")).toBe("é ABC!");
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  it("replaces a file only when all of the new content is there", () => {
    const path = join(emptyDirectory(), "file");
    writeFileSync(path, "old");
    atomicWrite(path, (write) => {
      write("new");
      expect(readFileSync(path, "utf8")).toBe("old");
    });
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  it("replaces what a link leads to, not the link", () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, "file"), "old");
    symlinkSync("file", join(directory, "link"));
    atomicWrite(join(directory, "link"), (write) => write("new"));
    expect(readFileSync(join(directory, "file"), "utf8")).toBe("new");
    expect(lstatSync(join(directory, "link")).isSymbolicLink()).toBe(true);
    expect(readdirSync(directory)).toEqual(["file", "link"]);
  });

  it.runIf(process.platform !== "win32")("writes to a pipe or device, which stays what it is", async () => {
    const directory = emptyDirectory();
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("cat", [pipe]);
    let read = "";
    reader.stdout.on("data", (chunk) => (read += chunk));
    const end = new Promise((resolve) => reader.on("close", resolve));
    atomicWrite(pipe, (write) => write("all of it"));
    await end;
    expect(read).toBe("all of it");
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(directory)).toEqual(["pipe"]);
  });

  it("keeps the previous file and leaves nothing behind when the disk is full", () => {
    const directory = emptyDirectory();
    const path = join(directory, "last.safetensors");
    writeFileSync(path, "old");
    const save = () =>
      atomicWrite(path, (write) => {
        write("half of the new");
        throw diskFull();
      });
    expect(oneLine(save)).toBe(
      `${path}: no space left on the device. Free some space, or write to another place.`,
    );
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(directory)).toEqual(["last.safetensors"]);
  });

  it("passes on what the callback throws, with the previous file whole", () => {
    const path = join(emptyDirectory(), "file");
    writeFileSync(path, "old");
    const failure = new XformerError("DIVERGED", "the loss is NaN");
    const save = () =>
      atomicWrite(path, () => {
        throw failure;
      });
    expect(save).toThrow(failure);
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  it("explains a missing directory and a path that is a directory", () => {
    const directory = emptyDirectory();
    const missing = join(directory, "missing", "file");
    const taken = join(directory, "taken");
    mkdirSync(taken);
    expect(oneLine(() => atomicWrite(missing, (write) => write("x")))).toBe(
      `${missing}: no such file or directory. Check the path.`,
    );
    expect(oneLine(() => atomicWrite(taken, (write) => write("x")))).toBe(
      `${taken}: this is a directory, a file is needed. Name a file inside it.`,
    );
    expect(readdirSync(directory)).toEqual(["taken"]);
    expect(existsSync(missing)).toBe(false);
  });
});
