import type { FilterConfig } from "../data/check/filterConfig.ts";
import type { ModelConfig, PresetName } from "../model/config.ts";
import type { TokenizerKind } from "../text/tokenizer.ts";

/** How the learning rate goes on after warm-up; see `schedule.ts`. */
type ScheduleName = "inverse-sqrt" | "cosine" | "linear" | "constant" | "plateau";

/** What a validation is judged by; higher is better for the first three, lower for the last. */
export type MetricName = "bleu" | "chrf" | "exact-match" | "loss";

/** How a model is trained; with the data, a model configuration and this, a run is fully determined. */
export interface TrainingConfig {
  /** Where every random number starts: first weights, order of the sentences, dropout. */
  readonly seed: number;
  /** The most source tokens and the most target tokens in a batch, ENDs included; null for by sentences. */
  readonly batchTokens: number | null;
  /** Pairs in a batch; null for by tokens. */
  readonly batchSentences: number | null;
  /** Mebibytes that training may take: `batchTokens` is then the most that fits; null for as these say. */
  readonly memory: number | null;
  /** Whether the sentences of a batch are of like length, or any that come, from which small models learn better. */
  readonly batching: "buckets" | "shuffled";
  /** Batches whose gradients are added up for one step. */
  readonly accumulate: number;
  /** Steps to train; the smaller of this and `maxEpochs` counts. */
  readonly maxSteps: number | null;
  /** Passes over the corpus. */
  readonly maxEpochs: number | null;
  /** Adam (Kingma and Ba 2015), or with decoupled weight decay (Loshchilov and Hutter 2019). */
  readonly optimizer: "adam" | "adamw";
  /** Decay of the first moments. */
  readonly beta1: number;
  /** Decay of the second moments. */
  readonly beta2: number;
  readonly epsilon: number;
  /** AdamW's decay of the weights, times the learning rate a step; 0 with Adam. */
  readonly weightDecay: number;
  readonly schedule: ScheduleName;
  /** The peak learning rate, reached after warm-up; null for the paper's dModel^-0.5 warmup^-0.5. */
  readonly learningRate: number | null;
  /** Where cosine and linear end, and below which plateau does not go. */
  readonly minLearningRate: number;
  /** Steps over which the learning rate rises; null for 600, but a tenth of the run at most. */
  readonly warmupSteps: number | null;
  /** Plateau: what the rate is multiplied by after `plateauPatience` validations without improvement. */
  readonly plateauFactor: number;
  readonly plateauPatience: number;
  readonly labelSmoothing: number;
  /** Weights that stay as they are: `encoder`, `decoder`, `embeddings`, or names with `*` in them; null for none. */
  readonly freeze: readonly string[] | null;
  /** The largest norm of the gradient; 0 for no clipping. */
  readonly clipNorm: number;
  /** Decay of the exponential moving average of the weights that is validated and kept; 0 for none. */
  readonly ema: number;
  /** Steps between two lines of the log. */
  readonly logEvery: number;
  /** Steps between two validations; null for by epochs. */
  readonly validateEvery: number | null;
  /** Epochs between two validations, when `validateEvery` is null. */
  readonly validateEveryEpochs: number;
  /** The most validation pairs that are translated; null for all. Loss is measured on all of them. */
  readonly validatePairs: number | null;
  /** Hypotheses of the beam search with which validation pairs are translated; 1 for greedy search. */
  readonly validBeam: number;
  /** The same for the test pairs at the end; null for as in validation. */
  readonly testBeam: number | null;
  /** What makes a validation the best, and what patience waits for; null for what suits the validation targets. */
  readonly metric: MetricName | null;
  /** Validations in a row without improvement after which the run ends; null for never. */
  readonly patience: number | null;
  /** Steps between two saves of the last state; null for at every validation. */
  readonly saveEvery: number | null;
  /** How many of the best checkpoints are kept; the first is `best.safetensors`. */
  readonly keepBest: number;
  /** How many of the last checkpoints are kept; the newest is `last.safetensors`. */
  readonly keepLast: number;
  /** At the end, the average of so many kept checkpoints becomes `average.safetensors`; 0 or 1 for none. */
  readonly average: number;
  /** Which checkpoints are averaged. */
  readonly averageOf: "best" | "last";
  /** Steps in a row that may be skipped for a loss or gradient that is not finite. */
  readonly maxSkips: number;
}

/** How a model is trained when nothing is left to the data any more: what a run goes by, and keeps. */
export interface SettledTraining extends TrainingConfig {
  readonly memory: null;
  readonly warmupSteps: number;
  readonly metric: MetricName;
}

/** What {@link TrainingConfig} is when nothing else is said. */
export const DEFAULT_TRAINING: TrainingConfig = {
  seed: 1,
  batchTokens: 512,
  batchSentences: null,
  memory: null,
  batching: "shuffled",
  accumulate: 1,
  maxSteps: null,
  maxEpochs: 20,
  optimizer: "adam",
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-9,
  weightDecay: 0,
  schedule: "inverse-sqrt",
  learningRate: null,
  minLearningRate: 0,
  warmupSteps: null,
  plateauFactor: 0.5,
  plateauPatience: 2,
  labelSmoothing: 0.1,
  freeze: null,
  clipNorm: 1,
  ema: 0,
  logEvery: 50,
  validateEvery: null,
  validateEveryEpochs: 1,
  validatePairs: null,
  validBeam: 1,
  testBeam: null,
  metric: null,
  patience: null,
  saveEvery: null,
  keepBest: 1,
  keepLast: 1,
  average: 0,
  averageOf: "best",
  maxSkips: 5,
};

/** What suits the bundled corpus better: enough for it, and done in about two minutes on two cores. */
export const BUNDLED_TRAINING = {
  maxEpochs: 8,
  learningRate: 0.002,
  schedule: "linear",
} as const satisfies Partial<TrainingConfig>;

/** The two sides of a pair. */
export type Side = "source" | "target";

/** How the text of a side becomes tokens. */
export interface SideTokenizer {
  /** What the tokens are: words and signs, characters, or the pieces of byte-pair encoding. */
  readonly kind: TokenizerKind;
  /** A `tokenizer.json` or SentencePiece model, which then says all but `bpeDropout`; null to learn from the corpus. */
  readonly file: string | null;
  /** Whether everything is lowercased before it is cut. */
  readonly lowercase: boolean;
  /** Tokens seen fewer times become `<unk>`; with bpe, pairs seen fewer times are not merged. Null for 2 with bpe, else 1. */
  readonly minFrequency: number | null;
  /** The most entries of a vocabulary, special tokens included; null for 8000 with bpe, else for no limit. */
  readonly vocabularySize: number | null;
  /** The share of merges that is left out at random in training (Provilkov et al. 2020); 0 for none. */
  readonly bpeDropout: number;
}

/** What is otherwise on one side than on both; null for as on both. */
type SideChanges = { readonly [F in keyof SideTokenizer]: SideTokenizer[F] | null };

/** How text becomes tokens: on both sides, and what is otherwise on one of them. */
export interface TokenizerConfig extends SideTokenizer {
  /**
   * Whether both sides have one vocabulary; null for yes where both are the same and there is bpe or a file, or when
   * all embeddings are tied, else no.
   */
  readonly joint: boolean | null;
  /**
   * The share of pairs in which a rare token of each side is read as `<unk>` while training, so that a model learns what
   * to do with words it does not know; null for what is usual, 0 for none. There is no such thing with bpe.
   */
  readonly unkReplace: number | null;
  readonly source: SideChanges;
  readonly target: SideChanges;
}

/** Some of a {@link TokenizerConfig}. */
export type TokenizerOptions = Partial<Omit<TokenizerConfig, Side>> & {
  readonly [S in Side]?: Partial<SideChanges>;
};

/** A side that is as both are. */
const AS_BOTH: SideChanges = {
  kind: null,
  file: null,
  lowercase: null,
  minFrequency: null,
  vocabularySize: null,
  bpeDropout: null,
};

/** What {@link TokenizerConfig} is when nothing else is said. */
export const DEFAULT_TOKENIZER: TokenizerConfig = {
  kind: "word",
  file: null,
  lowercase: false,
  minFrequency: null,
  vocabularySize: null,
  joint: null,
  bpeDropout: 0,
  unkReplace: null,
  source: AS_BOTH,
  target: AS_BOTH,
};

/** A configuration with other settings for what is said. */
export function withTokenizer(config: TokenizerConfig, options: TokenizerOptions = {}): TokenizerConfig {
  return {
    ...config,
    ...options,
    source: { ...config.source, ...options.source },
    target: { ...config.target, ...options.target },
  };
}

/** How the text of a side becomes tokens, whatever that of the other does. */
export function tokenizerOf(config: TokenizerConfig, side: Side): SideTokenizer {
  const { [side]: own } = config;
  return {
    kind: own.kind ?? config.kind,
    // Who names a kind for a side does not want the file that is there for both.
    file: own.file ?? (own.kind === null ? config.file : null),
    lowercase: own.lowercase ?? config.lowercase,
    minFrequency: own.minFrequency ?? config.minFrequency,
    vocabularySize: own.vocabularySize ?? config.vocabularySize,
    bpeDropout: own.bpeDropout ?? config.bpeDropout,
  };
}

/** One of several corpora; null is as for all of them. */
export interface CorpusEntry {
  /** A `.tsv` of two columns, or a prefix that the two languages complete. */
  readonly path: string;
  /** How often an epoch takes each of its pairs: 2 for twice, 0.5 for every other epoch. */
  readonly weight: number;
  /** What is put in front of its sources, such as `<2de>`; null for nothing. */
  readonly tag: string | null;
  /** Its languages. */
  readonly source: string | null;
  readonly target: string | null;
  /** Whether its sides change places, once they are read: one table for both directions. */
  readonly reverse: boolean;
  /** Its `validSplit` and its `testSplit`. */
  readonly valid: number | null;
  readonly test: number | null;
}

/** One of several corpora that a model is only measured on. */
export type MeasuredEntry = Pick<CorpusEntry, "path" | "tag" | "source" | "target" | "reverse">;

/** One of several corpora as it is given: its path, or the path and what else there is to say. */
export type CorpusInput = string | ({ readonly path: string } & Partial<CorpusEntry>);

/** What {@link CorpusEntry} is when only the path is said. */
const DEFAULT_ENTRY: Omit<CorpusEntry, "path"> = {
  weight: 1,
  tag: null,
  source: null,
  target: null,
  reverse: false,
  valid: null,
  test: null,
};

/** Corpora one by one. */
export function entriesOf(corpora: string | readonly CorpusInput[]): CorpusEntry[] {
  return [corpora].flat().map((entry: CorpusInput) => {
    const { path, ...given }: { readonly path: string } & Partial<CorpusEntry> =
      typeof entry === "string" ? { path: entry } : entry;
    return { path, ...DEFAULT_ENTRY, ...given };
  });
}

/** Corpora as a configuration holds them: one of which nothing is said but its path is that path. */
export function corporaOf(corpora: string | readonly CorpusInput[]): string | readonly CorpusEntry[] {
  const entries = entriesOf(corpora);
  const [first, ...others] = entries;
  const isPlain =
    others.length === 0 &&
    (Object.keys(DEFAULT_ENTRY) as (keyof typeof DEFAULT_ENTRY)[]).every(
      (field) => first?.[field] === DEFAULT_ENTRY[field],
    );
  return isPlain ? first!.path : entries;
}

/** Where the sentence pairs are. */
export interface DataConfig {
  /** A `.tsv` of two columns, or a prefix that the two languages complete; or several. */
  readonly train: string | readonly CorpusEntry[];
  readonly valid: string | readonly MeasuredEntry[] | null;
  readonly test: string | readonly MeasuredEntry[] | null;
  /** Pairs of `train` to validate on when there is no `valid`, or the share of them below 1; null for what is usual. */
  readonly validSplit: number | null;
  /** Pairs of `train` for the test when there is no `test`, or the share of them below 1; null for what is usual. */
  readonly testSplit: number | null;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
}

/** Some of a {@link DataConfig}, with corpora as they are given. */
export type DataOptions = Partial<Omit<DataConfig, "train" | "valid" | "test">> & {
  readonly train?: string | readonly CorpusInput[];
  readonly valid?: string | readonly CorpusInput[] | null;
  readonly test?: string | readonly CorpusInput[] | null;
};

/** The same of a new run, which has something to train on. */
export type NewDataOptions = DataOptions & { readonly train: string | readonly CorpusInput[] };

/** A configuration with corpora as it holds them. */
export function withCorpora(data: DataOptions): Partial<DataConfig> {
  const { train, valid, test, ...others } = data;
  const held = (corpora: string | readonly CorpusInput[] | null) => {
    const all = corpora === null ? null : corporaOf(corpora);
    return all === null || typeof all === "string"
      ? all
      : all.map(({ path, tag, source, target, reverse }) => ({ path, tag, source, target, reverse }));
  };
  return {
    ...others,
    ...(train === undefined ? {} : { train: corporaOf(train) }),
    ...(valid === undefined ? {} : { valid: held(valid) }),
    ...(test === undefined ? {} : { test: held(test) }),
  };
}

/** The model that a run starts from, if not from random weights. */
export interface StartConfig {
  /** A run directory or a checkpoint: weights, sizes and tokenizers are its own. */
  readonly from: string | null;
  /** Whether Adam goes on with the moments that it had there. */
  readonly keepOptimizer: boolean;
  /** Whether tokens of the new data are taken into the vocabularies. */
  readonly extendVocabulary: boolean;
}

/** What {@link StartConfig} is when nothing else is said. */
export const DEFAULT_START: StartConfig = { from: null, keepOptimizer: false, extendVocabulary: false };

/** Everything that determines a run, as `config.json` holds it. */
export interface RunConfig {
  readonly start: StartConfig;
  readonly data: DataConfig;
  readonly filter: FilterConfig;
  readonly tokenizer: TokenizerConfig;
  readonly model: Omit<ModelConfig, "sourceVocabSize" | "targetVocabSize">;
  readonly training: TrainingConfig;
}

/** Where a run's pairs are, and how many of them it holds out. */
export interface SettledData extends DataConfig {
  readonly validSplit: number;
  readonly testSplit: number;
}

/** How text becomes tokens in a run. */
export interface SettledTokenizer extends TokenizerConfig {
  readonly unkReplace: number;
}

/** A configuration that leaves nothing to the data any more. */
export interface SettledConfig extends RunConfig {
  readonly data: SettledData;
  readonly tokenizer: SettledTokenizer;
  readonly training: SettledTraining;
}

/** What the data are when only the path of the training pairs is said. */
export const DEFAULT_DATA: Omit<DataConfig, "train"> = {
  valid: null,
  test: null,
  validSplit: null,
  testSplit: null,
  sourceLanguage: "",
  targetLanguage: "",
};

/** What a run is asked to be; what is left out is decided by the preset, the corpus and the defaults. */
export interface ConfigOptions {
  /** A run directory or checkpoint to start from: weights, sizes and tokenizers are its own. */
  readonly from?: string | undefined;
  /** With `from`: go on with Adam's moments, too. */
  readonly keepOptimizer?: boolean | undefined;
  /** With `from`: take tokens of the new data into the vocabularies. */
  readonly extendVocabulary?: boolean | undefined;
  /** As many steps as fit into so many minutes, instead of `maxSteps` and `maxEpochs`; the schedule is linear unless said. */
  readonly minutes?: number | undefined;
  /** The corpora; by default the bundled Chinese-English one. */
  readonly data?: NewDataOptions;
  readonly preset?: PresetName;
  /** Sizes and choices that differ from the preset. */
  readonly model?: Partial<RunConfig["model"]>;
  readonly filter?: Partial<FilterConfig>;
  readonly tokenizer?: TokenizerOptions;
  readonly training?: Partial<TrainingConfig>;
}
