// Writes the documentation of the library, from its doc comments, to docs/api: `npm run docs`. TypeDoc reads the sources
// by a TypeScript with an API in JavaScript, which version 7, that builds them, does not have; so both are no dependencies
// but fetched by npm, in these versions, when somebody wants the pages.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const TOOLS = ["typedoc@0.28.20", "typescript@6.0.3"];
const ENTRIES = ["index", "metrics", "tokenizers", "browser"];

const npm = process.env.npm_execpath;
if (npm === undefined) {
  console.error("This is run by npm: `npm run docs`.");
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  [
    npm,
    "exec",
    "--yes",
    ...TOOLS.map((tool) => `--package=${tool}`),
    "--",
    "typedoc",
    ...ENTRIES.flatMap((entry) => ["--entryPoints", `src/${entry}.ts`]),
    ...["--tsconfig", "tsconfig.build.json", "--out", "docs/api", "--name", `xformer ${version}`],
    ...["--readme", "docs/library.md", "--disableSources", "--excludeInternal", "--excludePrivate"],
    ...["--validation.notExported", "false", ...process.argv.slice(2)],
  ],
  { cwd: root, stdio: "inherit" },
);
process.exitCode = status ?? 1;
