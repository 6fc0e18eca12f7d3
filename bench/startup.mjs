// How long the command line takes until it answers: `--help`, which loads next to nothing, beside Node itself, and the
// version. Starts alternate, so that a slow spell of the machine falls on all alike.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { rounded, summary } from "./table.mjs";

const BINARY = fileURLToPath(new URL("../bin/xformer.js", import.meta.url));
const STARTS = {
  "node -e ''": ["-e", ""],
  "xformer --version": [BINARY, "--version"],
  "xformer --help": [BINARY, "--help"],
  "xformer train --help": [BINARY, "train", "--help"],
};
const ROUNDS = 10;

export async function measureStartup({ rounds = ROUNDS }) {
  const costs = Object.fromEntries(Object.keys(STARTS).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of Object.entries(STARTS)) {
      const start = performance.now();
      execFileSync(process.execPath, args);
      costs[name].push(performance.now() - start);
    }
  }
  return Object.entries(costs).map(([start, taken]) => {
    const { best, median } = summary(taken);
    return { start, "ms best": rounded(best), "ms median": rounded(median) };
  });
}
