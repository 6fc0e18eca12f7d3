import { atomicWrite } from "../io/atomicWrite.ts";
import type { PageOfRun } from "../report/training.ts";
import { loadCheckpoint } from "../training/checkpoint.ts";
import type { TrainResult } from "../training/run.ts";
import { openRun, reportOf } from "./runReport.ts";
import { reportPage, sentenceOf, sizeInPage } from "./webPage.ts";

/** Characters that a model may take in a page that nobody has asked for. */
const MOST_IN_PAGE = 16e6;

/**
 * Writes the report of a run that has come to its end into its directory: of what is known by then, so that nothing is
 * translated for it. A small model is inside.
 *
 * @throws XformerError IO when it cannot be written
 */
export async function pageAtEnd({ directory, test }: TrainResult): Promise<PageOfRun> {
  const notes: string[] = [];
  const run = await openRun(directory, (note) => notes.push(note));
  const measured = test && {
    ...test,
    translations: test.translations.map(({ text }) => text),
    from: "test",
  };
  const report = await reportOf(run, measured, notes);
  const size = sizeInPage(run.checkpoint);
  const checkpoint = size <= MOST_IN_PAGE ? loadCheckpoint(directory) : undefined;
  const html = reportPage(
    report,
    checkpoint === undefined ? null : { checkpoint, half: false, sentence: sentenceOf(report, checkpoint) },
  );
  const { report: file } = run.directory;
  atomicWrite(file, (write) => write(html));
  return { file, bytes: Buffer.byteLength(html), bytesOfModel: checkpoint === undefined ? size : null };
}
