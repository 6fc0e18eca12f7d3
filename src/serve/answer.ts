import type { TranslatedHypothesis, Translation } from "../decoding/translation.ts";
import type { TranslationRequest } from "./translationRequest.ts";

/** What a request is answered: one translation, or those of a list. */
export function answerTo(request: TranslationRequest, found: readonly Translation[]): object {
  const translations = found.map((translation) => answerOf(request, translation));
  return request.isOne ? translations[0]! : { translations };
}

/** A translation as JSON, in the words of `xformer translate --json`. */
function answerOf(
  { scores, options }: TranslationRequest,
  { text, hypotheses, sourceTokens, unknownTokens, overLong }: Translation,
): object {
  const described = hypotheses.map((hypothesis) => describe(hypothesis, scores));
  return {
    translation: text,
    ...described[0],
    sourceTokens,
    unknownTokens,
    overLong,
    ...((options.nBest ?? 1) > 1 ? { nBest: described } : {}),
  };
}

/** A hypothesis, with its probabilities where they are wanted. */
function describe({ text, ended, alignment, unmet, ...rest }: TranslatedHypothesis, scores: boolean): object {
  const { tokens, logProbability, score, tokenLogProbabilities } = rest;
  return {
    translation: text,
    ended,
    ...(scores ? { logProbability, score, tokens, tokenLogProbabilities } : {}),
    ...(alignment === undefined ? {} : { alignment }),
    ...(unmet === undefined ? {} : { unmet }),
  };
}
