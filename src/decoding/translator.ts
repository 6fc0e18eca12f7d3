import { assembleBatch, batchesInOrder } from "../data/batches.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Workbench } from "../tensor/computation.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { greedyDecode } from "./greedy.ts";
import { type PairScore, scorePairs } from "./scorer.ts";

/** Tokens worked on at a time, on the longer side. */
const BATCH_TOKENS = 2048;

/** One line, translated. */
export interface Translation {
  readonly text: string;
  /** Source tokens. */
  readonly sourceTokens: number;
  /** Source tokens that are not in the vocabulary. */
  readonly unknownTokens: number;
  /** Whether the source is longer than any sentence that was trained on could be. */
  readonly overLong: boolean;
}

/** A trained model with its tokenizers: text in, text out. */
export class Translator {
  readonly model: Transformer;
  readonly workbench: Workbench;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;
  /** The most tokens a translation may have. */
  readonly outputLimit: number;

  constructor(
    model: Transformer,
    workbench: Workbench,
    sourceTokenizer: Tokenizer,
    targetTokenizer: Tokenizer,
    outputLimit: number,
  ) {
    this.model = model;
    this.workbench = workbench;
    this.sourceTokenizer = sourceTokenizer;
    this.targetTokenizer = targetTokenizer;
    this.outputLimit = outputLimit;
  }

  /** Translates lines, one for one and in order, greedily. A line without a token gives an empty line. */
  translate(lines: readonly string[]): Translation[] {
    const { eosId } = this.targetTokenizer.vocabulary;
    const sources = lines.map((line) => this.sourceTokenizer.encode(line));
    const texts: string[] = lines.map(() => "");
    const wanted = sources.flatMap((source, index) =>
      source.length === 0 ? [] : [{ source, target: new Int32Array(0), index }],
    );
    for (const pairs of batchesInOrder(wanted, BATCH_TOKENS)) {
      const { sourceTokens: tokens, sourceOffsets: offsets } = assembleBatch(pairs, eosId);
      const outputs = greedyDecode(
        ...[this.model, this.workbench, { tokens, offsets }] as const,
        ...[this.targetTokenizer.vocabulary, this.outputLimit] as const,
      );
      for (const [i, output] of outputs.entries()) texts[pairs[i]!.index] = this.targetTokenizer.decode(output);
    }
    return sources.map((source, i) => ({
      text: texts[i]!,
      sourceTokens: source.length,
      unknownTokens: this.sourceTokenizer.vocabulary.countUnknown(source),
      overLong: source.length > this.model.config.maxLength,
    }));
  }

  /** Scores pairs of lines by teacher forcing, one for one and in order. */
  score(sources: readonly string[], targets: readonly string[]): PairScore[] {
    const { vocabulary } = this.targetTokenizer;
    const pairs = sources.map((source, index) => ({
      source: this.sourceTokenizer.encode(source),
      target: this.targetTokenizer.encode(targets[index]!),
      index,
    }));
    return batchesInOrder(pairs, BATCH_TOKENS).flatMap((batch) =>
      scorePairs(this.model, this.workbench, assembleBatch(batch, vocabulary.eosId), vocabulary),
    );
  }
}
