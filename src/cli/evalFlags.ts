import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import type { BleuSmoothing } from "../evaluation/bleu.ts";
import type { EvaluationMetric, MetricOptions } from "../evaluation/metrics.ts";
import type { BleuTokenizer } from "../evaluation/tokenizers.ts";
import { choiceOption, countOption, defined, numberOption } from "./options.ts";

const BLEU_TOKENIZERS: readonly BleuTokenizer[] = ["13a", "intl", "char", "zh", "none"];
const SMOOTHINGS: readonly BleuSmoothing[] = ["none", "floor", "add-k", "exp"];

/** The flags that set metrics. */
export interface MetricFlags {
  readonly metrics?: string;
  readonly lowercase?: boolean;
  readonly bleuTokenizer?: BleuTokenizer;
  readonly smoothMethod?: BleuSmoothing;
  readonly smoothValue?: number;
  readonly bleuOrder?: number;
  readonly effectiveOrder?: boolean;
  readonly chrfCharOrder?: number;
  readonly chrfBeta?: number;
  readonly chrfWhitespace?: boolean;
  readonly chrfEpsSmoothing?: boolean;
  readonly terNormalized?: boolean;
  readonly terNoPunct?: boolean;
  readonly terAsianSupport?: boolean;
  readonly terCaseSensitive?: boolean;
}

/** Gives a command the flags that set metrics; names and meanings are sacreBLEU's. */
export function addMetricOptions(command: Command): Command {
  return command
    .option(
      "--metrics <names>",
      "bleu, chrf, chrf++, ter, wer, cer, per, exact-match, not-exact; with a model also loss, perplexity, token-accuracy",
    )
    .option("--lowercase", "ignore case in all metrics but TER, which does unless told otherwise")
    .addOption(
      choiceOption(
        "--bleu-tokenizer <name>",
        "sacreBLEU's tokeniser; zh for Chinese, else 13a",
        BLEU_TOKENIZERS,
      ),
    )
    .addOption(
      choiceOption("--smooth-method <name>", "what BLEU makes of orders without a match", SMOOTHINGS, "exp"),
    )
    .addOption(
      numberOption("--smooth-value <x>", "for floor (default: 0.1) and add-k (default: 1)", { above: 0 }),
    )
    .addOption(countOption("--bleu-order <n>", "longest n-grams of BLEU (default: 4)", { to: 16 }))
    .option("--effective-order", "BLEU leaves out orders that the translations are too short for")
    .addOption(
      countOption("--chrf-char-order <n>", "longest character n-grams of chrF (default: 6)", { to: 32 }),
    )
    .addOption(
      countOption("--chrf-beta <n>", "weight of recall over precision in chrF (default: 2)", { to: 100 }),
    )
    .option("--chrf-whitespace", "chrF counts white space as characters")
    .option("--chrf-eps-smoothing", "chrF averages F-scores over all orders, as Popović's program does")
    .option("--ter-normalized", "TER splits punctuation off words")
    .option("--ter-no-punct", "TER drops punctuation")
    .option("--ter-asian-support", "these two treat Chinese and Japanese too")
    .option("--ter-case-sensitive", "TER heeds case");
}

/** What the flags set, and nothing else. */
export function metricOptions(flags: MetricFlags): MetricOptions {
  return {
    ...defined({ lowercase: flags.lowercase }),
    bleu: defined({
      tokenizer: flags.bleuTokenizer,
      smoothMethod: flags.smoothMethod,
      smoothValue: flags.smoothValue,
      maxOrder: flags.bleuOrder,
      effectiveOrder: flags.effectiveOrder,
    }),
    chrf: defined({
      charOrder: flags.chrfCharOrder,
      beta: flags.chrfBeta,
      whitespace: flags.chrfWhitespace,
      epsSmoothing: flags.chrfEpsSmoothing,
    }),
    ter: defined({
      normalized: flags.terNormalized,
      noPunct: flags.terNoPunct,
      asianSupport: flags.terAsianSupport,
      caseSensitive: flags.terCaseSensitive,
    }),
  };
}

/**
 * The names in `--metrics`.
 *
 * @param allowed what can be measured here
 * @throws XformerError USAGE for another name
 */
export function parseMetrics<Name extends EvaluationMetric>(list: string, allowed: readonly Name[]): Name[] {
  const names = new Set(list.split(",").map((name) => name.trim()));
  return [...names].map((name) => {
    const known = allowed.find((metric) => metric === name);
    if (known !== undefined) return known;
    throw new XformerError("USAGE", `--metrics: expected some of ${allowed.join(", ")}, got "${name}"`, {
      hint: "Put commas between names.",
    });
  });
}
