import { type Command, Option } from "commander";
import {
  type DecodingOptions,
  LONG_LINES,
  type LongLines,
  MOST_HYPOTHESES,
  UNKNOWN,
  type Unknown,
} from "../decoding/options.ts";
import { choiceOption, modelOption, numberOption } from "./options.ts";

/** The flags that say how to translate, as commander names them. */
export interface DecodingFlags {
  readonly beam?: number;
  readonly lengthPenalty?: number;
  readonly nBest?: number;
  readonly sample?: boolean;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly minLength?: string;
  readonly maxLength?: string;
  readonly noRepeatNgram?: number;
  readonly repetitionPenalty?: number;
  readonly banUnk?: boolean;
  readonly prefix?: string;
  readonly constraints?: true | ConstraintOrder;
  readonly tag?: string;
  readonly longLines?: LongLines;
  readonly unknown?: Unknown;
}

/** In what order the constraints of a line have to come. */
const CONSTRAINT_ORDERS = ["unordered", "ordered"] as const;
type ConstraintOrder = (typeof CONSTRAINT_ORDERS)[number];

/** The flags of beam search. */
export function addBeamOptions(command: Command): Command {
  return command
    .addOption(
      numberOption(
        "--beam <n>",
        `beam search with n hypotheses, at most ${MOST_HYPOTHESES} (default: 1, greedy)`,
        {},
      ),
    )
    .addOption(
      numberOption("--length-penalty <a>", "alpha: long translations are favoured (default: 1)", {}),
    );
}

/** Gives a command the flags that say how to translate; which values they take, `resolveDecoding` knows. */
export function addDecodingOptions(command: Command): Command {
  const noRepeat = numberOption("--no-repeat-ngram <n>", "no sequence of n tokens occurs twice", {});
  noRepeat.negate = false; // it is not the opposite of a flag --repeat-ngram
  return addBeamOptions(command)
    .addOption(numberOption("--n-best <n>", "n translations of each line, as a Moses n-best list", {}))
    .option("--sample", "draw tokens at random, by their probabilities")
    .addOption(numberOption("--temperature <t>", "sampling: below 1 tamer, above wilder (default: 1)", {}))
    .addOption(numberOption("--top-k <k>", "sampling: from the k most probable tokens only", {}))
    .addOption(numberOption("--top-p <p>", "sampling: from the fewest tokens of probability p together", {}))
    .addOption(numberOption("--seed <n>", "sampling: what the samples depend on (default: 1)", {}))
    .addOption(minLengthOption())
    .option("--max-length <n>", "most tokens of a translation: 50, or by the source's tokens 2x, 1.5x+10")
    .addOption(noRepeat)
    .addOption(numberOption("--repetition-penalty <x>", "above 1, what is there is less likely again", {}))
    .option("--ban-unk", "never give out the unknown token")
    .option("--prefix <text>", "what every translation begins with")
    .addOption(constraintsOption("source"))
    .addOption(tagOption())
    .addOption(choiceOption("--long-lines <how>", "lines longer than any in training", LONG_LINES, "split"))
    .addOption(
      choiceOption(
        "--unknown <what>",
        "words the model does not know: <unk>, or the source's",
        UNKNOWN,
        "keep",
      ),
    );
}

/** `--min-length`, of all commands that translate. */
export function minLengthOption(): Option {
  return new Option("--min-length <n>", "fewest tokens of a translation: 5, or by the source's tokens 0.5x");
}

/** `--constraints`, of all commands that translate. */
export function constraintsOption(behind: "source" | "reference"): Option {
  const description = `columns behind the ${behind} have words for the translation`;
  return choiceOption("--constraints [order]", description, CONSTRAINT_ORDERS, "unordered");
}

/** What `--constraints` asks for. */
export function isOrdered(constraints: DecodingFlags["constraints"]): boolean | undefined {
  return constraints === undefined ? undefined : constraints === "ordered";
}

/** What the flags ask for. */
export function decodingOptions(flags: DecodingFlags): DecodingOptions {
  return {
    beam: flags.beam,
    lengthPenalty: flags.lengthPenalty,
    nBest: flags.nBest,
    sample: flags.sample,
    temperature: flags.temperature,
    topK: flags.topK,
    topP: flags.topP,
    seed: flags.seed,
    minLength: flags.minLength,
    maxLength: flags.maxLength,
    noRepeatNgram: flags.noRepeatNgram,
    repetitionPenalty: flags.repetitionPenalty,
    banUnk: flags.banUnk,
    prefix: flags.prefix,
    tag: flags.tag,
    longLines: flags.longLines,
    unknown: flags.unknown,
    orderedConstraints: isOrdered(flags.constraints),
  };
}

/** What is put in front of lines, for models that were trained with tags. */
export function tagOption(): Option {
  return new Option("--tag <tag>", "a tag of the model in front of each line without one, as <2de>");
}

/** `--model` of a command that takes several, as an ensemble: its value is an array. */
export function modelsOption(): Option {
  const option = modelOption();
  const parse = option.parseArg!;
  option.description = option.description.replace(" (default", "; several for an ensemble (default");
  return option.argParser((text, before: readonly string[] = []) => [...before, parse(text, "")]);
}
