import { isDeepStrictEqual } from "node:util";
import { XformerError } from "../errors.ts";
import { extenderOf } from "../text/extend.ts";
import type { Extension, Tokenizer } from "../text/tokenizer.ts";
import type { VocabularyLimits } from "../text/vocabulary.ts";
import { entriesOf, type RunConfig, type Side, type TokenizerConfig, tokenizerOf } from "./config.ts";
import { areOne, type Origin } from "./origin.ts";
import type { PairLearner, Tokenizers } from "./prepare.ts";
import type { GrownSide, Growth } from "./startingRows.ts";

/** Takes what the tokenizers of a model lack of new pairs into them. */
class GrowingLearner implements PairLearner {
  readonly #before: Tokenizers;
  readonly #source: ReturnType<typeof extenderOf>;
  readonly #target: ReturnType<typeof extenderOf>;
  #growth: Growth | undefined;

  /**
   * @param tags those of the new sources
   * @throws XformerError CONFIG when they cannot grow, or not within the limits
   */
  constructor(before: Tokenizers, config: TokenizerConfig, tags: readonly string[]) {
    const [source, target] = [limitsOf(config, "source"), limitsOf(config, "target")];
    const taggedSource = { ...source, tags };
    this.#before = before;
    this.#source = extenderOf(before.source, taggedSource);
    if (!areOne(before.source, before.target)) {
      this.#target = extenderOf(before.target, target);
      return;
    }
    if (!isDeepStrictEqual(source, target)) {
      throw new XformerError("CONFIG", "the model has one vocabulary, but the limits of the sides differ", {
        hint: "Give both sides the same.",
      });
    }
    this.#target = this.#source;
  }

  add(source: string, target: string): void {
    this.#source.add(source);
    this.#target.add(target);
  }

  finish(): Tokenizers {
    const source = this.#source.finish();
    const target = this.#target === this.#source ? source : this.#target.finish();
    const grownSource = grown(this.#before.source, source);
    this.#growth = {
      source: grownSource,
      target: target === source ? grownSource : grown(this.#before.target, target),
    };
    return { source: source.tokenizer, target: target.tokenizer };
  }

  /** What has become of the vocabularies, when they are finished. */
  get growth(): Growth {
    if (this.#growth === undefined) throw new Error("the tokenizers are not finished");
    return this.#growth;
  }
}

function limitsOf(config: TokenizerConfig, side: Side): VocabularyLimits {
  const { vocabularySize, minFrequency } = tokenizerOf(config, side);
  return { vocabularySize: vocabularySize ?? undefined, minFrequency: minFrequency ?? undefined };
}

function grown({ vocabulary }: Tokenizer, { parts }: Extension): GrownSide {
  return { oldSize: vocabulary.size, isSpecial: (id) => vocabulary.isSpecial(id), parts };
}

/** The vocabularies of a model, as they are or to grow; nothing where they are to be learned. */
export interface Vocabularies {
  readonly tokenizers?: Tokenizers;
  readonly learner?: GrowingLearner;
}

export function vocabulariesOf(
  { start, data, tokenizer }: RunConfig,
  origin: Origin | undefined,
): Vocabularies {
  if (origin === undefined) return {};
  const { sourceTokenizer: source, targetTokenizer } = origin;
  const tokenizers = { source, target: areOne(source, targetTokenizer) ? source : targetTokenizer };
  if (!start.extendVocabulary) return { tokenizers };
  const tags = entriesOf(data.train).flatMap(({ tag }) => tag ?? []);
  return { learner: new GrowingLearner(tokenizers, tokenizer, [...new Set(tags)]) };
}
