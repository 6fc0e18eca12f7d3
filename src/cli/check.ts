import type { Command } from "commander";
import type { CheckOptions, CheckReport, CorpusToCheck } from "../data/check/check.ts";
import { type FilterConfig, type FilterName, NO_FILTER } from "../data/check/filterConfig.ts";
import type { SideReport } from "../data/check/sideStatistics.ts";
import type { Languages } from "../data/corpusPlace.ts";
import { XformerError } from "../errors.ts";
import type { FittedSettings } from "../training/settings/fit.ts";
import { EXIT, type ExitCode, type Run } from "./exit.ts";
import { countOption, debugOption, pathOption } from "./options.ts";

interface CheckFlags {
  readonly valid?: string;
  readonly test?: string;
  readonly sourceLang?: string;
  readonly targetLang?: string;
  readonly model?: string;
  readonly tokenizer?: string;
  readonly sourceTokenizer?: string;
  readonly targetTokenizer?: string;
  readonly limit?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly fix?: boolean;
  readonly filters?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** What --fix filters unless told otherwise; lengths are, when they are given. */
const FIXED: readonly FilterName[] = ["duplicates", "identical", "ratio", "script"];
/** What it can be told to. */
const FILTERED = [...FIXED, "ambiguous"] as const;

const TOKENIZER_FLAGS = [
  ["tokenizer", "--tokenizer"],
  ["sourceTokenizer", "--source-tokenizer"],
  ["targetTokenizer", "--target-tokenizer"],
] as const;

/** Adds `xformer check`. */
export function addCheck(program: Command, run: Run): void {
  program
    .command("check")
    .description("look for what is wrong with corpora before training on them, line by line")
    .argument(
      "<corpus...>",
      "training pairs: .tsv files of two columns, or prefixes of two files; .gz as well",
    )
    .addOption(pathOption("--valid <path>", "validation pairs, also held against those before"))
    .addOption(pathOption("--test <path>", "held-out pairs, also held against those before"))
    .option("--source-lang <tag>", "file ending of the source, for a prefix (default: the model's)")
    .option("--target-lang <tag>", "file ending of the target, for a prefix (default: the model's)")
    .addOption(
      pathOption(
        "-m, --model <path>",
        "run directory or checkpoint: lengths in its tokens, and unknown ones",
      ),
    )
    .addOption(
      pathOption(
        "--tokenizer <file>",
        "a tokenizer.json or SentencePiece model for both sides, instead of a model",
      ),
    )
    .addOption(
      pathOption("--source-tokenizer <file>", "a tokenizer.json or SentencePiece model for the source"),
    )
    .addOption(
      pathOption("--target-tokenizer <file>", "a tokenizer.json or SentencePiece model for the target"),
    )
    .addOption(countOption("--limit <n>", "examples of every kind of finding (default: 5)", { from: 0 }))
    .addOption(countOption("--min-length <n>", "sides of fewer words, or characters, are findings"))
    .addOption(countOption("--max-length <n>", "sides of more are findings"))
    .option("--fix", "write training corpora anew, without lines that are errors or filtered")
    .option(
      "--filters <names>",
      `with --fix: what is filtered (${FILTERED.join(", ")}; default: all but the last; none)`,
    )
    .addOption(
      pathOption("-o, --output <path>", "with --fix: where the corpus goes (default: beside it, as .clean)"),
    )
    .option("--force", "with --fix: overwrite files that are there; never those of the corpus")
    .option("--json", "one JSON object on stdout")
    .addOption(debugOption())
    .addHelpText(
      "after",
      `
Errors are what a training stops at: lines without two columns, empty sides, invalid UTF-8, files of unequal
length. The exit code is 1 when there are any, and 0 with warnings only, or when --fix has left them out.

Examples:
  $ npx xformer check pairs.tsv
  $ npx xformer check data/zh-en/train --valid data/zh-en/valid --test data/zh-en/test --source-lang zh --target-lang en
  $ npx xformer check big.tsv.gz --model runs/zh-en-1 --json
  $ npx xformer check pairs.tsv --fix --filters duplicates,ratio --output clean.tsv`,
    )
    .action(run(check));
}

async function check(paths: readonly string[], flags: CheckFlags): Promise<ExitCode> {
  const given = TOKENIZER_FLAGS.find(([name]) => flags[name] !== undefined);
  if (flags.model !== undefined && given !== undefined) {
    const hint = "Leave out one of them.";
    throw new XformerError("USAGE", `${given[1]}: a model brings its own tokenizers`, { hint });
  }
  const lengths = { minLength: flags.minLength ?? null, maxLength: flags.maxLength ?? null };
  const fix = fixOf(paths, flags, lengths);
  const [{ checkCorpora }, { checkDocument }, { canvasFor, render }, { jsonLines, print }] =
    await Promise.all([
      import("../data/check/check.ts"),
      import("../report/check.ts"),
      import("./ui/render.ts"),
      import("./ui/terminal.ts"),
    ]);
  const report = await checkCorpora(corporaOf(paths, flags), {
    limit: flags.limit,
    ...{ lengths, fix },
    ...(await readersOf(flags)),
  });
  const fitted = await fittedTo(report, flags);
  await print(
    flags.json
      ? jsonLines({ ...report, fitted })
      : render(checkDocument(report, fitted), canvasFor(process.stdout)),
  );
  return report.errors > 0 && !flags.fix ? EXIT.failed : EXIT.done;
}

/** What is to be filtered, and where the cleaned corpora go. */
function fixOf(
  paths: readonly string[],
  { fix, filters, output, force }: CheckFlags,
  lengths: Pick<FilterConfig, "minLength" | "maxLength">,
): CheckOptions["fix"] {
  const refuse = (problem: string, hint: string): never => {
    throw new XformerError("USAGE", problem, { hint });
  };
  if (!fix) {
    const [flag] = Object.entries({ filters, output, force }).find(([, value]) => value !== undefined) ?? [];
    return flag === undefined ? undefined : refuse(`--${flag}: nothing is written`, "Give --fix too.");
  }
  if (output !== undefined && paths.length > 1)
    refuse("--output: there are several corpora", "Give one, or leave --output out.");
  const names = filters === undefined ? FIXED : filters === "none" ? [] : filters.split(",");
  const wrong = names.find((name) => !(FILTERED as readonly string[]).includes(name));
  if (wrong !== undefined)
    refuse(`--filters: expected some of ${FILTERED.join(", ")}, got "${wrong}"`, "Put commas between names.");
  const chosen = Object.fromEntries(names.map((name) => [name, true]));
  return { output, force, filter: { ...NO_FILTER, ...chosen, ...lengths } };
}

/** What a training on the pairs would be fitted to: their lengths as they were counted, with an END each. */
async function fittedTo(
  { corpora, vocabulary }: CheckReport,
  { valid, test }: CheckFlags,
): Promise<FittedSettings | null> {
  const [{ fitSettings }, { usuallyHeldOut }] = await Promise.all([
    import("../training/settings/fit.ts"),
    import("../data/heldOut.ts"),
  ]);
  const trained = corpora.filter((corpus) => corpus.part === "train" && corpus.pairs > 0);
  if (trained.length === 0) return null;
  const shapes = trained.map(({ pairs: all, source, target }) => {
    const usual = usuallyHeldOut(all);
    const validPairs = valid === undefined ? usual : 0;
    const pairs = all - validPairs - ((valid ?? test) === undefined ? usual : 0);
    const tokens = ({ total }: SideReport): number => Math.round((total / all + 1) * pairs);
    return { pairs, sourceTokens: tokens(source), targetTokens: tokens(target), validPairs };
  });
  const sum = (field: keyof (typeof shapes)[number]): number =>
    shapes.reduce((total, shape) => total + shape[field], 0);
  const given = corpora.find(({ part }) => part === "valid");
  return fitSettings({
    pairs: sum("pairs"),
    sourceTokens: sum("sourceTokens"),
    targetTokens: sum("targetTokens"),
    vocabulary: Math.max(vocabulary.source, vocabulary.target),
    validPairs: given?.pairs ?? sum("validPairs"),
  });
}

function corporaOf(paths: readonly string[], { valid, test }: CheckFlags): CorpusToCheck[] {
  return [
    ...paths.map((path): CorpusToCheck => ({ path, part: "train" })),
    ...(valid === undefined ? [] : [{ path: valid, part: "valid" } as const]),
    ...(test === undefined ? [] : [{ path: test, part: "test" } as const]),
  ];
}

/** Whose tokens are counted, and the languages of prefixes. */
async function readersOf(
  flags: CheckFlags,
): Promise<Pick<CheckOptions, "languages" | "tokenizers" | "unknownWords" | "mostTokens">> {
  const languages: Languages = { source: flags.sourceLang, target: flags.targetLang };
  const hasFile = TOKENIZER_FLAGS.some(([name]) => flags[name] !== undefined);
  if (flags.model === undefined && !hasFile) return { languages };
  const { unknownWords } = await import("./doubts.ts");
  if (flags.model === undefined) {
    const { readTokenizer } = await import("../io/tokenizerFile.ts");
    const { tokenizer, sourceTokenizer = tokenizer, targetTokenizer = tokenizer } = flags;
    const read = (file: string | undefined) => (file === undefined ? undefined : readTokenizer(file));
    const tokenizers = { source: read(sourceTokenizer), target: read(targetTokenizer) };
    return { languages, tokenizers, unknownWords };
  }
  const { describeCheckpoint } = await import("../training/checkpoint.ts");
  const model = describeCheckpoint(flags.model);
  return {
    languages: {
      source: languages.source ?? model.sourceLanguage,
      target: languages.target ?? model.targetLanguage,
    },
    tokenizers: { source: model.sourceTokenizer, target: model.targetTokenizer },
    mostTokens: model.model.maxLength,
    unknownWords,
  };
}
