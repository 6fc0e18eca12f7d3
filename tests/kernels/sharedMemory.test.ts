import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { packageFile } from "../../src/io/packageFiles.ts";
import { withSharedMemory } from "../../src/kernels/webAssemblySet.ts";
import { BUILDS } from "../support/kernels.ts";

describe("withSharedMemory", () => {
  it.each(BUILDS)("makes %s for one thread into what threads share, byte for byte", (build) => {
    const own = readFileSync(packageFile(`dist/kernels/${build}.unshared.wasm`));
    const shared = readFileSync(packageFile(`dist/kernels/${build}.wasm`));
    expect(Buffer.compare(withSharedMemory(own), shared)).toBe(0);
    expect(Buffer.compare(own, shared)).not.toBe(0);
  });

  it("refuses what imports no memory of its own", () => {
    const shared = readFileSync(packageFile("dist/kernels/strict.wasm"));
    expect(() => withSharedMemory(shared)).toThrow("import no memory of their own");
  });
});
