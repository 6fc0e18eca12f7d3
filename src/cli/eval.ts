import type { Command } from "commander";
import type { Evaluation } from "../evaluation/evaluate.ts";
import type { BleuTokenizer } from "../evaluation/tokenizers/index.ts";
import { EXIT, type ExitCode } from "./exitCodes.ts";
import { addTestPairsOptions, choiceOption, countOption, debugOption } from "./options.ts";
import type { Run } from "./program.ts";
import type { TestFlags } from "./testPairs.ts";

const BLEU_TOKENIZERS: readonly BleuTokenizer[] = ["13a", "char", "zh", "none"];

interface EvalFlags extends TestFlags {
  readonly bleuTokenizer?: BleuTokenizer;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `xformer eval`. */
export function addEval(program: Command, run: Run): void {
  const command = program
    .command("eval")
    .description("measure a model on pairs: loss, perplexity, token accuracy, exact match, BLEU");
  addTestPairsOptions(command)
    .addOption(
      choiceOption(
        "--bleu-tokenizer <name>",
        "sacreBLEU's tokeniser; zh for Chinese, else 13a",
        BLEU_TOKENIZERS,
      ),
    )
    .addOption(countOption("--threads <n>", "threads to compute on", { to: 256 }))
    .option("--json", "one JSON object on stdout")
    .option("-q, --quiet", "no warnings")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Rates and scores go from 0 to 100.

Examples:
  $ npx xformer eval --model runs/zh-en-1 --test data/zh-en/test
  $ npx xformer eval --model runs/zh-en-1 --test data/zh-en/test --json`,
    )
    .action(run(evaluateModel));
}

async function evaluateModel(flags: EvalFlags): Promise<ExitCode> {
  const [{ loadModel }, { bleuTokenizerFor, evaluate }, { loadTestPairs }, { warnings }] = await Promise.all([
    import("../trainedModel.ts"),
    import("../evaluation/evaluate.ts"),
    import("./testPairs.ts"),
    import("./ui/warnings.ts"),
  ]);
  const model = await loadModel(flags.model, { threads: flags.threads });
  const { description, translator } = model;
  const { source, target } = loadTestPairs(flags, description);
  const evaluation = await evaluate(translator, source, target, {
    bleuTokenizer: flags.bleuTokenizer ?? bleuTokenizerFor(description.targetLanguage),
    lowercase: description.targetTokenizer.lowercase,
  });
  await model.close();
  const warn = warnings(flags.quiet);
  for (const warning of await doubts(evaluation, description.model.maxLength)) warn(warning);
  await printEvaluation(evaluation, flags.json ?? false);
  return EXIT.done;
}

/** What may explain a bad result. */
async function doubts({ translations }: Evaluation, maxLength: number): Promise<string[]> {
  const { counted, percent } = await import("./ui/format.ts");
  const unknown = translations.reduce((sum, { unknownTokens }) => sum + unknownTokens, 0);
  const tokens = translations.reduce((sum, { sourceTokens }) => sum + sourceTokens, 0);
  const overLong = translations.filter((translation) => translation.overLong).length;
  return [
    ...(unknown === 0
      ? []
      : [
          `${counted(unknown, "source token")} of ${tokens} (${percent((100 * unknown) / tokens)}) are unknown to the model.`,
        ]),
    ...(overLong === 0
      ? []
      : [
          `${counted(overLong, "source")} of more than ${maxLength} tokens, for which the model was not trained.`,
        ]),
  ];
}

async function printEvaluation(evaluation: Evaluation, json: boolean): Promise<void> {
  const { loss, perplexity, tokenAccuracy, exactMatch, bleu } = evaluation;
  const { score, signature } = bleu;
  const { print } = await import("./ui/output.ts");
  if (json) {
    await print(
      `${JSON.stringify({ loss, perplexity, tokenAccuracy, exactMatch, bleu: { score, signature } })}\n`,
    );
    return;
  }
  const [{ percent }, { table }] = await Promise.all([import("./ui/format.ts"), import("./ui/table.ts")]);
  await print(
    table([
      ["loss", loss.toFixed(4)],
      ["perplexity", perplexity.toFixed(4)],
      ["token accuracy", percent(tokenAccuracy, 2)],
      ["exact match", percent(exactMatch, 2)],
      ["BLEU", score.toFixed(2)],
      ["", signature],
    ]),
  );
}
