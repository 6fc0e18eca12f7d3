import type { Tokenizer } from "../text/tokenizer.ts";
import { lengthPenalty } from "./lengthPenalty.ts";
import type { FoundTarget } from "./results.ts";

/** One line, translated. */
export interface Translation {
  readonly text: string;
  /** Source tokens. */
  readonly sourceTokens: number;
  /** Source tokens that are not in the vocabulary. */
  readonly unknownTokens: number;
  /** Whether the source is longer than any sentence that was trained on could be. */
  readonly overLong: boolean;
  /** What was found, best first (samples as they were drawn); `text` is that of the first. None for an empty line. */
  readonly hypotheses: readonly TranslatedHypothesis[];
}

/** One way to translate a line. */
export interface TranslatedHypothesis {
  readonly text: string;
  /** Ids of the tokens, without BEGIN and END. */
  readonly ids: readonly number[];
  /** Natural log of the probability, END included. */
  readonly logProbability: number;
  /** The same over the length penalty: what beam search goes by. */
  readonly score: number;
  /** Natural log of each token's probability given those before, END's last. */
  readonly tokenLogProbabilities: readonly number[];
  /** Whether the model has come to an end; if not, the limit has cut it short. */
  readonly ended: boolean;
}

/** A target that was found, as text. */
export function translated(found: FoundTarget, tokenizer: Tokenizer, alpha: number): TranslatedHypothesis {
  const { ids, logProbabilities, ended } = found;
  return withScore(tokenizer.decode(ids), ids, logProbabilities, ended, alpha);
}

function withScore(
  text: string,
  ids: readonly number[],
  tokenLogProbabilities: readonly number[],
  ended: boolean,
  alpha: number,
): TranslatedHypothesis {
  const logProbability = tokenLogProbabilities.reduce((sum, value) => sum + value, 0);
  const score = logProbability / lengthPenalty(tokenLogProbabilities.length, alpha);
  return { text, ids, logProbability, score, tokenLogProbabilities, ended };
}
