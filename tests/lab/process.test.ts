import { join } from "node:path";
import { expect, it } from "vitest";
import { startProcess } from "../../src/lab/process.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

it("a process of the lab that fails says why, in one line with its code", async () => {
  const folder = temporaryDirectory();
  const run = {
    fingerprint: "none",
    directory: join(folder, "run"),
    label: "heads 1, seed 1",
    options: { data: { train: join(folder, "missing.tsv") } },
    tests: [],
  };
  const order = { kind: "run", run, threads: 1, cacheDirectory: join(folder, "cache") } as const;
  const { ended } = startProcess(order, () => {});
  await expect(ended).rejects.toMatchObject({
    code: "IO",
    message: expect.stringMatching(/missing\.tsv: no such file or directory\. Check the path\.$/),
  });
});
