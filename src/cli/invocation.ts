import { basename, dirname } from "node:path";

/** What a text tells to type, as this program was started: by its name alone where that is installed for all folders. */
export function asInvoked(text: string, script: string | undefined = process.argv[1]): string {
  return isGlobal(script) ? text.replaceAll("npx xformer", "xformer") : text;
}

/** npm links the program of a global installation into a folder of programs, that of a package into its .bin. */
function isGlobal(script = ""): boolean {
  return basename(script) === "xformer" && basename(dirname(script)) !== ".bin";
}
