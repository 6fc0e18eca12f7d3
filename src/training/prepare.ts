import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { CorpusHash, type Pairs, readCorpus } from "../data/corpus.ts";
import { CorpusCache } from "../data/corpusCache.ts";
import { type CorpusPlace, type Languages, locateCorpus } from "../data/corpusPlace.ts";
import type { EncodedCorpus } from "../data/encodedCorpus.ts";
import { type EncodedCorpusWriter, type EncodedText, encodeCorpus } from "../data/encodedCorpusWriter.ts";
import { Division, DivisionCounter, HeldOutPairs, type HoldOut } from "../data/heldOut.ts";
import type { SentencePair } from "../data/pairing.ts";
import { XformerError } from "../errors.ts";
import { refusePipe } from "../io/refusePipe.ts";
import { readTokenizer } from "../io/tokenizerFile.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { createTokenizerLearner } from "../text/tokenizerKinds.ts";
import type { TokenizerConfig } from "./config.ts";

/** The two tokenizers of a model; the same one twice when both sides have one vocabulary. */
export interface Tokenizers {
  readonly source: Tokenizer;
  readonly target: Tokenizer;
}

/** The text is read, to learn from and to take its hash; then it is encoded, unless it was before. */
export type PreparationPhase = "reading" | "encoding";

/** Which corpus to prepare, and how. */
export interface PrepareOptions {
  /** A `.tsv`, or a prefix that the languages complete; packed with `.gz` or not. */
  readonly path: string;
  readonly languages: Languages;
  /** What of it is not trained on; nothing when left out. */
  readonly holdOut?: HoldOut;
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

/** What of a corpus is not trained on. */
interface HeldOut {
  readonly valid: Pairs | null;
  readonly test: Pairs | null;
  /** How it was divided. */
  readonly division: Division;
}

/** A training corpus to train on. */
export interface PreparedCorpus extends CorpusPlace {
  readonly tokenizers: Tokenizers;
  readonly heldOut: HeldOut;
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
  const place = locateCorpus(options.path, options.languages);
  const division = await divide(options);
  const text = await learnFrom(options, division);
  const { tokenizers, fingerprint, heldOut } = text;
  refuseDropout(options.tokenizer, tokenizers);
  const key = createHash("sha256")
    .update(JSON.stringify([fingerprint, tokenizers.source, tokenizers.target, maxLength]))
    .digest("hex");
  const cache = new CorpusCache(cacheDirectory);
  const vocabularySize = Math.max(tokenizers.source.vocabulary.size, tokenizers.target.vocabulary.size);
  const corpus =
    cache.open(place.name, key, ({ file, message }) =>
      options.onNote?.(`${file}: ${message}; it is made anew.`),
    ) ??
    (await cache.write(place.name, key, { pairs: text.pairs, maxLength, vocabularySize }, (writer) =>
      encode(writer, text, place.files.source, options),
    ));
  return { ...place, tokenizers, heldOut, corpus };
}

/** What one pass over the text of a corpus tells. */
interface Text {
  readonly pairs: number;
  readonly fingerprint: string;
  readonly tokenizers: Tokenizers;
  readonly heldOut: HeldOut;
}

/** Where each pair belongs, which takes a pass of its own when anything is held out. */
async function divide(options: PrepareOptions): Promise<Division> {
  const { holdOut = { valid: 0, test: 0 } } = options;
  const counter = new DivisionCounter(holdOut);
  if (holdOut.valid !== 0 || holdOut.test !== 0) {
    for await (const pairs of stream(options, "reading")) for (const pair of pairs) counter.add(pair);
  }
  return new Division(counter);
}

async function learnFrom(options: PrepareOptions, division: Division): Promise<Text> {
  const learner = options.tokenizers === undefined ? (options.learner ?? createLearner(options)) : undefined;
  const hash = new CorpusHash();
  const heldOut = new HeldOutPairs();
  let count = 0;
  for await (const pairs of stream(options, "reading")) {
    for (const pair of pairs) {
      const part = division.partOf(pair);
      if (part !== "train") {
        heldOut.add(part, pair);
        continue;
      }
      count++;
      hash.add(pair.source, pair.target);
      learner?.add(pair.source, pair.target);
    }
  }
  if (count === 0) {
    const hint = "Lower --valid-split and --test-split.";
    throw new XformerError("DATA", "every pair is held out", { file: options.path, hint });
  }
  return {
    pairs: count,
    fingerprint: hash.digest(),
    tokenizers: options.tokenizers ?? learner!.finish(),
    heldOut: { valid: heldOut.pairs("valid"), test: heldOut.pairs("test"), division },
  };
}

/** Learns both tokenizers from pairs that stream by. */
export interface PairLearner {
  add(source: string, target: string): void;
  finish(): Tokenizers;
}

function createLearner({ tokenizer, languages, tied }: PrepareOptions): PairLearner {
  const { kind, lowercase, file } = tokenizer;
  const joint = tokenizer.joint ?? (tied || kind === "bpe" || file !== null);
  if (!joint && (tied || file !== null)) {
    const reason = tied ? "tied embeddings take one vocabulary" : `${file} gives both sides one vocabulary`;
    throw new XformerError("CONFIG", `the vocabularies are to be separate, but ${reason}`, {
      hint: "Leave out --separate-vocabularies.",
    });
  }
  if (file !== null) {
    refusePipe(file);
    const given = readTokenizer(file);
    return { add: () => {}, finish: () => ({ source: given, target: given }) };
  }
  const vocabularySize = tokenizer.vocabularySize ?? undefined;
  const minFrequency = tokenizer.minFrequency ?? undefined;
  const learnerOf = (language = "und") =>
    createTokenizerLearner({ kind, lowercase, minFrequency, vocabularySize, language });
  const target = learnerOf(languages.target);
  const source = joint ? target : learnerOf(languages.source);
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

function refuseDropout({ bpeDropout }: TokenizerConfig, { source, target }: Tokenizers): void {
  const other = [source, target].find(({ kind }) => kind !== "bpe");
  if (bpeDropout === 0 || other === undefined) return;
  throw new XformerError("CONFIG", `bpeDropout is ${bpeDropout}, but the tokens are ${other.kind}s`, {
    hint: "Leave it out, or choose --tokenizer bpe.",
  });
}

/** The second pass over the text. */
async function encode(
  writer: EncodedCorpusWriter,
  { pairs, fingerprint, tokenizers, heldOut }: Text,
  file: string,
  options: PrepareOptions,
): Promise<EncodedText> {
  const { maxLength } = options;
  const encoded = await encodeCorpus(trainedOn(options, heldOut.division), tokenizers, maxLength, writer);
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

async function* stream(
  { path, languages, onProgress, signal }: PrepareOptions,
  phase: PreparationPhase,
): AsyncGenerator<readonly SentencePair[], void, undefined> {
  let done = 0;
  for await (const pairs of readCorpus(path, languages)) {
    signal?.throwIfAborted();
    yield pairs;
    done += pairs.length;
    onProgress?.(done, phase);
  }
}

/** The pairs that are trained on. */
async function* trainedOn(
  options: PrepareOptions,
  division: Division,
): AsyncGenerator<readonly SentencePair[], void, undefined> {
  for await (const pairs of stream(options, "encoding"))
    yield pairs.filter((pair) => division.partOf(pair) === "train");
}
