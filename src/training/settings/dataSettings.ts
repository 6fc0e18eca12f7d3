import { KERNEL_SETS } from "../../kernels/kernels.ts";
import type { Rule } from "../../valueType.ts";
import type { Side } from "../config.ts";
import { SAMPLES } from "../samples.ts";
import { flagOf, type Setting } from "./setting.ts";

/**
 * What is at the top of a configuration file: the model that a run starts from, and how the run is carried out, which never
 * shows in its result.
 */
export const RUN_SETTINGS: readonly Setting[] = [
  {
    section: "run",
    key: "from",
    fields: [],
    option: "from",
    kept: true,
    type: { kind: "path" },
    nullMeans: "random weights",
    description: "run directory or checkpoint to start from: weights, sizes and tokenizers are its own",
    placeholder: "model",
    joeynmt: "load_model",
    fairseq: "finetune_from_model",
  },
  {
    section: "run",
    key: "keep_optimizer",
    fields: [],
    option: "keepOptimizer",
    kept: true,
    type: { kind: "boolean" },
    description: "with from: go on with Adam's moments, too",
  },
  {
    section: "run",
    key: "extend_vocabulary",
    fields: [],
    option: "extendVocabulary",
    kept: true,
    type: { kind: "boolean" },
    description: "with from: take tokens of the new data into the vocabularies",
  },
  {
    section: "run",
    key: "out",
    fields: [],
    option: "out",
    type: { kind: "path" },
    nullMeans: "runs/<corpus>-<n>",
    description: "where a new run goes",
    placeholder: "directory",
    joeynmt: "model_dir",
    fairseq: "save_dir",
  },
  {
    section: "run",
    key: "threads",
    fields: [],
    option: "threads",
    type: { kind: "number", whole: true, from: 1, to: 256 },
    nullMeans: "one a core",
    description: "threads to compute on; results do not depend on it",
  },
  {
    section: "run",
    key: "kernels",
    fields: [],
    option: "kernels",
    type: { kind: "choice", choices: KERNEL_SETS },
    nullMeans: "the fastest there are",
    description: "what computes; all but strict and reference give the same bytes",
    placeholder: "set",
  },
  {
    section: "run",
    key: "max_minutes",
    fields: [],
    option: "maxMinutes",
    type: { kind: "number", above: 0, to: 20_000 },
    nullMeans: "no limit",
    description: "stop after so long, saved and ready to go on with, wherever the run is then",
    placeholder: "minutes",
  },
  {
    section: "run",
    key: "cache",
    fields: [],
    option: "cacheDirectory",
    type: { kind: "path" },
    nullMeans: ".cache beside the run",
    description: "where encoded corpora are kept, to be used again",
    placeholder: "directory",
  },
  {
    section: "run",
    key: "samples",
    fields: [],
    option: "samples",
    ...SAMPLES,
    description: "validation sentences whose translations are shown after each validation, 0 for none",
    joeynmt: "print_valid_sents",
  },
  {
    section: "run",
    key: "tensorboard",
    fields: [],
    option: "tensorboard",
    type: { kind: "boolean" },
    description: "write event files that TensorBoard reads into the run directory",
    fairseq: "tensorboard_logdir",
  },
];

const LANGUAGE = { type: { kind: "text" }, nullMeans: "that of data" } as const;
const SPLIT = { type: { kind: "number", from: 0 }, nullMeans: "as for data" } as const;

/** What can be said of one of several corpora besides its path. */
const CORPUS_FIELDS = {
  weight: { type: { kind: "number", above: 0, to: 1000 } },
  tag: { type: { kind: "tag" }, nullMeans: "none" },
  source: LANGUAGE,
  target: LANGUAGE,
  reverse: { type: { kind: "boolean" } },
  valid: SPLIT,
  test: SPLIT,
} as const satisfies Readonly<Record<string, Rule>>;

/** What can be said of a corpus that is only measured on: it is taken whole, and once. */
const { weight: _, valid: __, test: ___, ...MEASURED_FIELDS } = CORPUS_FIELDS;

/** Where the sentence pairs are. */
export const DATA_SETTINGS: readonly Setting[] = [
  {
    section: "data",
    key: "train",
    fields: ["train"],
    type: { kind: "corpora", fields: CORPUS_FIELDS },
    description:
      "training pairs: a .tsv of two columns, or a prefix of two files; several with their weights and tags",
    placeholder: "path",
    usual: "the bundled corpus",
    joeynmt: "train",
    fairseq: "trainpref",
  },
  {
    section: "data",
    key: "valid",
    fields: ["valid"],
    type: { kind: "corpora", fields: MEASURED_FIELDS },
    nullMeans: "none",
    description: "pairs to choose the best model by; several with their tags",
    placeholder: "path",
    joeynmt: "dev",
    fairseq: "validpref",
  },
  {
    section: "data",
    key: "test",
    fields: ["test"],
    type: { kind: "corpora", fields: MEASURED_FIELDS },
    nullMeans: "none",
    description: "held-out pairs to measure the best model on at the end; several with their tags",
    placeholder: "path",
    joeynmt: "test",
    fairseq: "testpref",
  },
  {
    section: "data",
    key: "valid_split",
    fields: ["validSplit"],
    type: { kind: "number", from: 0, percent: true },
    nullMeans: "0.05, but 1000 pairs at most; none of fewer than 200",
    description: "without valid: how many pairs of train, or what share of them, to validate on; 0 for none",
    placeholder: "n|share",
  },
  {
    section: "data",
    key: "test_split",
    fields: ["testSplit"],
    type: { kind: "number", from: 0, percent: true },
    nullMeans: "as much as for valid_split; none with valid",
    description:
      "without test: how many pairs of train, or what share of them, to hold out for the test; 0 for none",
    placeholder: "n|share",
  },
  {
    section: "data",
    key: "source_lang",
    fields: ["sourceLanguage"],
    type: { kind: "text" },
    description: "language of the source: its file ending and the rules for its words",
    placeholder: "tag",
    usual: "none",
    joeynmt: "src.lang",
    fairseq: "source_lang",
  },
  {
    section: "data",
    key: "target_lang",
    fields: ["targetLanguage"],
    type: { kind: "text" },
    description: "language of the target",
    placeholder: "tag",
    usual: "none",
    joeynmt: "trg.lang",
    fairseq: "target_lang",
  },
];

/** Which pairs of the training corpora are left out. */
export const FILTER_SETTINGS: readonly Setting[] = [
  ...(
    [
      ["duplicates", "leave out pairs that were there before, in the same corpus"],
      [
        "ambiguous",
        "leave out pairs whose source was there before, in the same corpus: the first target counts",
      ],
      ["identical", "leave out pairs with both sides the same, unless most are"],
      ["ratio", "leave out pairs with sides of unlike length"],
      ["script", "leave out pairs with a side in another script than most"],
    ] as const
  ).map(
    ([key, description]): Setting => ({
      section: "filter",
      key,
      fields: [key],
      type: { kind: "boolean" },
      description,
      flag: `filter-${key}`,
    }),
  ),
  {
    section: "filter",
    key: "min_length",
    fields: ["minLength"],
    type: { kind: "number", whole: true, from: 1 },
    nullMeans: "any",
    description: "leave out pairs with a side of fewer words, or characters where words have no spaces",
    flag: "filter-min-length",
  },
  {
    section: "filter",
    key: "max_length",
    fields: ["maxLength"],
    type: { kind: "number", whole: true, from: 1 },
    nullMeans: "any",
    description: "leave out pairs with a side of more",
    flag: "filter-max-length",
  },
];

/** What a file that a tokenizer is read from may end with. */
const TOKENIZER_FILES = [".json", ".model", ".spm"];

/** How text becomes tokens, for each side or for both. */
const SIDE_TOKENIZER_SETTINGS: readonly Setting[] = [
  {
    section: "tokenizer",
    key: "kind",
    fields: ["kind"],
    type: { kind: "choice", choices: ["word", "char", "bpe"] },
    description: "what the tokens are: words, characters or byte-pair encodings",
    flag: "tokenizer",
    replaces: ["file"],
    joeynmt: "level",
    fairseq: "bpe",
  },
  {
    section: "tokenizer",
    key: "file",
    fields: ["file"],
    type: { kind: "path", endings: TOKENIZER_FILES },
    nullMeans: "learn one",
    description: "a tokenizer.json or SentencePiece model to use instead of learning a tokenizer",
    placeholder: "file",
    flag: "tokenizer",
    joeynmt: "voc_file",
  },
  {
    section: "tokenizer",
    key: "vocab_size",
    fields: ["vocabularySize"],
    type: { kind: "number", whole: true, from: 4 },
    nullMeans: "8000 for bpe, otherwise no limit",
    description: "most entries of a vocabulary, the special tokens included",
    joeynmt: "voc_limit",
    fairseq: "nwordssrc",
  },
  {
    section: "tokenizer",
    key: "min_frequency",
    fields: ["minFrequency"],
    type: { kind: "number", whole: true, from: 1 },
    nullMeans: "2 for bpe, otherwise 1",
    description: "tokens seen less often become <unk>; with bpe, pairs seen less often are not merged",
    joeynmt: "voc_min_freq",
    fairseq: "thresholdsrc",
  },
  {
    section: "tokenizer",
    key: "lowercase",
    fields: ["lowercase"],
    type: { kind: "boolean" },
    description: "lowercase everything",
    joeynmt: "lowercase",
  },
  {
    section: "tokenizer",
    key: "bpe_dropout",
    fields: ["bpeDropout"],
    type: { kind: "number", from: 0, below: 1 },
    description: "probability of passing over a merge of bpe while training",
    placeholder: "p",
  },
];

/** How text becomes tokens. */
export const TOKENIZER_SETTINGS: readonly Setting[] = [
  ...SIDE_TOKENIZER_SETTINGS,
  {
    section: "tokenizer",
    key: "joint_vocabulary",
    fields: ["joint"],
    type: { kind: "boolean" },
    nullMeans: "joint for tie: all, and for bpe or a file when both sides have the same",
    description: "one vocabulary for both sides",
    offFlag: "separate-vocabularies",
    fairseq: "joined_dictionary",
  },
  {
    section: "tokenizer",
    key: "unk_replace",
    fields: ["unkReplace"],
    type: { kind: "number", from: 0, below: 1 },
    nullMeans: "0.1 for words and characters, 0 for bpe",
    description: "share of pairs in which a rare token of each side is read as <unk> while training",
    placeholder: "share",
  },
];

/** How text becomes tokens on one side, where that is otherwise than on both. */
export function tokenizerSettingsOf(side: Side): readonly Setting[] {
  return SIDE_TOKENIZER_SETTINGS.map(
    ({ joeynmt: _, fairseq: __, ...setting }): Setting => ({
      ...setting,
      section: `tokenizer.${side}`,
      flag: `${side}-${flagOf(setting)}`,
      nullMeans: "as for both sides",
      description: `of the ${side}: ${setting.description}`,
    }),
  );
}
