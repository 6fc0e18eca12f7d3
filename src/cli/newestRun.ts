import { XformerError } from "../errors.ts";

/**
 * The model that `--model` names, or else the newest run, which is then told on stderr.
 *
 * @param flag how the model would be named; empty for a command that takes runs without a flag
 * @throws XformerError USAGE when there is neither
 */
export async function modelOrNewest(
  model: string | undefined,
  quiet = false,
  flag = "--model",
): Promise<string> {
  if (model !== undefined) return model;
  const [{ RunDirectory }, { coloursFor, printable }, { shellWord }] = await Promise.all([
    import("../training/runDirectory.ts"),
    import("./ui/terminal.ts"),
    import("../report/format.ts"),
  ]);
  const newest = RunDirectory.newest();
  if (newest === undefined) {
    throw new XformerError(
      "USAGE",
      `there is no model: ${flag === "" ? "no run is named" : `${flag} is not given`}, and no run is in ${RunDirectory.DEFAULT}`,
      {
        hint: "Train one with `npx xformer train`, or name one.",
      },
    );
  }
  const note = `The newest run: ${flag === "" ? "" : `${flag} `}${shellWord(newest)}`;
  if (!quiet) process.stderr.write(`${coloursFor(process.stderr).dim(printable(note))}\n`);
  return newest;
}
