import { type Command, type CommanderError, Option } from "commander";
import { XformerError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { BUNDLED_TRAINING } from "../training/config.ts";
import { FITTED } from "../training/settings/fit.ts";
import { flagOf, offFlagOf, type SectionName, type Setting } from "../training/settings/setting.ts";
import { ALL_SETTINGS, defaultOf, isFitted, SETTINGS } from "../training/settings/table.ts";
import { type Given, type GivenSettings, withReplaced } from "../training/settings/values.ts";
import { convert, describeType, type Entry, faultInCorpora, parseValue, type Value } from "../valueType.ts";
import { debugOption, pathOption } from "./options.ts";

/** The flags of `xformer train` that are no settings, as commander names them; the settings are beside them. */
export interface TrainFlags {
  /** Settings, of which the way to the files of a corpus leads past these two. */
  readonly sourceLang?: string;
  readonly targetLang?: string;
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly force?: boolean;
  readonly resume?: string;
  readonly prepare?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly profile?: boolean;
  /** False for a run that is to leave no page. */
  readonly report: boolean;
}

/** The sections under their titles; one without a title goes with that before it. */
const GROUPS: readonly (readonly [title: string, section: SectionName])[] = [
  ["Data:", "data"],
  ["", "filter"],
  ["Tokens:", "tokenizer"],
  ["Tokens of one side, where they are otherwise:", "tokenizer.source"],
  ["", "tokenizer.target"],
  ["Model:", "model"],
  ["Training:", "training"],
  ["Run:", "run"],
];

/** Gives a command a flag for every setting, and those of {@link TrainFlags}. */
export function addTrainFlags(command: Command): Command {
  for (const [title, section] of GROUPS) {
    if (title !== "") command.optionsGroup(title);
    for (const option of SETTINGS[section].flatMap(optionsFor)) command.addOption(option);
  }
  command
    .option("--force", "overwrite the run that is in --out already")
    .addOption(pathOption("--resume <directory>", "go on with a run that was stopped"))
    .option("--prepare", "make everything ready for examples/pytorch/train.py, and take no step")
    .addOption(pathOption("-c, --config <file>", "settings in YAML or JSON; flags win over them"))
    .option("--print-config", "print every setting and where it came from, and do not train")
    .optionsGroup("Output:")
    .option("--json", "events and result as JSON lines on stdout")
    .option("-q, --quiet", "only errors and the result")
    .option("--profile", "at the end, where the time of a thread went")
    .option("--no-report", "no report.html in the run directory at the end")
    .addOption(debugOption());
  for (const [name, flag] of NAMES_ELSEWHERE) command.addOption(elsewhereOption(name, flag));
  return command.exitOverride(suggestFlag);
}

/** Commander looks for what was meant among the flags that it shows: names from elsewhere may be misspelt too. */
function suggestFlag(error: CommanderError): never {
  const [, name] = /^error: unknown option '--([^'=]+)/.exec(error.message) ?? [];
  const isSuggested = error.message.includes("Did you mean");
  if (error.code !== "commander.unknownOption" || name === undefined || isSuggested) throw error;
  const near = nearest(name, [...NAMES_ELSEWHERE.keys()]);
  if (near === undefined) throw error;
  throw unknownOption(name, NAMES_ELSEWHERE.get(near)!);
}

function unknownOption(name: string, flag: string): XformerError {
  return new XformerError("USAGE", `unknown option "--${name}"`, { hint: `Did you mean --${flag}?` });
}

/** What flags are called by other programs, or by those who have not looked, with what they are called here. */
const NAMES_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["epochs", "max-epochs"],
  ["steps", "max-steps"],
  ["learning-rate", "lr"],
  ["batch-size", "batch-tokens"],
  ["hidden-size", "d-model"],
  ["layers", "encoder-layers"],
]);

/** A flag that is not shown and does nothing but name the one that was meant. */
function elsewhereOption(name: string, flag: string): Option {
  return new Option(`--${name} <value>`).hideHelp().argParser(() => {
    throw unknownOption(name, flag);
  });
}

/** The settings that were given as flags. Their values are still texts: {@link addTrainFlags} parses none. */
export function givenFlags(flags: object): GivenSettings {
  const given = new Map<Setting, Given>();
  for (const [flag, settings] of settingsByFlag()) {
    const [first] = settings;
    const on = commanderValue(flags, flag);
    const offFlag = offFlagOf(first!)!;
    if (Array.isArray(on)) given.set(first!, { value: corporaIn(flag, on, first!), origin: { flag } });
    else if (typeof on === "string") {
      const [setting, value] = parse(flag, on, settings);
      given.set(setting, { value, origin: { flag } });
    } else if (on === true) given.set(first!, { value: true, origin: { flag } });
    else if (on === false || commanderValue(flags, offFlag ?? "") === true)
      given.set(first!, { value: false, origin: { flag: offFlag } });
  }
  return withReplaced(given);
}

/**
 * Checks that the flags make sense together.
 *
 * @throws XformerError USAGE naming the flag that does not
 */
export function refuseContradictions(
  flags: TrainFlags & { readonly out?: string; readonly train?: string; readonly from?: string },
  corpus: string | undefined,
): void {
  const refuse = (problem: string): never => {
    throw new XformerError("USAGE", problem, { hint: "Leave it out." });
  };
  if (corpus !== undefined && flags.train !== undefined) refuse(`--train: the corpus is ${corpus} already`);
  if (flags.resume === undefined) return;
  if (corpus !== undefined) refuse(`${corpus}: a resumed run has its corpus`);
  if (flags.out !== undefined) refuse("--out: a resumed run stays where it is");
  if (flags.force) refuse("--force: a resumed run overwrites nothing");
  if (flags.from !== undefined) refuse("--from: a resumed run goes on from its own weights");
}

/** The flag of a setting, and the one that turns it off; none when another setting has the same flag. */
function optionsFor(setting: Setting): Option[] {
  const flag = flagOf(setting);
  const [first, ...others] = settingsByFlag().get(flag)!;
  if (first !== setting) return [];
  const offFlag = offFlagOf(setting);
  const description = [setting, ...others].map(helpOf).join("; or ");
  if (offFlag === undefined) {
    const placeholder = [setting, ...others].map(placeholderOf).join("|");
    const option = new Option(`--${flag} <${placeholder}>`, description);
    const { kind } = first!.type;
    // Given again, it names another corpus.
    if (kind === "corpora") option.argParser<string[]>((text, before = []) => [...before, text]);
    // Given more than once, a list is all that was given.
    if (kind === "texts")
      option.argParser<string>((text, before) => (before === undefined ? text : `${before},${text}`));
    return [option];
  }
  return [
    new Option(`--${flag}`, description),
    new Option(`--${offFlag}`, `not --${flag}`).conflicts(offFlag.startsWith("no-") ? [] : attributeOf(flag)),
  ];
}

function placeholderOf({ placeholder, type }: Setting): string {
  if (placeholder !== undefined) return placeholder;
  return type.kind === "path" ? "path" : type.kind === "choice" ? "kind" : "n";
}

/** What help says of a setting: its description, its choices, and what it is otherwise. */
function helpOf(setting: Setting): string {
  const { type, description } = setting;
  const usual = usualOf(setting);
  const remarks = [
    ...(type.kind === "choice" ? [type.choices.join(", ")] : []),
    ...(usual === "" ? [] : [`default: ${usual}`]),
  ];
  return remarks.length === 0 ? description : `${description} (${remarks.join("; ")})`;
}

function usualOf(setting: Setting): string {
  const usual = setting.usual ?? (isFitted(setting) ? FITTED : inWords(setting, defaultOf(setting)));
  const bundled = Object.entries(BUNDLED_TRAINING).find(([field]) => setting.fields.includes(field));
  return bundled === undefined ? usual : `${usual}; ${bundled[1]} for the bundled corpus`;
}

function inWords({ nullMeans = "" }: Setting, value: Value | undefined): string {
  if (value === undefined || value === false) return "";
  return value === null ? nullMeans : String(value);
}

/** The corpora that a flag names, as often as it was given. */
function corporaIn(flag: string, texts: readonly string[], setting: Setting): Value {
  const values = texts.map((text) => parse(flag, text, [setting])[1]);
  if (values.length === 1) return values[0]!;
  const none = values.indexOf(null);
  if (none !== -1)
    throw new XformerError("USAGE", `--${flag}: none is no corpus beside others`, { hint: "Leave it out." });
  return values.flat() as Entry[];
}

/** A flag may stand for several settings: `--tokenizer` is a kind or a file. The first that takes its text does. */
function parse(flag: string, text: string, settings: readonly Setting[]): [Setting, Value] {
  for (const setting of settings) {
    const value = text === "none" && setting.nullMeans !== undefined ? null : parseValue(setting.type, text);
    if (value !== undefined) return [setting, value];
  }
  if (text === "" && settings.some(({ type }) => type.kind === "path" || type.kind === "corpora")) {
    // Most often a shell variable that is not set.
    throw new XformerError("USAGE", `--${flag}: the path is empty`, { hint: "Give a path." });
  }
  const [{ type: only }] = settings as [Setting];
  if (only.kind === "corpora") {
    const { place, problem, hint } = faultInCorpora(only.fields, convert(only, text))!;
    throw new XformerError("USAGE", `--${flag}${place}: ${problem}`, { hint });
  }
  const expected = [
    ...settings.map(({ type }) => describeType(type)),
    ...(settings.some(({ nullMeans }) => nullMeans !== undefined) ? ["none"] : []),
  ];
  const choices = settings.flatMap(({ type }) => (type.kind === "choice" ? type.choices : []));
  const guess = nearest(text, choices);
  throw new XformerError("USAGE", `--${flag}: expected ${expected.join(", or ")}, got "${text}"`, {
    hint: guess === undefined ? undefined : `Did you mean ${guess}?`,
  });
}

function settingsByFlag(): Map<string, Setting[]> {
  const byFlag = new Map<string, Setting[]>();
  for (const setting of ALL_SETTINGS) {
    const flag = flagOf(setting);
    byFlag.set(flag, [...(byFlag.get(flag) ?? []), setting]);
  }
  return byFlag;
}

function commanderValue(flags: object, flag: string): unknown {
  return (flags as Record<string, unknown>)[attributeOf(flag)];
}

/** What commander calls a flag: `batchTokens` for `batch-tokens`. */
function attributeOf(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
