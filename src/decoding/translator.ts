import type { EncodedPair } from "../data/batches.ts";
import { XformerError } from "../errors.ts";
import type { Transformer } from "../model/transformer.ts";
import type { ReplicaPool } from "../replicas/pool.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { BatchRunner } from "./batchRunner.ts";
import type { Weights } from "./crossAttention.ts";
import type { DecodeBatch } from "./jobs.ts";
import { type DecodingOptions, lengthLimit, resolveDecoding, widthOf } from "./options.ts";
import { attentionWords, readAttention, readResults, readScore, resultWords, scoreWords } from "./results.ts";
import type { PairScore } from "./scorer.ts";
import { type TranslatedHypothesis, type Translation, translated } from "./translation.ts";

export type { Translation } from "./translation.ts";

/** Tokens a thread works on at a time, on the longer side. */
const BATCH_TOKENS = 1024;
/** Of many hypotheses a sentence fewer sentences are worked on at a time, but no fewer than this. */
const FEWEST_BATCH_TOKENS = 128;

/** A further model of an ensemble, its parameters in the memory of the first's pool. */
export interface Partner {
  readonly model: Transformer;
  readonly sourceTokenizer: Tokenizer;
}

/** A trained model with its tokenizers, or an ensemble of several: text in, text out. */
export class Translator {
  readonly pool: ReplicaPool;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;
  /** The most tokens a translation may have unless options say otherwise. */
  readonly outputLimit: number;
  readonly #partners: readonly Partner[];
  readonly #runner: BatchRunner;

  constructor(
    pool: ReplicaPool,
    sourceTokenizer: Tokenizer,
    targetTokenizer: Tokenizer,
    outputLimit: number,
    partners: readonly Partner[] = [],
  ) {
    this.pool = pool;
    this.sourceTokenizer = sourceTokenizer;
    this.targetTokenizer = targetTokenizer;
    this.outputLimit = outputLimit;
    this.#partners = partners;
    const { bosId, eosId } = targetTokenizer.vocabulary;
    this.#runner = new BatchRunner(pool, { bosId, eosId });
  }

  /**
   * Translates lines, one for one and in order; greedily unless options say otherwise. A line without a token
   * gives an empty line.
   *
   * @throws XformerError USAGE naming the option that is wrong
   */
  async translate(lines: readonly string[], options: DecodingOptions = {}): Promise<Translation[]> {
    const decoding = resolveDecoding(options);
    const limit = decoding.maxLength ?? { factor: 0, plus: this.outputLimit };
    const prefixes = this.#prefixes(lines, options);
    const sources = lines.map((line) => this.sourceTokenizer.encode(line));
    const partnerSources = this.#partners.map(({ sourceTokenizer }) =>
      lines.map((line) => sourceTokenizer.encode(line)),
    );
    const found: TranslatedHypothesis[][] = lines.map(() => []);
    const wanted = sources.flatMap((source, index) =>
      source.length === 0 ? [] : [{ source, target: prefixes[index]!, index }],
    );
    const most = (pair: EncodedPair): number => lengthLimit(limit, pair.source.length);
    const partners = this.#partners.map(({ model }) => ({
      config: model.config,
      parameters: model.parameters.pointer,
    }));
    await this.#runner.run<DecodeBatch>(wanted, {
      batchTokens: Math.max(FEWEST_BATCH_TOKENS, Math.floor(BATCH_TOKENS / widthOf(decoding))),
      words: (pair) => resultWords(decoding.nBest, most(pair)),
      describe: (batch, part) => ({
        ...batch,
        partnerPairs: partnerSources.map((theirs) =>
          this.#runner.share(part.map((pair) => ({ ...pair, source: theirs[pair.index]! }))),
        ),
        lines: part.map(({ index }) => (options.firstLine ?? 1) + index),
      }),
      job: (batches, common) => ({
        ...common,
        ...{ kind: "decode", decoding, limit, partners, batches },
        unkId: this.targetTokenizer.vocabulary.unkId,
      }),
      read: (words, pair) => {
        found[pair.index] = readResults(words, most(pair)).map((target) =>
          translated(target, this.targetTokenizer, decoding.lengthPenalty),
        );
      },
    });
    return sources.map((source, i) => ({
      text: found[i]![0]?.text ?? "",
      sourceTokens: source.length,
      unknownTokens: this.sourceTokenizer.vocabulary.countUnknown(source),
      overLong: source.length > this.pool.main.model.config.maxLength,
      hypotheses: found[i]!,
    }));
  }

  /** Scores pairs of lines by teacher forcing, one for one and in order. */
  async score(sources: readonly string[], targets: readonly string[]): Promise<PairScore[]> {
    const scores: PairScore[] = [];
    await this.#runner.run(this.#encodePairs(sources, targets), {
      batchTokens: BATCH_TOKENS,
      words: ({ target }) => scoreWords(target.length),
      describe: (batch) => batch,
      job: (batches, common) => ({ ...common, kind: "score", batches }),
      read: (words) => void scores.push(readScore(words)),
    });
    return scores;
  }

  /**
   * How much the tokens of targets attend to those of their sources, in the decoder's last layer (of an ensemble,
   * the first model's): the mean of its heads.
   */
  async attention(pairs: readonly Omit<EncodedPair, "index">[]): Promise<Weights[]> {
    const weights: Weights[] = [];
    const indexed = pairs.map((pair, index) => ({ ...pair, index }));
    await this.#runner.run(indexed, {
      batchTokens: BATCH_TOKENS,
      words: ({ source, target }) => attentionWords(target.length, source.length),
      describe: (batch) => batch,
      job: (batches, common) => ({ ...common, kind: "attention", batches }),
      read: (words, { source, target }) =>
        void weights.push(readAttention(words, target.length, source.length)),
    });
    return weights;
  }

  #encodePairs(sources: readonly string[], targets: readonly string[]): EncodedPair[] {
    return sources.map((source, index) => ({
      source: this.sourceTokenizer.encode(source),
      target: this.targetTokenizer.encode(targets[index]!),
      index,
    }));
  }

  /** By line: the tokens that its translation begins with. */
  #prefixes(lines: readonly string[], { prefix = "" }: DecodingOptions): Int32Array[] {
    if (typeof prefix === "string") {
      const ids = this.targetTokenizer.encode(prefix);
      return lines.map(() => ids);
    }
    if (prefix.length === lines.length) return prefix.map((text) => this.targetTokenizer.encode(text));
    throw new XformerError("USAGE", `there are ${prefix.length} prefixes for ${lines.length} lines`, {
      hint: "Give each line its prefix, or all of them one.",
    });
  }
}
