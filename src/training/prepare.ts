import type { EncodedPair } from "../data/batches.ts";
import type { Corpus } from "../data/corpus.ts";
import { XformerError } from "../errors.ts";
import { learnTokenizer, type Tokenizer, type TokenizerKind } from "../text/tokenizer.ts";

/** How text becomes tokens; the same for both sides. */
export interface TokenizerConfig {
  readonly kind: TokenizerKind;
  readonly lowercase: boolean;
  /** Tokens seen fewer times become `<unk>`. */
  readonly minFrequency: number;
  /** The most entries of a vocabulary; null for no limit. */
  readonly vocabularySize: number | null;
}

/** The two tokenizers of a model. */
export interface Tokenizers {
  readonly source: Tokenizer;
  readonly target: Tokenizer;
}

/** A training corpus as token ids, and what became of it. */
export interface PreparedCorpus {
  readonly pairs: readonly EncodedPair[];
  /** Pairs left out because a side has more than `maxLength` tokens. */
  readonly skipped: number;
  /** Tokens of the pairs that are left, ENDs not counted. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
  /** Those of them that are not in the vocabulary. */
  readonly unknownSource: number;
  readonly unknownTarget: number;
  /** Tokens of the longest target. */
  readonly longestTarget: number;
}

/** Learns the tokenizers of both sides from the training corpus; over one vocabulary when `joint`. */
export function learnTokenizers(
  corpus: Corpus,
  config: TokenizerConfig,
  languages: { readonly source: string; readonly target: string },
  joint: boolean,
): Tokenizers {
  const { kind, lowercase, minFrequency } = config;
  const vocabularySize = config.vocabularySize ?? undefined;
  const options = { kind, lowercase, minFrequency, vocabularySize };
  if (joint) {
    const shared = learnTokenizer([...corpus.source, ...corpus.target], {
      ...options,
      language: languages.target,
    });
    return { source: shared, target: shared };
  }
  return {
    source: learnTokenizer(corpus.source, { ...options, language: languages.source }),
    target: learnTokenizer(corpus.target, { ...options, language: languages.target }),
  };
}

/**
 * Encodes a training corpus and leaves out the pairs that are too long.
 *
 * @throws XformerError DATA when nothing is left
 */
export function prepareCorpus(corpus: Corpus, tokenizers: Tokenizers, maxLength: number): PreparedCorpus {
  const pairs: EncodedPair[] = [];
  const sums = { sourceTokens: 0, targetTokens: 0, unknownSource: 0, unknownTarget: 0, longestTarget: 0 };
  for (const [index, text] of corpus.source.entries()) {
    const source = tokenizers.source.encode(text);
    const target = tokenizers.target.encode(corpus.target[index]!);
    if (Math.max(source.length, target.length) > maxLength) continue;
    pairs.push({ source, target, index });
    sums.sourceTokens += source.length;
    sums.targetTokens += target.length;
    sums.unknownSource += tokenizers.source.vocabulary.countUnknown(source);
    sums.unknownTarget += tokenizers.target.vocabulary.countUnknown(target);
    sums.longestTarget = Math.max(sums.longestTarget, target.length);
  }
  if (pairs.length === 0) {
    throw new XformerError("DATA", `every pair has a side of more than ${maxLength} tokens`, {
      file: corpus.files.source,
      hint: "Raise --max-length.",
    });
  }
  return { pairs, skipped: corpus.source.length - pairs.length, ...sums };
}
