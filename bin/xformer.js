#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(main)) (await import(main.href)).main(process.argv);
else {
  process.stderr.write("xformer: it is not built yet. Run `npm run build` in its folder.\n");
  process.exitCode = 1;
}
