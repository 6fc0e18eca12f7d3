import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { FilterConfig } from "../data/check/filterConfig.ts";
import { CorpusHash, type PairsByCorpus } from "../data/corpus.ts";
import { CorpusCache } from "../data/corpusCache.ts";
import type { CorpusPlace, Languages } from "../data/corpusPlace.ts";
import type { EncodedCorpus } from "../data/encodedCorpus.ts";
import { type EncodedCorpusWriter, type EncodedText, encodeCorpus } from "../data/encodedCorpusWriter.ts";
import { XformerError } from "../errors.ts";
import { refusePipe } from "../io/refusePipe.ts";
import { readTokenizer } from "../io/tokenizerFile.ts";
import type { Tokenizer, TokenizerLearner } from "../text/tokenizer.ts";
import { createTokenizerLearner } from "../text/tokenizerKinds.ts";
import { type Side, type TokenizerConfig, tokenizerOf } from "./config.ts";
import {
  type CorpusToPrepare,
  distinctNames,
  joinPairs,
  type PreparedPart,
  type ReadProgress,
  TrainingText,
} from "./trainingText.ts";

/** The two tokenizers of a model; the same one twice when both sides have one vocabulary. */
export interface Tokenizers {
  readonly source: Tokenizer;
  readonly target: Tokenizer;
}

/** The text is read, to learn from and to take its hash; then it is encoded, unless it was before. */
export type PreparationPhase = "reading" | "encoding";

/** Which corpora to prepare, and how. */
export interface PrepareOptions {
  readonly corpora: readonly CorpusToPrepare[];
  /** The languages that tokenizers are learned for. */
  readonly languages: Languages;
  /** Which pairs are left out; none when it is. */
  readonly filter?: FilterConfig;
  readonly tokenizer: TokenizerConfig;
  /** Tokenizers that there are already, as when a run is resumed; by default as `tokenizer` says. */
  readonly tokenizers?: Tokenizers | undefined;
  /** What learns them otherwise; by default a learner that begins with nothing. */
  readonly learner?: PairLearner | undefined;
  /** Whether the embeddings of both sides are one matrix (`tie: "all"`), which takes one vocabulary. */
  readonly tied: boolean;
  /** Pairs with a side of more tokens are left out. */
  readonly maxLength: number;
  /** Where the encoded corpus is kept, made when it is not there; usually {@link cacheBeside} the run. */
  readonly cacheDirectory: string;
  /** Told now and then how many pairs are done. */
  readonly onProgress?: ((done: number, phase: PreparationPhase) => void) | undefined;
  /** Told what is wrong and made anew. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Ends the preparation when it aborts; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Training corpora to train on, one behind the other. */
export interface PreparedCorpus extends CorpusPlace {
  readonly tokenizers: Tokenizers;
  /** What of the corpora is not trained on. */
  readonly heldOut: { readonly valid: PairsByCorpus | null; readonly test: PairsByCorpus | null };
  readonly corpora: readonly PreparedPart[];
  /** Whoever asked for it closes it. */
  readonly corpus: EncodedCorpus;
}

/** The directory where runs in the same place share their encoded corpora: `.cache` beside the run's. */
export function cacheBeside(runDirectory: string): string {
  return join(dirname(runDirectory), ".cache");
}

/**
 * Learns the tokenizers of a training corpus and encodes it into a file, unless that was done before: the file
 * is known by a hash of the text, the tokenizers and `maxLength`, and is made anew when one of them changed or
 * the file is damaged. Memory does not grow with the text, which is read once to learn and once to encode.
 *
 * @throws XformerError for what is no corpus, a setting that does not fit, a disk that refuses, or when every
 *   pair is too long; the reason of `signal` when it aborts
 */
export async function prepareCorpus(options: PrepareOptions): Promise<PreparedCorpus> {
  const { maxLength, cacheDirectory } = options;
  const corpora = options.corpora.map((corpus) => new TrainingText(corpus, options.filter));
  for (const corpus of corpora) {
    const progress = progressIn(options, "reading");
    await corpus.survey(progress);
    await corpus.divide(progress);
  }
  const text = await learnFrom(options, corpora);
  const { tokenizers, fingerprint } = text;
  refuseDropout(options.tokenizer, tokenizers);
  const parts = corpora.length === 1 ? [] : [corpora.map(({ pairs }) => pairs)];
  const key = createHash("sha256")
    .update(JSON.stringify([fingerprint, tokenizers.source, tokenizers.target, maxLength, ...parts]))
    .digest("hex");
  const cache = new CorpusCache(cacheDirectory);
  const vocabularySize = Math.max(tokenizers.source.vocabulary.size, tokenizers.target.vocabulary.size);
  const name = nameOf(corpora.map(({ place }) => place));
  const corpus =
    cache.open(name, key, ({ file, message }) => options.onNote?.(`${file}: ${message}; it is made anew.`)) ??
    (await cache.write(name, key, { pairs: text.pairs, maxLength, vocabularySize }, (writer) =>
      encode(writer, text, corpora, options),
    ));
  const prepared = { name, files: corpora[0]!.place.files, tokenizers, corpus };
  return { ...prepared, ...heldOutOf(corpora), corpora: corpora.map((one) => one.prepared) };
}

/** What several corpora are called together. */
function nameOf(places: readonly CorpusPlace[]): string {
  const [first = "", ...others] = new Set(places.map(({ name }) => name));
  return others.length > 2 ? `${first}+${others.length}` : [first, ...others].join("+");
}

/** What one pass over the text of all corpora tells. */
interface Text {
  readonly pairs: number;
  readonly fingerprint: string;
  readonly tokenizers: Tokenizers;
}

async function learnFrom(options: PrepareOptions, corpora: readonly TrainingText[]): Promise<Text> {
  const learner = options.tokenizers === undefined ? (options.learner ?? createLearner(options)) : undefined;
  const hash = new CorpusHash();
  const progress = progressIn(options, "reading");
  for (const corpus of corpora) {
    for await (const pairs of corpus.read(progress)) {
      for (const pair of pairs) {
        hash.add(corpus.tagged(pair.source), pair.target);
        learner?.add(pair.source, pair.target);
      }
    }
    if (corpus.pairs > 0) continue;
    if (Object.keys(corpus.leftOut).length > 0) {
      const hint = "Leave out some of the filters, or hold out fewer.";
      throw new XformerError("DATA", "the filters leave no pair to train on", { file: corpus.path, hint });
    }
    const hint = "Lower --valid-split and --test-split.";
    throw new XformerError("DATA", "every pair is held out", { file: corpus.path, hint });
  }
  const tokenizers = options.tokenizers ?? learner!.finish();
  for (const { tag, path } of corpora) refuseUnknownTag(tag, tokenizers.source, path, options);
  const pairs = corpora.reduce((sum, corpus) => sum + corpus.pairs, 0);
  return { pairs, fingerprint: hash.digest(), tokenizers };
}

/** A tag that is cut into pieces is none. */
function refuseUnknownTag(
  tag: string | null,
  { tags = [] }: Tokenizer,
  file: string,
  { tokenizers }: PrepareOptions,
): void {
  if (tag === null || tags.includes(tag)) return;
  const hint =
    tokenizers === undefined
      ? `Learn one with \`xformer tokenizer learn --tag "${tag}"\`, or leave the file out.`
      : "Give --extend-vocabulary, or start from a model that was trained with it.";
  throw new XformerError("CONFIG", `the source's tokenizer does not know the tag ${tag}`, { file, hint });
}

/** What is held out of all corpora, each behind the one before. */
function heldOutOf(corpora: readonly TrainingText[]): Pick<PreparedCorpus, "heldOut"> {
  const names = distinctNames(corpora.map(({ prepared }) => prepared));
  const join = (part: "valid" | "test"): PairsByCorpus | null =>
    joinPairs(corpora.map((corpus, i) => ({ name: names[i]!, ...corpus.heldOut(part) })));
  return { heldOut: { valid: join("valid"), test: join("test") } };
}

/** Learns both tokenizers from pairs that stream by. */
export interface PairLearner {
  add(source: string, target: string): void;
  finish(): Tokenizers;
}

function createLearner(options: PrepareOptions): PairLearner {
  const { tokenizer, languages } = options;
  const learnerOf = (side: Side): TokenizerLearner => {
    const { kind, lowercase, file, ...limits } = tokenizerOf(tokenizer, side);
    if (file !== null) {
      refusePipe(file);
      const given = readTokenizer(file);
      return { add: () => {}, finish: () => given };
    }
    const vocabularySize = limits.vocabularySize ?? undefined;
    const minFrequency = limits.minFrequency ?? undefined;
    const language = languages[side] ?? "und";
    const learned = { kind, lowercase, minFrequency, vocabularySize, language };
    return createTokenizerLearner(side === "source" || joint ? { ...learned, tags } : learned);
  };
  const tags = [...new Set(options.corpora.flatMap(({ tag }) => tag ?? []))];
  const joint = isJoint(options);
  const target = learnerOf("target");
  const source = joint ? target : learnerOf("source");
  return {
    add: (sourceLine, targetLine) => {
      source.add(sourceLine);
      target.add(targetLine);
    },
    finish: () => {
      const learned = source.finish();
      return { source: learned, target: joint ? learned : target.finish() };
    },
  };
}

/**
 * Whether both sides have one tokenizer.
 *
 * @throws XformerError CONFIG where they are asked to and cannot, or have to and are asked not to
 */
function isJoint({ tokenizer, tied }: PrepareOptions): boolean {
  const [source, target] = [tokenizerOf(tokenizer, "source"), tokenizerOf(tokenizer, "target")];
  const { kind, file } = source;
  const areAlike = isDeepStrictEqual({ ...source, bpeDropout: 0 }, { ...target, bpeDropout: 0 });
  const joint = tokenizer.joint ?? (tied || (areAlike && (kind === "bpe" || file !== null)));
  if (joint && !areAlike) {
    const reason = tied ? "tied embeddings take one vocabulary" : "there is to be one vocabulary";
    throw new XformerError("CONFIG", `${reason}, but the tokenizers of the sides are not alike`, {
      hint: tied ? "Leave out --tie all, or give both the same." : "Leave out --joint-vocabulary.",
    });
  }
  if (!joint && (tied || (areAlike && file !== null))) {
    const reason = tied ? "tied embeddings take one vocabulary" : `${file} gives both sides one vocabulary`;
    throw new XformerError("CONFIG", `the vocabularies are to be separate, but ${reason}`, {
      hint: "Leave out --separate-vocabularies.",
    });
  }
  return joint;
}

function refuseDropout(config: TokenizerConfig, tokenizers: Tokenizers): void {
  for (const side of ["source", "target"] as const) {
    const { bpeDropout } = tokenizerOf(config, side);
    const { kind } = tokenizers[side];
    if (bpeDropout === 0 || kind === "bpe") continue;
    const both = config.source.bpeDropout === null && config.target.bpeDropout === null;
    const what = both ? "the tokens are" : `the tokens of the ${side} are`;
    const flag = tokenizers.source.kind === tokenizers.target.kind ? "tokenizer" : `${side}-tokenizer`;
    throw new XformerError("CONFIG", `bpeDropout is ${bpeDropout}, but ${what} ${kind}s`, {
      hint: `Leave it out, or choose --${flag} bpe.`,
    });
  }
}

/** The second pass over the text. */
async function encode(
  writer: EncodedCorpusWriter,
  { pairs, fingerprint, tokenizers }: Text,
  corpora: readonly TrainingText[],
  options: PrepareOptions,
): Promise<EncodedText> {
  const { maxLength } = options;
  const { source: file } = corpora[0]!.place.files;
  const progress = progressIn(options, "encoding");
  const streams = corpora.map((corpus) => corpus.readTagged(progress));
  const encoded = await encodeCorpus(streams, tokenizers, maxLength, writer);
  if (encoded.fingerprint !== fingerprint) {
    const hint = "Begin again when it is complete.";
    throw new XformerError("DATA", "the text changed while it was read", { file, hint });
  }
  if (encoded.statistics.skipped === pairs) {
    const hint = "Raise --max-length.";
    throw new XformerError("DATA", `every pair has a side of more than ${maxLength} tokens`, { file, hint });
  }
  return encoded;
}

/** Tells of the pairs of all corpora as they are read, and ends the reading when it is to end. */
function progressIn({ onProgress, signal }: PrepareOptions, phase: PreparationPhase): ReadProgress {
  let done = 0;
  return {
    check: () => signal?.throwIfAborted(),
    add: (pairs) => {
      done += pairs;
      onProgress?.(done, phase);
    },
  };
}
