import type { Translator } from "../decoding/translator.ts";
import type { CheckpointDescription } from "../training/checkpointFormat.ts";
import { describeModel, type Engine } from "./engine.ts";
import { evaluatePairs } from "./evaluation.ts";

/** Lines of a thread that are worth translating together. */
const LINES_PER_THREAD = 64;

/**
 * A model that computes in the calling thread, and in those of its pool.
 *
 * @param file what the model is called
 */
export function localEngine(
  translator: Translator,
  checkpoint: CheckpointDescription,
  file: string,
  warning?: string,
): Engine {
  const description = describeModel(checkpoint, file);
  return {
    description,
    sourceTokenizer: translator.sourceTokenizer,
    targetTokenizer: translator.targetTokenizer,
    warning,
    linesAtATime: LINES_PER_THREAD * translator.pool.threads,
    translate: (lines, options) => translator.translate(lines, options),
    score: (sources, targets, signal) => translator.score(sources, targets, signal),
    trace: (source, target, signal) => translator.trace(source, target, signal),
    stream: (line, options) => translator.stream(line, options),
    evaluate: (pairs, settings, call) =>
      evaluatePairs(translator, pairs, description.targetLanguage, settings, call),
    close: () => translator.close(),
  };
}
