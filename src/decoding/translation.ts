import type { Tokenizer } from "../text/tokenizer.ts";
import { type Alignment, joinAlignments, type Link } from "./alignments.ts";
import type { AttentionWeights } from "./crossAttention.ts";
import { lengthPenalty } from "./lengthPenalty.ts";
import { joinPieces } from "./longLines.ts";
import type { FoundTarget } from "./results.ts";

/** One line, translated. */
export interface Translation {
  readonly text: string;
  /** Source tokens. */
  readonly sourceTokens: number;
  /** Source tokens that are not in the vocabulary. */
  readonly unknownTokens: number;
  /** Whether the source is longer than any that was trained on: in tokens, or in sentences where it can be split. */
  readonly overLong: boolean;
  /** Pieces that are, too: sentences that cannot be split. */
  readonly overLongPieces: number;
  /** In how many pieces it was translated: more than one where it was split, none where nothing was translated. */
  readonly pieces: number;
  /** What was found, best first (samples as they were drawn); `text` is that of the first. */
  readonly hypotheses: readonly TranslatedHypothesis[];
}

/** One way to translate a line. */
export interface TranslatedHypothesis {
  readonly text: string;
  /** The tokens, without BEGIN and END. */
  readonly tokens: readonly string[];
  /** Natural log of the probability, END included. */
  readonly logProbability: number;
  /** The same over the length penalty: what beam search goes by. */
  readonly score: number;
  /** Natural log of each token's probability given those before, END's last (of every piece, in a line that was split). */
  readonly tokenLogProbabilities: readonly number[];
  /** Whether the model has come to an end; if not, the limit has cut it short. */
  readonly ended: boolean;
  /** Which source goes with which target, if that was asked for. */
  readonly alignment?: readonly Link[];
  /** The constraints that it does not meet, where the line has constraints. */
  readonly unmet?: readonly string[];
  /** What its tokens attended to, if that was asked for: of every piece, in a line that was split. */
  readonly attention?: readonly Attention[];
}

/** How much each token of a target attends to each of its source, in the decoder's last layer: the mean of its heads. */
export interface Attention {
  readonly sourceTokens: readonly string[];
  readonly targetTokens: readonly string[];
  /**
   * A row for each target token and one for END, with a column for each source token and one for END. A row sums to 1;
   * it is of the state that predicts its token.
   */
  readonly weights: readonly Float32Array[];
}

/** A hypothesis of a piece of a line, and what it has been aligned to. */
export interface PieceOfHypothesis extends FoundTarget {
  readonly alignment: Alignment | undefined;
  /** The constraints that it does not meet; undefined where there are none. */
  readonly unmet: readonly string[] | undefined;
  readonly attention: Attention | undefined;
  /** What its unknown tokens stand for, one after the other; nothing when they stay. */
  readonly copied: readonly string[];
}

/**
 * The hypotheses of a line from those of its pieces: the best of all pieces together are the best of the line, and
 * so on, as far as all pieces have them.
 *
 * @param alpha of the length penalty
 */
export function joinHypotheses(
  pieces: readonly (readonly PieceOfHypothesis[])[],
  tokenizer: Tokenizer,
  alpha: number,
): TranslatedHypothesis[] {
  if (pieces.length === 0) return [];
  const ranks = pieces.reduce((least, found) => Math.min(least, found.length), Number.POSITIVE_INFINITY);
  return Array.from({ length: ranks }, (_, rank) =>
    joinRank(
      pieces.map((found) => found[rank]!),
      tokenizer,
      alpha,
    ),
  );
}

function joinRank(
  parts: readonly PieceOfHypothesis[],
  tokenizer: Tokenizer,
  alpha: number,
): TranslatedHypothesis {
  const tokenLogProbabilities = parts.flatMap((part) => part.logProbabilities);
  const logProbability = tokenLogProbabilities.reduce((sum, value) => sum + value, 0);
  const unmet = parts[0]?.unmet; // what has constraints is not split
  const alignments = parts.flatMap(({ alignment }) => alignment ?? []);
  const attention = parts.flatMap((part) => part.attention ?? []);
  return {
    text: joinPieces(parts.map(({ ids, copied }) => tokenizer.decode(ids, copied))),
    tokens: parts.flatMap(({ ids }) => ids.map((id) => tokenizer.vocabulary.token(id))),
    logProbability,
    score: logProbability / lengthPenalty(tokenLogProbabilities.length, alpha),
    tokenLogProbabilities,
    ended: parts.every(({ ended }) => ended),
    ...(alignments.length > 0 ? { alignment: joinAlignments(alignments) } : {}),
    ...(unmet === undefined ? {} : { unmet }),
    ...(attention.length > 0 ? { attention } : {}),
  };
}

/** Weights by rows, with the tokens that they are of. */
export function attentionRows(
  { rows, columns, values }: AttentionWeights,
  sourceTokens: readonly string[],
  targetTokens: readonly string[],
): Attention {
  const weights = Array.from({ length: rows }, (_, row) => values.slice(row * columns, (row + 1) * columns));
  return { sourceTokens, targetTokens, weights };
}
