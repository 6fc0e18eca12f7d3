import type { Command } from "commander";
import { XformerError } from "../errors.ts";
import { type ModelConfig, PRESETS, type PresetName } from "../model/config.ts";
import { BUNDLED_TRAINING, DEFAULT_TRAINING } from "../training/config.ts";
import type { ResumeOptions, TrainOptions } from "../training/train.ts";
import { choiceOption, countOption, debugOption, defined, numberOption, pathOption } from "./options.ts";

/** What the flags of `xformer train` say, as commander names them. */
export interface TrainFlags {
  readonly train?: string;
  readonly valid?: string;
  readonly test?: string;
  readonly sourceLang?: string;
  readonly targetLang?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly resume?: string;
  readonly preset?: PresetName;
  readonly dModel?: number;
  readonly heads?: number;
  readonly ffn?: number;
  readonly encoderLayers?: number;
  readonly decoderLayers?: number;
  readonly norm?: ModelConfig["norm"];
  readonly activation?: ModelConfig["activation"];
  readonly positions?: ModelConfig["positions"];
  readonly tie?: ModelConfig["tie"];
  readonly dropout?: number;
  readonly maxLength?: number;
  readonly tokenizer?: "word" | "char";
  readonly lowercase?: boolean;
  readonly minFrequency?: number;
  readonly vocabSize?: number;
  readonly labelSmoothing?: number;
  readonly lr?: number;
  readonly warmup?: number;
  readonly clip?: number;
  readonly batchTokens?: number;
  readonly maxSteps?: number;
  readonly maxEpochs?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly logEvery?: number;
  readonly validateEvery?: number;
  readonly saveEvery?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly profile?: boolean;
}

/** Gives a command the flags of {@link TrainFlags}. */
export function addTrainFlags(command: Command): Command {
  const share = { from: 0, below: 1 };
  const usual = DEFAULT_TRAINING;
  return command
    .optionsGroup("Data:")
    .addOption(
      pathOption("--train <path>", "training pairs: a .tsv of two columns, or a prefix of two files"),
    )
    .addOption(pathOption("--valid <path>", "pairs to choose the best model by"))
    .addOption(pathOption("--test <path>", "held-out pairs to measure the best model on at the end"))
    .option("--source-lang <tag>", "language of the source: its file ending and the rules for its words")
    .option("--target-lang <tag>", "language of the target")
    .addOption(pathOption("--out <directory>", "where the run goes (default: runs/<corpus>-<n>)"))
    .option("--force", "overwrite the run that is in --out already")
    .addOption(pathOption("--resume <directory>", "go on with a run that was stopped"))
    .optionsGroup("Model:")
    .addOption(choiceOption("--preset <name>", "sizes to start from", Object.keys(PRESETS), "small"))
    .addOption(countOption("--d-model <n>", "width of embeddings and layers"))
    .addOption(countOption("--heads <n>", "attention heads; has to divide --d-model"))
    .addOption(countOption("--ffn <n>", "inner width of the feed-forward networks"))
    .addOption(countOption("--encoder-layers <n>", "layers of the encoder"))
    .addOption(countOption("--decoder-layers <n>", "layers of the decoder"))
    .addOption(
      choiceOption(
        "--norm <where>",
        "layer normalisation after or before sublayers",
        ["post", "pre"],
        "post",
      ),
    )
    .addOption(
      choiceOption("--activation <name>", "activation between feed-forward layers", ["relu", "gelu"], "relu"),
    )
    .addOption(
      choiceOption("--positions <kind>", "encoding of positions", ["sinusoidal", "learned"], "sinusoidal"),
    )
    .addOption(
      choiceOption("--tie <which>", "embeddings that share weights", ["none", "decoder", "all"], "decoder"),
    )
    .addOption(numberOption("--dropout <p>", "probability of dropping an activation (default: 0.1)", share))
    .addOption(countOption("--max-length <n>", "longest sentence to train on, in tokens (default: 256)"))
    .optionsGroup("Tokens:")
    .addOption(choiceOption("--tokenizer <kind>", "what the tokens are", ["word", "char"], "word"))
    .option("--lowercase", "lowercase everything")
    .addOption(countOption("--min-frequency <n>", "tokens seen less often become <unk> (default: 1)"))
    .addOption(
      countOption("--vocab-size <n>", "most entries of a vocabulary (default: no limit)", { from: 4 }),
    )
    .optionsGroup("Training:")
    .addOption(
      numberOption(
        "--label-smoothing <p>",
        `share of the target spread over all tokens (default: ${usual.labelSmoothing})`,
        share,
      ),
    )
    .addOption(
      numberOption(
        "--lr <rate>",
        "peak learning rate (default: the paper's, d-model^-0.5 warmup^-0.5; 0.002 for the bundled corpus)",
        {
          above: 0,
          to: 10,
        },
      ),
    )
    .addOption(
      countOption(
        "--warmup <steps>",
        `steps over which the learning rate rises (default: ${usual.warmupSteps})`,
      ),
    )
    .addOption(
      numberOption("--clip <norm>", `largest norm of the gradient, 0 for any (default: ${usual.clipNorm})`, {
        from: 0,
      }),
    )
    .addOption(
      countOption(
        "--batch-tokens <n>",
        `most tokens of a step, on either side (default: ${usual.batchTokens})`,
      ),
    )
    .addOption(countOption("--max-steps <n>", "steps to train"))
    .addOption(
      countOption(
        "--max-epochs <n>",
        `passes over the corpus (default: ${usual.maxEpochs}, or ${BUNDLED_TRAINING.maxEpochs} over the bundled one, without --max-steps)`,
      ),
    )
    .addOption(
      countOption("--seed <n>", `where every random number starts (default: ${usual.seed})`, {
        from: 0,
        to: 0xffff_ffff,
      }),
    )
    .addOption(
      countOption(
        "--threads <n>",
        "threads to compute on; results do not depend on it (default: one a core)",
        { to: 256 },
      ),
    )
    .addOption(countOption("--validate-every <steps>", "steps between validations (default: once an epoch)"))
    .addOption(countOption("--save-every <steps>", "steps between saves (default: at each validation)"))
    .addOption(
      countOption("--log-every <steps>", `steps between lines of metrics.jsonl (default: ${usual.logEvery})`),
    )
    .optionsGroup("Output:")
    .option("--json", "events and result as JSON lines on stdout")
    .option("-q, --quiet", "only errors and the result")
    .option("--profile", "at the end, where the time of a thread went")
    .addOption(debugOption());
}

/**
 * Checks that the flags make sense together.
 *
 * @throws XformerError USAGE naming the flag that does not
 */
export function refuseContradictions(flags: TrainFlags): void {
  const refuse = (problem: string, hint: string): never => {
    throw new XformerError("USAGE", problem, { hint });
  };
  if (flags.resume !== undefined && flags.out !== undefined)
    refuse("--out: a resumed run stays where it is", "Leave it out.");
  if (flags.resume !== undefined && flags.force)
    refuse("--force: a resumed run overwrites nothing", "Leave it out.");
  if (flags.resume !== undefined || flags.train !== undefined) return;
  for (const name of ["valid", "test", "sourceLang", "targetLang"] as const) {
    const flag = `--${name.replace("Lang", "-lang")}`;
    if (flags[name] !== undefined)
      refuse(`${flag}: without --train the bundled corpus is used`, "Give --train too.");
  }
}

/** The settings that a new and a resumed run can both be given. */
export function settingsOf(
  flags: TrainFlags,
): Pick<ResumeOptions, "model" | "tokenizer" | "training" | "threads" | "profile"> {
  // Whoever says how many steps wants so many, whatever the epochs were by default or before; and the other way.
  const maxEpochs = flags.maxEpochs ?? (flags.maxSteps === undefined ? undefined : null);
  const maxSteps = flags.maxSteps ?? (flags.maxEpochs === undefined ? undefined : null);
  return {
    threads: flags.threads,
    profile: flags.profile,
    model: {
      ...(flags.preset === undefined ? {} : PRESETS[flags.preset]),
      ...defined({
        dModel: flags.dModel,
        nHeads: flags.heads,
        dFF: flags.ffn,
        nEncoderLayers: flags.encoderLayers,
        nDecoderLayers: flags.decoderLayers,
        norm: flags.norm,
        activation: flags.activation,
        positions: flags.positions,
        tie: flags.tie,
        dropout: flags.dropout,
        maxLength: flags.maxLength,
      }),
    },
    tokenizer: defined({
      kind: flags.tokenizer,
      lowercase: flags.lowercase,
      minFrequency: flags.minFrequency,
      vocabularySize: flags.vocabSize,
    }),
    training: defined({
      seed: flags.seed,
      batchTokens: flags.batchTokens,
      maxSteps,
      maxEpochs,
      learningRate: flags.lr,
      warmupSteps: flags.warmup,
      labelSmoothing: flags.labelSmoothing,
      clipNorm: flags.clip,
      logEvery: flags.logEvery,
      validateEvery: flags.validateEvery,
      saveEvery: flags.saveEvery,
    }),
  };
}

/** What only a new run is given. */
export function newRunOf(flags: TrainFlags): Pick<TrainOptions, "data" | "out" | "force"> {
  const { train: path, out, force = false } = flags;
  return { out, force, ...(path === undefined ? {} : { data: { ...dataOf(flags), train: path } }) };
}

/** The corpora that the flags name. */
export function dataOf(flags: TrainFlags): NonNullable<ResumeOptions["data"]> {
  return defined({
    train: flags.train,
    valid: flags.valid,
    test: flags.test,
    sourceLanguage: flags.sourceLang,
    targetLanguage: flags.targetLang,
  });
}
