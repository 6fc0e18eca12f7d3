import type { Translation, Translator } from "../decoding/translator.ts";
import { type BleuScore, corpusBleu } from "./bleu.ts";
import { corpusChrf } from "./chrf.ts";
import { exactMatch } from "./exactMatch.ts";
import type { MetricScore } from "./metric.ts";
import type { BleuTokenizer } from "./tokenizers/index.ts";

/** How a model does on a corpus; rates and scores from 0 to 100. */
export interface Evaluation {
  /** Cross-entropy of a target token, END included, in nats. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** Target tokens that were the most probable ones, given those before, in percent. */
  readonly tokenAccuracy: number;
  /** Greedy translations that equal their reference, in percent. */
  readonly exactMatch: number;
  readonly bleu: BleuScore;
  readonly chrf: MetricScore;
  /** The greedy translation of every source. */
  readonly translations: readonly Translation[];
}

/** The tokeniser sacreBLEU recommends for a target language. */
export function bleuTokenizerFor(language: string): BleuTokenizer {
  return /^zh\b/i.test(language) ? "zh" : "13a";
}

/**
 * Evaluates a model on sentence pairs: likelihood by teacher forcing, the rest by greedy translation.
 *
 * @param options.lowercase whether BLEU and exact match ignore case, as they have to when the model's
 *   tokenizer lowercases; BLEU's signature says so
 */
export async function evaluate(
  translator: Translator,
  sources: readonly string[],
  references: readonly string[],
  options: { readonly bleuTokenizer: BleuTokenizer; readonly lowercase: boolean },
): Promise<Evaluation> {
  let logProbability = 0;
  let tokens = 0;
  let correct = 0;
  for (const score of await translator.score(sources, references)) {
    logProbability += score.logProbability;
    tokens += score.tokens;
    correct += score.correct;
  }
  const loss = -logProbability / tokens;
  const translations = await translator.translate(sources);
  const fold = (lines: readonly string[]): readonly string[] =>
    options.lowercase ? lines.map((line) => line.toLowerCase()) : lines;
  const hypotheses = translations.map(({ text }) => text);
  return {
    loss,
    perplexity: Math.exp(loss),
    tokenAccuracy: (100 * correct) / tokens,
    exactMatch: exactMatch(fold(hypotheses), [fold(references)]),
    bleu: corpusBleu(hypotheses, [references], {
      tokenizer: options.bleuTokenizer,
      lowercase: options.lowercase,
    }),
    chrf: corpusChrf(hypotheses, [references], { lowercase: options.lowercase }),
    translations,
  };
}
