import type { ModelConfig } from "../model/config.ts";
import type { Matrix } from "../model/trace.ts";
import type { TokenizerKind } from "../text/tokenizer.ts";

// What a page asks of its engine, which computes in a thread of its own, and what comes back. Plain data: it is
// structured-cloned on the way.

/** What a page is told about its model once it is loaded. */
export interface ModelFacts {
  readonly config: ModelConfig;
  readonly sourceLanguage: string;
  readonly targetLanguage: string;
  /** Of the tokens of each side, by id. */
  readonly sourceVocabulary: readonly string[];
  readonly targetVocabulary: readonly string[];
  readonly tokenizer: string;
  /** Name and shape of every parameter, in the order of the file. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** The steps and epochs that the model was trained for. */
  readonly steps: number;
  readonly epochs: number;
  /** Which kernels compute. */
  readonly kernels: string;
}

/** A token as pages show it. */
export interface Token {
  readonly id: number;
  readonly text: string;
}

/** A token that may come next, and its probability. */
interface Candidate extends Token {
  readonly probability: number;
}

/** One step of decoding: what could come, and what was taken. */
export interface DecodingStep {
  readonly chosen: Candidate;
  /** The most probable tokens, best first. */
  readonly candidates: readonly Candidate[];
}

/** A translation, step by step. */
export interface Walk {
  /** The source with END. */
  readonly source: readonly Token[];
  /** How many of them are unknown. */
  readonly unknown: number;
  readonly text: string;
  readonly steps: readonly DecodingStep[];
  readonly milliseconds: number;
}

/** A hypothesis of a beam search, in the step in which it came up. */
export interface BeamNode extends Candidate {
  /** The number of the node that it goes on from; -1 after BEGIN. */
  readonly parent: number;
  readonly step: number;
  /** The natural log of the probability of the whole hypothesis, and that over the length penalty. */
  readonly logProbability: number;
  readonly score: number;
  /** What became of it: followed, ended, less probable than the others of its step, or unable to win any more. */
  readonly fate: "kept" | "ended" | "pruned" | "hopeless";
}

/** A beam search, every hypothesis that it looked at. */
export interface BeamTree {
  readonly nodes: readonly BeamNode[];
  /** The number of the node that won. */
  readonly best: number;
  readonly text: string;
}

/** A token of similar meaning to the model. */
export interface Neighbour extends Token {
  /** The cosine of the angle between the two embeddings. */
  readonly similarity: number;
}

/** Which of the two sides. */
export type Side = "source" | "target";

/** What training on one pair comes to. */
export interface Lesson {
  /** BEGIN and the target: what the decoder reads. */
  readonly input: readonly Token[];
  /** The target and END: what it has to say, its probability, its loss, and what it would have said. */
  readonly steps: readonly { readonly label: Candidate; readonly loss: number; readonly guess: Candidate }[];
  /** The norm of the gradient of every parameter. */
  readonly gradients: readonly { readonly name: string; readonly norm: number }[];
}

/** What may be changed while a page trains: the model, and what it has learned, stay. */
export interface Changeable {
  readonly learningRate: number;
  readonly dropout: number;
  readonly labelSmoothing: number;
  readonly batchTokens: number;
}

/** What a page's training is to be. */
export interface Plan extends Changeable {
  readonly task: string;
  readonly tokenizer: TokenizerKind;
  readonly model: Pick<
    ModelConfig,
    "dModel" | "nHeads" | "dFF" | "nEncoderLayers" | "nDecoderLayers" | "norm"
  >;
  readonly warmupSteps: number;
  readonly steps: number;
}

/** What a page is told of its training before the first step. */
export interface WorkshopFacts {
  readonly pairs: number;
  readonly sourceVocabSize: number;
  readonly targetVocabSize: number;
  readonly parameters: number;
  readonly totalSteps: number;
  readonly kernels: string;
  /** How many threads it trains on. */
  readonly threads: number;
  /** Held-out pairs whose translations are shown. */
  readonly samples: readonly { readonly source: string; readonly target: string }[];
}

/** What happens while a page trains. */
export type LessonEvent =
  | {
      readonly type: "step";
      readonly step: number;
      /** The mean over target tokens. */
      readonly loss: number;
      readonly rate: number;
      readonly tokensPerSecond: number;
    }
  | {
      readonly type: "validation";
      readonly step: number;
      readonly loss: number;
      /** From 0 to 100. */
      readonly exactMatch: number;
      readonly translations: readonly string[];
    }
  | {
      readonly type: "attention";
      readonly step: number;
      readonly weights: Matrix;
      readonly rows: readonly string[];
      readonly columns: readonly string[];
    }
  | { readonly type: "finished" }
  | { readonly type: "failed"; readonly error: string };

/** The kernels, for one thread: the engine takes the faster one that runs. */
export interface Builds {
  readonly relaxed: ArrayBuffer;
  readonly strict: ArrayBuffer;
  /** How many threads the engine may have: more than one only where memory may be shared. */
  readonly threads: number;
}

/** What can be asked, by name: what it takes and what it gives. */
export interface Questions {
  kernels: { takes: Builds; gives: string };
  load: { takes: { model: ArrayBuffer }; gives: ModelFacts };
  walk: { takes: { source: string; prefix: readonly number[]; candidates: number }; gives: Walk };
  trace: {
    takes: { source: readonly number[]; target: readonly number[] };
    gives: ReadonlyMap<string, Matrix>;
  };
  beam: { takes: { source: string; beam: number; lengthPenalty: number }; gives: BeamTree };
  embeddings: { takes: { side: Side; ids: readonly number[] }; gives: Matrix };
  neighbours: { takes: { side: Side; id: number; count: number }; gives: readonly Neighbour[] };
  map: { takes: { side: Side; most: number }; gives: readonly (Token & { x: number; y: number })[] };
  positions: { takes: { side: Side; count: number }; gives: Matrix };
  lesson: { takes: { source: string; target: string; smoothing: number }; gives: Lesson };
  begin: { takes: Plan; gives: WorkshopFacts };
  go: { takes: { steps: number }; gives: null };
  hold: { takes: null; gives: null };
  change: { takes: Changeable; gives: null };
  checkpoint: { takes: null; gives: ArrayBuffer };
}

export type QuestionName = keyof Questions;

/** A question on its way to the engine. */
export type Asked = {
  [Name in QuestionName]: {
    readonly id: number;
    readonly name: Name;
    readonly takes: Questions[Name]["takes"];
  };
}[QuestionName];

/** An answer on its way back: what was asked for, or why there is nothing; or what happens without being asked for. */
export type Answered =
  | { readonly event: LessonEvent }
  | { readonly id: number; readonly gives: Questions[QuestionName]["gives"] }
  | { readonly id: number; readonly error: string };
