import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { XformerError } from "../errors.ts";

const NAME = "xformer";

/** This file: `src/io` or `dist/io` of the package, or wherever a bundler has put it; CommonJS knows no more than the program. */
const HERE: string = import.meta.url ?? pathToFileURL(process.argv[1] ?? process.cwd()).href;

let root: URL | undefined;

/**
 * A file that comes with the package: threads' scripts, kernels, the bundled corpus.
 *
 * @param path from the folder of the package
 * @throws XformerError IO when the code was bundled and the package is not where the bundle runs
 */
export function packageFile(path: string): URL {
  root ??= findRoot();
  return new URL(path, root);
}

/** The folder of the package: that of this file or, in a bundle, the one that is installed for it. */
function findRoot(): URL {
  const own = new URL("../../", HERE);
  if (isPackage(own)) return own;
  try {
    return new URL("./", pathToFileURL(createRequire(HERE).resolve(`${NAME}/package.json`)));
  } catch (cause) {
    throw new XformerError("IO", "xformer's threads and kernels are not where this bundle runs", {
      hint: "Install xformer beside it, or tell the bundler that it is external.",
      cause,
    });
  }
}

function isPackage(folder: URL): boolean {
  const file = new URL("package.json", folder);
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: unknown }).name === NAME;
}
