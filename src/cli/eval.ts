import type { Command } from "commander";
import { addComputingOptions } from "./computing.ts";
import { addBeamOptions, constraintsOption, minLengthOption, tagOption } from "./decodingFlags.ts";
import { addMetricOptions } from "./evalFlags.ts";
import type { SystemFlags } from "./evalSystems.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { choiceOption, countOption, debugOption, modelOption, pathOption } from "./options.ts";

interface EvalFlags extends SystemFlags {
  readonly byLength?: true | "source" | "reference";
  readonly worst?: number;
  readonly bootstrapTrials?: number;
  readonly randomisationTrials?: number;
  readonly seed?: number;
  readonly output?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `xformer eval`. */
export function addEval(program: Command, run: Run): void {
  const command = program
    .command("eval")
    .description("measure a model on pairs, or translations in a file against references")
    .addOption(modelOption())
    .addOption(pathOption("--test <path>", "the pairs: a .tsv of two columns, or a prefix of two files"))
    .option("--source-lang <tag>", "file ending of the source (default: the model's source language)")
    .option("--target-lang <tag>", "file ending of the target (default: the model's target language)")
    .addOption(
      pathOption("--hypotheses <file>", "translations, one a line, instead of a model; - is standard input"),
    )
    .option("--references <files...>", "their references, one a line; several files where there are several")
    .addOption(pathOption("--baseline <path>", "another model, or file of translations, to compare with"))
    .option(
      "--accepted-separator <text>",
      'what stands between accepted references of one line, as in "a | b"',
    );
  addBeamOptions(command)
    .addOption(minLengthOption())
    .addOption(constraintsOption("reference"))
    .addOption(tagOption());
  addComputingOptions(addMetricOptions(command))
    .option("--force", "do not warn of translations that look tokenised")
    .addOption(
      choiceOption("--by-length [side]", "scores by length in tokens", ["source", "reference"], "reference"),
    )
    .addOption(countOption("--worst <n>", "show the translations with the lowest sentence chrF"))
    .addOption(
      countOption("--bootstrap-trials <n>", "resamples for --baseline (default: 1000)", {
        to: 1e6,
      }),
    )
    .addOption(
      countOption("--randomisation-trials <n>", "shuffles for --baseline (default: 10000)", { to: 1e6 }),
    )
    .addOption(
      countOption("--seed <n>", "of resamples and shuffles (default: 12345)", { from: 0, to: 4294967295 }),
    )
    .addOption(pathOption("-o, --output <file>", "write the translations there, one a line"))
    .option("--json", "one JSON object on stdout")
    .option("-q, --quiet", "no warnings")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Rates and scores go from 0 to 100; error rates can be larger.

Examples:
  $ npx xformer eval --model runs/zh-en-1 --test data/zh-en/test
  $ npx xformer eval --model runs/zh-en-1 --test data/zh-en/test --beam 5
  $ npx xformer eval --model runs/zh-en-1 --test data/zh-en/test --by-length --worst 5
  $ npx xformer eval --hypotheses output.en --references data/zh-en/test.en --metrics bleu,chrf++,ter
  $ npx xformer eval --model runs/zh-en-2 --baseline runs/zh-en-1 --test data/zh-en/test`,
    )
    .action(run(evaluate));
}

async function evaluate(flags: EvalFlags): Promise<ExitCode> {
  const [{ XformerError }, { measureSystems }, { compareSystems }, report, { canvasFor, render }, terminal] =
    await Promise.all([
      import("../errors.ts"),
      import("./evalSystems.ts"),
      import("../evaluation/significance.ts"),
      import("../report/evaluation.ts"),
      import("./ui/render.ts"),
      import("./ui/terminal.ts"),
    ]);
  const trials = (["bootstrapTrials", "randomisationTrials", "seed"] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (flags.baseline === undefined && trials !== undefined) {
    const flag = `--${trials.replace("T", "-t")}`;
    throw new XformerError("USAGE", `${flag}: nothing is compared`, { hint: "Give --baseline too." });
  }
  if (flags.byLength === "source" && flags.hypotheses !== undefined) {
    const hint = "Use --by-length reference.";
    throw new XformerError("USAGE", "--by-length source: files of translations have no sources", { hint });
  }
  const result = await measureSystems(flags, terminal.warnings(flags.quiet));
  const { system, baseline, lengths } = result;
  if (flags.output !== undefined) await writeLines(flags.output, system.hypotheses);
  const evaluation = report.evaluationReport(result, {
    lengths: flags.byLength && (flags.byLength === "source" ? lengths.source : lengths.reference),
    worst: flags.worst,
    comparisons: baseline && compareSystems(system.measured, baseline.measured, flags),
  });
  await terminal.print(
    flags.json
      ? terminal.jsonLines(report.evaluationJson(evaluation))
      : render(report.evaluationDocument(evaluation), canvasFor(process.stdout)),
  );
  return EXIT.done;
}

async function writeLines(file: string, lines: readonly string[]): Promise<void> {
  const [{ openSink }, { onOneLine }] = await Promise.all([import("./sinks.ts"), import("./ui/terminal.ts")]);
  const sink = openSink(file);
  try {
    await sink.write(lines.map((line) => `${onOneLine(line)}\n`).join(""));
    sink.finish();
  } catch (error) {
    sink.discard();
    throw error;
  }
}
