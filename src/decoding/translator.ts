import type { EncodedPair } from "../data/batches.ts";
import { XformerError } from "../errors.ts";
import type { IdPair, Sentences } from "../model/batch.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Pool } from "../replicas/pool.ts";
import { tagged } from "../text/tags.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type Alignment, align, unitsOfTokens } from "./alignments.ts";
import { BatchRunner, type BatchWork } from "./batchRunner.ts";
import { copiedWords } from "./copying.ts";
import type { AttentionWeights } from "./crossAttention.ts";
import { decodeBatch } from "./decodeBatch.ts";
import type { DecodeBatch, SharedBatch } from "./decodingJobs.ts";
import { gridWidth } from "./gridBeamSearch.ts";
import { Lexicon, type LinePhrases } from "./lexicon.ts";
import { joinPieces, type PieceLimits, type SeenLengths } from "./longLines.ts";
import {
  type AlignmentUnit,
  type Decoding,
  type DecodingOptions,
  type LengthLimit,
  lengthLimit,
  resolveDecoding,
  usualLimit,
  widthOf,
} from "./options.ts";
import { type PairTrace, readTrace, type TraceSize, traceWords } from "./pairTrace.ts";
import { writePhrases } from "./phrases.ts";
import { type LineInPieces, type Piece, piecesOf } from "./pieces.ts";
import {
  attentionWords,
  type FoundTarget,
  readAttention,
  readResults,
  readScore,
  resultWords,
  scoreWords,
} from "./results.ts";
import type { PairScore } from "./scorer.ts";
import { describeTrace, type SentenceTrace } from "./sentenceTrace.ts";
import { type StreamedToken, TokenQueue } from "./tokenStream.ts";
import { attentionRows, joinHypotheses, type PieceOfHypothesis, type Translation } from "./translation.ts";

export type { Translation } from "./translation.ts";

/** Tokens a thread works on at a time, on the longer side. */
const BATCH_TOKENS = 1024;
/** Of many hypotheses a sentence fewer sentences are worked on at a time, but no fewer than this. */
const FEWEST_BATCH_TOKENS = 16;

/** How long lines may be. */
export interface TranslationLimits {
  /** The most tokens a translation may have. */
  readonly outputLimit: number;
  /** The longest lines of training, where they are known. */
  readonly lengths?: SeenLengths | undefined;
}

/** A further model of an ensemble, its parameters in the memory of the first's pool. */
export interface Partner {
  readonly model: Transformer;
  readonly sourceTokenizer: Tokenizer;
}

/**
 * Lines with a tag in front of those that have none.
 *
 * @throws XformerError USAGE when the model was not trained with it
 */
export function taggedLines(
  lines: readonly string[],
  tag: string | undefined,
  tokenizer: Tokenizer,
): readonly string[] {
  if (tag === undefined) return lines;
  const { tags = [] } = tokenizer;
  if (!tags.includes(tag)) {
    const known =
      tags.length === 0 ? "Leave out --tag: it was trained without any." : `It knows ${tags.join(", ")}.`;
    throw new XformerError("USAGE", `this model has no tag "${tag}"`, { hint: known });
  }
  return lines.map((line) => tagged(line, tag, tokenizer));
}

/** A trained model with its tokenizers, or an ensemble of several: text in, text out. */
export class Translator {
  readonly pool: Pool;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;
  /** The most tokens a translation may have unless options say otherwise. */
  readonly outputLimit: number;
  /** The longest lines that are translated in one piece. */
  readonly limits: PieceLimits;
  readonly #partners: readonly Partner[];
  readonly #runner: BatchRunner;
  readonly #lexicon: Lexicon;

  constructor(
    pool: Pool,
    sourceTokenizer: Tokenizer,
    targetTokenizer: Tokenizer,
    { outputLimit, lengths }: TranslationLimits,
    partners: readonly Partner[] = [],
  ) {
    this.pool = pool;
    this.sourceTokenizer = sourceTokenizer;
    this.targetTokenizer = targetTokenizer;
    this.outputLimit = outputLimit;
    const most = pool.main.model.config.maxLength;
    this.limits = { most, ...(lengths ?? { source: most, sentences: Number.POSITIVE_INFINITY }) };
    this.#partners = partners;
    const { bosId, eosId } = targetTokenizer.vocabulary;
    this.#runner = new BatchRunner(pool, { bosId, eosId });
    this.#lexicon = new Lexicon(targetTokenizer, pool.main.workbench.heap);
  }

  /**
   * Translates lines, one for one and in order; greedily unless options say otherwise. A line without a token
   * gives an empty line.
   *
   * @param decoding the options when they have been looked at before
   * @throws XformerError USAGE naming the option that is wrong; the reason of `options.signal` when it aborts
   */
  async translate(
    lines: readonly string[],
    options: DecodingOptions = {},
    decoding: Decoding = resolveDecoding(options),
  ): Promise<Translation[]> {
    if (options.unknown === "copy") this.#refuseToCopyPieces();
    const sources = taggedLines(lines, options.tag, this.sourceTokenizer);
    const cut = this.#cut(sources, options, decoding);
    const all = cut.flatMap((line) => line.pieces);
    const found = await this.#decode(all, decoding, options);
    const aligned = await this.#align(all, found, options);
    let next = 0;
    return cut.map((line) => {
      const { length } = line.pieces;
      const parts = aligned.slice(next, next + length);
      next += length;
      return this.#join(line, parts, decoding);
    });
  }

  /**
   * Translates one line, greedily or as a sample, and gives each token as it comes, on the calling thread. Whoever stops
   * listening ends the search.
   *
   * @returns in the end, what {@link translate} gives
   * @throws XformerError USAGE naming the option that is wrong; the reason of `options.signal` when it aborts
   */
  async *stream(
    line: string,
    options: DecodingOptions = {},
  ): AsyncGenerator<StreamedToken, Translation, undefined> {
    const decoding = resolveDecoding(options);
    if (widthOf(decoding) > 1 || (options.constraints?.length ?? 0) > 0) {
      throw new XformerError("USAGE", "several hypotheses cannot be given token by token", {
        hint: "Leave beam, nBest and constraints out.",
      });
    }
    if (options.unknown === "copy") this.#refuseToCopyPieces();
    const sources = taggedLines([line], options.tag, this.sourceTokenizer);
    const [cut] = this.#cut(sources, options, decoding);
    const tokens = new TokenQueue();
    let isWanted = true;
    const search = this.#runner
      .alone(() => this.#follow(cut!.pieces, decoding, options, tokens, () => isWanted))
      .finally(() => tokens.end());
    search.catch(() => {}); // it is told below, when the tokens before it have been given
    try {
      yield* tokens;
      return this.#join(cut!, await this.#align(cut!.pieces, await search, options), decoding);
    } finally {
      isWanted = false;
    }
  }

  /** Ends the pool's threads when what was asked for before is done. */
  close(): Promise<void> {
    return this.#runner.alone(() => this.pool.close());
  }

  /** A line's translation from those of its pieces. */
  #join(
    { source, overLong, pieces }: LineInPieces,
    parts: readonly (readonly PieceOfHypothesis[])[],
    { lengthPenalty }: Decoding,
  ): Translation {
    const hypotheses = joinHypotheses(parts, this.targetTokenizer, lengthPenalty);
    return {
      text: hypotheses[0]?.text ?? "",
      sourceTokens: source.length,
      unknownTokens: this.sourceTokenizer.vocabulary.countUnknown(source),
      overLong,
      overLongPieces: pieces.filter((piece) => piece.source.length > this.limits.source).length,
      pieces: parts.length,
      hypotheses,
    };
  }

  /** Searches for the targets of a line's pieces, one after the other, on the main thread's replica. */
  async #follow(
    pieces: readonly Piece[],
    decoding: Decoding,
    { firstLine = 1, signal }: DecodingOptions,
    tokens: TokenQueue,
    isWanted: () => boolean,
  ): Promise<FoundTarget[][]> {
    const { model, workbench } = this.pool.main;
    const { vocabulary } = this.targetTokenizer;
    const { bosId, eosId, unkId } = vocabulary;
    const share = (source: Int32Array): Sentences =>
      this.#runner.share([{ source, target: new Int32Array(0), index: 0 }]).source;
    const found: FoundTarget[][] = [];
    const texts: string[] = [];
    for (const { source, partnerSources, prefix } of pieces) {
      const others = this.#partners.map((partner, m) => ({
        model: partner.model,
        source: share(partnerSources[m]!),
      }));
      const limit = this.#limitOf(decoding);
      const batch = { bosId, eosId, unkId, limit, lines: [firstLine], prefixes: [prefix] };
      workbench.packs.useVersion(this.pool.weightsVersion);
      const members = [{ model, source: share(source) }, ...others];
      const steps = decodeBatch(members, workbench, batch, decoding, (_, hypothesis) => {
        if (hypothesis.ended) return;
        const text = joinPieces([...texts, this.targetTokenizer.decode(hypothesis.tokens())]);
        tokens.push({
          token: vocabulary.token(hypothesis.id),
          text: text.replace(/\ufffd+$/, ""),
          logProbability: hypothesis.tokenLogProbability,
        });
      });
      try {
        signal?.throwIfAborted();
        let step = steps.next();
        while (!step.done && isWanted()) {
          await this.pool.pause();
          signal?.throwIfAborted();
          step = steps.next();
        }
        if (!step.done) return found; // nobody listens any more
        const [targets] = step.value;
        found.push([...targets!]);
        texts.push(this.targetTokenizer.decode(targets![0]!.ids));
      } finally {
        workbench.arena.release();
      }
    }
    return found;
  }

  /**
   * Scores pairs of lines by teacher forcing, one for one and in order.
   *
   * @throws the reason of `signal` when it aborts
   */
  async score(
    sources: readonly string[],
    targets: readonly string[],
    signal?: AbortSignal,
  ): Promise<PairScore[]> {
    const pairs = sources.map((source, index) => ({
      source: this.sourceTokenizer.encode(source),
      target: this.targetTokenizer.encode(targets[index]!),
      index,
    }));
    const work: BatchWork<SharedBatch, PairScore> = {
      batchTokens: BATCH_TOKENS,
      words: ({ target }) => scoreWords(target.length),
      describe: (batch) => batch,
      job: (batches, common) => ({ ...common, kind: "score", batches }),
      read: readScore,
    };
    return this.#runner.run(pairs, work, signal);
  }

  /**
   * How much the tokens of targets attend to those of their sources, in the decoder's last layer (of an ensemble,
   * the first model's): the mean of its heads.
   */
  async attention(
    pairs: readonly Omit<EncodedPair, "index">[],
    signal?: AbortSignal,
  ): Promise<AttentionWeights[]> {
    const indexed = pairs.map((pair, index) => ({ ...pair, index }));
    const work: BatchWork<SharedBatch, AttentionWeights> = {
      batchTokens: BATCH_TOKENS,
      words: ({ source, target }) => attentionWords(target.length, source.length),
      describe: (batch) => batch,
      job: (batches, common) => ({ ...common, kind: "attention", batches }),
      read: (words, { source, target }) => readAttention(words, target.length, source.length),
    };
    return this.#runner.run(indexed, work, signal);
  }

  /**
   * Looks inside the model (of an ensemble, the first) while it reads a line and writes a target: its own greedy
   * translation, unless another is given.
   *
   * @throws XformerError USAGE for a source without a token, or a side of more tokens than sentences of training could
   *   have; the reason of `signal` when it aborts
   */
  async trace(source: string, target?: string, signal?: AbortSignal): Promise<SentenceTrace> {
    const ids = this.#sideOf("source", source, this.sourceTokenizer);
    if (ids.length === 0)
      throw new XformerError("USAGE", "the source has no token", { hint: "Give it some text." });
    const own = target === undefined ? await this.#translateWhole(source, ids, signal) : undefined;
    const given = Int32Array.from(own?.ids ?? this.#sideOf("target", target!, this.targetTokenizer));
    const pair = { source: ids, target: given };
    const { model } = this.pool.main;
    const sizeOf = (sides: IdPair): TraceSize => ({
      model: model.config,
      source: sides.source.length + 1,
      target: sides.target.length + 1,
    });
    const work: BatchWork<SharedBatch, PairTrace> = {
      batchTokens: BATCH_TOKENS,
      words: (sides) => traceWords(sizeOf(sides)),
      describe: (batch) => batch,
      job: (batches, common) => ({ ...common, kind: "trace", batches }),
      read: (words, sides) => readTrace(words, sizeOf(sides)),
    };
    const [numbers] = await this.#runner.run([{ ...pair, index: 0 }], work, signal);
    const tokenizers = [this.sourceTokenizer, this.targetTokenizer] as const;
    const origin = { isOwn: own !== undefined, ended: own?.ended ?? true };
    return describeTrace(model, tokenizers, [source, target ?? ""], pair, numbers!, origin);
  }

  /** The ids of a side that is to be looked at whole. */
  #sideOf(side: "source" | "target", text: string, tokenizer: Tokenizer): Int32Array {
    const ids = tokenizer.encode(text);
    const { most } = this.limits;
    if (ids.length <= most) return ids;
    throw new XformerError("USAGE", `the ${side} has ${ids.length} tokens, the model takes ${most} at most`, {
      hint: "Give a single sentence.",
    });
  }

  async #translateWhole(
    text: string,
    source: Int32Array,
    signal: AbortSignal | undefined,
  ): Promise<FoundTarget> {
    const partnerSources = this.#partners.map(({ sourceTokenizer }) => sourceTokenizer.encode(text));
    const prefix = new Int32Array(0);
    const piece: Piece = { line: 0, text, source, partnerSources, prefix, phrases: undefined };
    const [found] = await this.#decode([piece], resolveDecoding({}), { signal });
    return found![0]!;
  }

  /** Lines in pieces, with what their translations have to contain. */
  #cut(lines: readonly string[], options: DecodingOptions, decoding: Decoding): LineInPieces[] {
    const { sourceTokenizer, targetTokenizer, limits } = this;
    const partners = this.#partners.map((partner) => partner.sourceTokenizer);
    const constraints = Lexicon.perLine(lines.length, options.constraints);
    const limit = this.#limitOf(decoding);
    const phrasesOf = (line: number, sourceTokens: number): LinePhrases | undefined =>
      this.#lexicon.phrasesOf(
        constraints[line]!,
        decoding.orderedConstraints,
        lengthLimit(limit, sourceTokens),
      );
    return piecesOf(lines, options, sourceTokenizer, partners, targetTokenizer, limits, phrasesOf);
  }

  #limitOf(decoding: Decoding): LengthLimit {
    return decoding.maxLength ?? usualLimit(decoding, this.outputLimit);
  }

  #refuseToCopyPieces(): void {
    const other = [this.sourceTokenizer, this.targetTokenizer].find(({ kind }) => kind !== "word");
    if (other === undefined) return;
    throw new XformerError(
      "USAGE",
      `unknown words cannot be copied: the tokens of this model are ${other.kind}s`,
      {
        hint: "Leave out --unknown copy.",
      },
    );
  }

  /** What is found for each piece. */
  async #decode(
    pieces: readonly Piece[],
    decoding: Decoding,
    { firstLine = 1, signal }: DecodingOptions,
  ): Promise<FoundTarget[][]> {
    const limit = this.#limitOf(decoding);
    const { bosId, eosId, unkId } = this.targetTokenizer.vocabulary;
    const most = ({ source }: EncodedPair): number => lengthLimit(limit, source.length);
    const partners = this.#partners.map(({ model }) => ({
      config: model.config,
      parameters: model.parameters.pointer,
    }));
    const pairs = pieces.map(({ source, prefix }, index) => ({ source, target: prefix, index }));
    const widest = pieces.reduce(
      (most, { phrases }) => Math.max(most, phrases === undefined ? 0 : gridWidth(decoding.beam, phrases)),
      widthOf(decoding),
    );
    const edges = pieces.some(({ phrases }) => phrases !== undefined) ? this.#lexicon.edges : null;
    const work: BatchWork<DecodeBatch, FoundTarget[]> = {
      batchTokens: Math.max(FEWEST_BATCH_TOKENS, Math.floor(BATCH_TOKENS / widest)),
      words: (pair) => resultWords(decoding.nBest, most(pair)),
      describe: (batch, part) => ({
        ...batch,
        partnerSources: partners.map((_, m) => {
          const theirs = part.map((pair) => ({ ...pair, source: pieces[pair.index]!.partnerSources[m]! }));
          return this.#runner.share(theirs).source;
        }),
        lines: this.#runner.shareIntegers(part.map(({ index }) => firstLine + pieces[index]!.line)),
        phrases:
          edges === null
            ? null
            : this.#runner.shareIntegers(writePhrases(part.map(({ index }) => pieces[index]!.phrases))),
      }),
      job: (batches, common) => ({
        ...common,
        kind: "decode",
        decoding,
        limit,
        edges,
        targetVocabulary: this.targetTokenizer.vocabulary.size,
        partners,
        batches,
        special: { bosId, eosId, unkId },
      }),
      read: (words, pair) => readResults(words, most(pair)),
    };
    return this.#runner.run(pairs, work, signal);
  }

  /**
   * What was found for each piece, with alignments and with the words that are copied, if they are wanted; places count
   * from the beginning of the piece.
   */
  async #align(
    pieces: readonly Piece[],
    found: readonly FoundTarget[][],
    { alignments: unit, attention = false, unknown, signal }: DecodingOptions,
  ): Promise<PieceOfHypothesis[][]> {
    const { unkId } = this.targetTokenizer.vocabulary;
    const copies = ({ ids }: FoundTarget): boolean => unknown === "copy" && ids.includes(unkId);
    const asked = found.flatMap((targets, p) =>
      targets
        .filter((target) => unit !== undefined || attention || copies(target))
        .map((target) => ({ target, p })),
    );
    const pairs = asked.map(({ target, p }) => ({
      source: pieces[p]!.source,
      target: Int32Array.from(target.ids),
    }));
    const weights = await this.attention(pairs, signal);
    const weightsOf = new Map(asked.map(({ target }, i) => [target, weights[i]!]));
    return found.map((targets, p) => {
      const { source, text, phrases } = pieces[p]!;
      return targets.map((target) => ({
        ...target,
        unmet: phrases === undefined ? undefined : this.#lexicon.unmet(phrases, target.ids),
        alignment:
          unit === undefined ? undefined : this.#alignment(source, target, weightsOf.get(target)!, unit),
        attention: attention
          ? attentionRows(
              weightsOf.get(target)!,
              Array.from(source, (id) => this.sourceTokenizer.vocabulary.token(id)),
              target.ids.map((id) => this.targetTokenizer.vocabulary.token(id)),
            )
          : undefined,
        copied: copies(target)
          ? copiedWords(target.ids, unkId, weightsOf.get(target)!, {
              ids: source,
              texts: this.sourceTokenizer.surfaces!(text),
              unkId: this.sourceTokenizer.vocabulary.unkId,
            })
          : [],
      }));
    });
  }

  #alignment(
    source: Int32Array,
    { ids }: FoundTarget,
    weights: AttentionWeights,
    unit: AlignmentUnit,
  ): Alignment {
    const units = unitsOfTokens(source, this.sourceTokenizer, unit);
    return align(weights, units, unitsOfTokens(ids, this.targetTokenizer, unit));
  }
}
