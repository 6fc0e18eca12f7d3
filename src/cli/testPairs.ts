import { type Corpus, loadCorpus } from "../data/corpus.ts";
import type { CheckpointDescription } from "../training/checkpoint.ts";

/** The flags of a command that holds a model against pairs. */
export interface TestFlags {
  readonly model: string;
  readonly test: string;
  readonly sourceLang?: string;
  readonly targetLang?: string;
  readonly threads?: number;
}

/** The pairs of `--test`; the languages of a prefix are the model's unless flags say otherwise. */
export function loadTestPairs(
  { test, sourceLang, targetLang }: Omit<TestFlags, "model">,
  { sourceLanguage, targetLanguage }: CheckpointDescription,
): Corpus {
  return loadCorpus(test, { source: sourceLang ?? sourceLanguage, target: targetLang ?? targetLanguage });
}
