import type { Translation } from "../decoding/translator.ts";
import { bleuTokenizerFor, evaluate } from "../evaluation/evaluate.ts";
import { LIKELIHOOD_NAMES, TEXT_METRIC_NAMES } from "../evaluation/metrics.ts";
import { type BleuTokenizer, bleuTokenizers } from "../evaluation/tokenizers/index.ts";
import { loadModel, type TrainedModel } from "../trainedModel.ts";
import { metricOptions, parseMetrics } from "./evalFlags.ts";
import { acceptedStreams, type System, type SystemFlags, type TestResult } from "./evalSystems.ts";
import { defined } from "./options.ts";
import { loadTestPairs, type TestFlags } from "./testPairs.ts";
import { counted, percent } from "./ui/format.ts";
import type { Warn } from "./ui/warnings.ts";

const USUAL_METRICS = "loss,perplexity,token-accuracy,exact-match,bleu,chrf";

/** Translates `--test` with the model, and with the baseline if there is one, and measures both. */
export async function measureModels(flags: SystemFlags & TestFlags, warn: Warn): Promise<TestResult> {
  const metrics = parseMetrics(flags.metrics ?? USUAL_METRICS, [...LIKELIHOOD_NAMES, ...TEXT_METRIC_NAMES]);
  const model = await loadModel(flags.model, { threads: flags.threads });
  const { description } = model;
  const { source, target } = loadTestPairs(flags, description);
  const references = acceptedStreams([target], flags.acceptedSeparator);
  const bleuTokenizer = flags.bleuTokenizer ?? bleuTokenizerFor(description.targetLanguage);
  const lowercase = flags.lowercase ?? description.targetTokenizer.lowercase;
  const measure = async (name: string, loaded: TrainedModel): Promise<System> => {
    try {
      const { translations, measured } = await evaluate(loaded.translator, source, target, {
        bleuTokenizer,
        lowercase,
        metrics,
        metricOptions: { ...metricOptions(flags), lowercase },
        acceptedSeparator: flags.acceptedSeparator,
        decoding: defined({ beam: flags.beam, lengthPenalty: flags.lengthPenalty }),
      });
      for (const doubt of doubts(translations, loaded.description.model.maxLength)) warn(doubt);
      return { name, hypotheses: translations.map(({ text }) => text), measured };
    } finally {
      await loaded.close();
    }
  };
  const system = await measure(flags.model, model);
  const { baseline } = flags;
  return {
    system,
    baseline:
      baseline === undefined
        ? undefined
        : await measure(baseline, await loadModel(baseline, { threads: flags.threads })),
    references,
    sources: source,
    lengths: {
      source: tokenCounts(source, bleuTokenizerFor(description.sourceLanguage)),
      reference: tokenCounts(references[0]!, bleuTokenizer),
    },
    lowercase,
  };
}

/** The tokens of every line. */
export function tokenCounts(lines: readonly (string | null)[], tokenizer: BleuTokenizer): number[] {
  return lines.map((line) => bleuTokenizers[tokenizer](line ?? "").length);
}

/** What may explain a bad result. */
function doubts(translations: readonly Translation[], maxLength: number): string[] {
  const unknown = translations.reduce((sum, { unknownTokens }) => sum + unknownTokens, 0);
  const tokens = translations.reduce((sum, { sourceTokens }) => sum + sourceTokens, 0);
  const overLong = translations.filter((translation) => translation.overLong).length;
  const share = percent((100 * unknown) / tokens);
  return [
    ...(unknown === 0
      ? []
      : [`${counted(unknown, "source token")} of ${tokens} (${share}) are unknown to the model.`]),
    ...(overLong === 0
      ? []
      : [
          `${counted(overLong, "source")} of more than ${maxLength} tokens, for which the model was not trained.`,
        ]),
  ];
}
