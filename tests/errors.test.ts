import { describe, expect, it } from "vitest";
import { fileSystemError, XformerError } from "../src/errors.ts";

describe("XformerError", () => {
  it.each([
    [
      "everything",
      { file: "train.tsv", line: 41, hint: "Separate them with a tab." },
      "train.tsv:41: expected 2 columns, found 1. Separate them with a tab.",
    ],
    ["a file alone", { file: "train.tsv" }, "train.tsv: expected 2 columns, found 1."],
    ["a hint alone", { hint: "Use a tab." }, "expected 2 columns, found 1. Use a tab."],
    ["nothing", {}, "expected 2 columns, found 1."],
    ["a line of no file", { line: 3 }, "expected 2 columns, found 1."],
  ])("on one line, with %s known", (_, place, line) => {
    expect(new XformerError("DATA", "expected 2 columns, found 1", place).oneLine).toBe(line);
  });

  it.each(["really?", "no!", "done."])("adds no full stop to %s", (problem) => {
    expect(new XformerError("USAGE", problem).oneLine).toBe(problem);
  });

  it("is an Error with its parts at hand", () => {
    const cause = new Error("below");
    const error = new XformerError("IO", "problem", { file: "f", line: 2, hint: "Do.", cause });
    expect(error).toBeInstanceOf(Error);
    expect({ ...error }).toEqual({ name: "XformerError", code: "IO", file: "f", line: 2, hint: "Do." });
    expect(error.message).toBe("problem");
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe("XformerError: problem");
    expect("cause" in new XformerError("IO", "problem")).toBe(false);
  });
});

describe("fileSystemError", () => {
  const failing = (code: string): unknown => Object.assign(new Error(`${code}: raw`), { code });

  it.each([
    ["ENOENT", "f: no such file or directory. Check the path."],
    ["EISDIR", "f: this is a directory, a file is needed. Name a file inside it."],
    ["ENOTDIR", "f: a part of this path is a file, not a directory. Check the path."],
    ["EACCES", "f: permission denied. Check the permissions of the file and of its directory."],
    ["EPERM", "f: permission denied. Check the permissions of the file and of its directory."],
    ["EROFS", "f: the file system is read-only. Write to another place."],
    ["ENOSPC", "f: no space left on the device. Free some space, or write to another place."],
    ["EDQUOT", "f: the disk quota is used up. Free some space, or write to another place."],
    ["EMFILE", "f: too many open files. Close some programs or raise `ulimit -n`."],
    ["EEXIST", "f: it exists already. Choose another name."],
  ])("%s on one line", (code, line) => {
    const cause = failing(code);
    const error = fileSystemError(cause, "f");
    expect(error).toBeInstanceOf(XformerError);
    expect(error).toMatchObject({ code: "IO", file: "f", oneLine: line, cause });
  });

  it("says of a rare one what the system says", () => {
    const rare = Object.assign(new Error("EPROTO: protocol error, open 'x'"), { code: "EPROTO" });
    expect((fileSystemError(rare, "x") as XformerError).oneLine).toBe("x: protocol error.");
  });

  it("gives anything else back as it came", () => {
    const mine = new XformerError("DATA", "mine");
    for (const other of [new Error("plain"), { code: "ENOENT" }, mine, "text", undefined])
      expect(fileSystemError(other, "f")).toBe(other);
  });
});
