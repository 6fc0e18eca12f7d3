// Prints the summary of a vitest run, kept in the file named first, as one line: N passed, N failed[, N skipped].
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

const output = stripVTControlCharacters(readFileSync(process.argv[2], "utf8"));
const summary = output.match(/^\s*Tests\s+(.+?)\s*\(\d+\)\s*$/m)?.[1] ?? "";
const count = (what) => Number(summary.match(new RegExp(`(\\d+) ${what}`))?.[1] ?? 0);
const skipped = count("skipped") + count("todo");
console.log(
  `${count("passed")} passed, ${count("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
);
