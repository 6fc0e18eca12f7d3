import type { Pairs } from "../data/corpus.ts";
import type { PreparedCorpus, Tokenizers } from "./prepare.ts";

/** How much of some pairs a model reads as `<unk>`; ENDs are not counted. */
export interface UnknownTokens {
  readonly sourceTokens: number;
  readonly unknownSource: number;
  readonly targetTokens: number;
  readonly unknownTarget: number;
}

/** Counts what the tokenizers do not know of pairs. */
export function unknownTokens({ source, target }: Pairs, tokenizers: Tokenizers): UnknownTokens {
  const count = (lines: readonly string[], side: keyof Tokenizers): [tokens: number, unknown: number] => {
    const { [side]: tokenizer } = tokenizers;
    let [tokens, unknown] = [0, 0];
    for (const line of lines) {
      const ids = tokenizer.encode(line);
      tokens += ids.length;
      unknown += tokenizer.vocabulary.countUnknown(ids);
    }
    return [tokens, unknown];
  };
  const [sourceTokens, unknownSource] = count(source, "source");
  const [targetTokens, unknownTarget] = count(target, "target");
  return { sourceTokens, unknownSource, targetTokens, unknownTarget };
}

/** Of a hundred source lines so many are one word, and as many words are those of a single line. */
const NEARLY_ALL = 0.9;

/**
 * Why nothing can be learned from a corpus, in words: sources of one word each, nearly all of them different, tell a
 * model that reads words nothing about those that it has not seen.
 */
export function doubtAboutWords({ tokenizers, corpus }: PreparedCorpus): string | undefined {
  const { source, target } = tokenizers;
  if (source.kind !== "word" || source === target) return undefined;
  const { sourceTokens, unknownSource } = corpus.statistics;
  const words = source.vocabulary.size + unknownSource;
  if (sourceTokens * NEARLY_ALL > corpus.pairs || words < corpus.pairs * NEARLY_ALL) return undefined;
  return "nearly every source line is a single word that no other line has: a model of words learns nothing about words it has not seen. Give --source-tokenizer char.";
}
