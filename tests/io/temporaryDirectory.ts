import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** An empty directory for one test file, removed when its tests are over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "xformer-test-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
