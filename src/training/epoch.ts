import type { RunSummary } from "./events.ts";
import type { PreparedCorpus } from "./prepare.ts";

/** What is trained on, corpus by corpus. */
export function partsOf({
  corpora,
  corpus,
}: Pick<PreparedCorpus, "corpora" | "corpus">): RunSummary["corpora"] {
  const { parts = [{ ...corpus.statistics, pairs: corpus.pairs }] } = corpus.statistics;
  return corpora.map(({ path, tag, weight, leftOut }, i) => {
    const { pairs, skipped, sourceTokens, targetTokens } = parts[i]!;
    return { path, tag, weight, pairs, skipped, sourceTokens, targetTokens, leftOut };
  });
}

/** What an epoch takes, on average: each corpus as often as its weight says. */
export interface Epoch {
  readonly pairs: number;
  /** Tokens of all sources and of all targets, ENDs included, and of both. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
  readonly tokens: number;
}

/** How much an epoch is. */
export function epochOf(prepared: Pick<PreparedCorpus, "corpora" | "corpus">): Epoch {
  const parts = partsOf(prepared);
  const total = (count: (part: RunSummary["corpora"][number]) => number): number =>
    Math.round(parts.reduce((sum, part) => sum + part.weight * count(part), 0));
  const pairs = total((part) => part.pairs);
  const sourceTokens = total((part) => part.sourceTokens + part.pairs);
  const targetTokens = total((part) => part.targetTokens + part.pairs);
  return { pairs, sourceTokens, targetTokens, tokens: sourceTokens + targetTokens };
}
