import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { XformerError } from "../errors.ts";

const NAME = "xformer";

/** The program, in case that this file does not know its own place: bundlers fix it where they run, and CommonJS has none. */
const PROGRAM: string = pathToFileURL(process.argv[1] ?? process.cwd()).href;
/** This file: `src/io` or `dist/io` of the package, or wherever a bundler has put it. */
const HERE: string = import.meta.url ?? PROGRAM;

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
  const installed = installedFrom(HERE) ?? installedFrom(PROGRAM);
  if (installed !== undefined) return installed;
  throw new XformerError("IO", "xformer's threads and kernels are not where this bundle runs", {
    hint: "Install xformer beside it, or tell the bundler that it is external.",
  });
}

/** Where the package is for a file that wants to import it; asked in a way that no bundler answers beforehand. */
function installedFrom(file: string): URL | undefined {
  const { createRequire } = process.getBuiltinModule("node:module");
  try {
    return new URL("./", pathToFileURL(createRequire(file).resolve(`${NAME}/package.json`)));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

function isPackage(folder: URL): boolean {
  const file = new URL("package.json", folder);
  return existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: unknown }).name === NAME;
}
