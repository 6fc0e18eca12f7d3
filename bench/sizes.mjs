import { DEFAULT_MODEL } from "../dist/model/config.js";
import { createRandom } from "../dist/random.js";
import { learnTokenizer } from "../dist/text/tokenizerKinds.js";

/**
 * Models that are compared, with sentences of `length` source tokens and as many target tokens, ENDs included. `rounds`
 * is how often each contender is timed, `warmUps` how many steps go before.
 */
export const SIZES = [
  { name: "tiny", dModel: 64, nHeads: 4, dFF: 128, layers: 2, vocabulary: 64, length: 16, rounds: 60 },
  { name: "small", dModel: 128, nHeads: 4, dFF: 512, layers: 2, vocabulary: 1000, length: 20, rounds: 25 },
  { name: "medium", dModel: 256, nHeads: 4, dFF: 1024, layers: 3, vocabulary: 4000, length: 20, rounds: 9 },
  { name: "large", dModel: 512, nHeads: 8, dFF: 2048, layers: 6, vocabulary: 8000, length: 24, rounds: 4 },
];

/** Sentence pairs of a step. */
export const SENTENCES = 64;

/**
 * The sizes of those names, in the order of {@link SIZES}.
 *
 * @throws Error for a name that is not among `choices`
 */
export function sizesNamed(names, choices) {
  const unknown = names.find((name) => !choices.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--sizes: there is no size "${unknown}" here. Choose from ${choices.join(", ")}.`);
  }
  return SIZES.filter(({ name }) => names.includes(name));
}

/** The configuration of our model of a size, dropout falling where nn.Transformer's falls. */
export function modelConfig({ dModel, nHeads, dFF, layers, vocabulary, length }, dropout) {
  return {
    ...DEFAULT_MODEL,
    ...{ dModel, nHeads, dFF, nEncoderLayers: layers, nDecoderLayers: layers, maxLength: length },
    ...{ dropout, attentionDropout: null, activationDropout: dropout },
    tie: "none",
    ...{ sourceVocabSize: vocabulary, targetVocabSize: vocabulary },
  };
}

/** Random pairs of sentences, as lists of ids without BEGIN and END: the size's length when they have their END. */
export function randomPairs({ vocabulary, length }, sentences) {
  const random = createRandom(1);
  const sentence = () => Array.from({ length: length - 1 }, () => 3 + random.below(vocabulary - 3));
  return Array.from({ length: sentences }, () => [sentence(), sentence()]);
}

/** A tokenizer of as many made-up words as make the size's vocabulary. */
export function vocabularyOf({ vocabulary }) {
  const words = Array.from({ length: vocabulary - 3 }, (_, i) => `w${i}`);
  return learnTokenizer(words, { kind: "word", language: "en" });
}
