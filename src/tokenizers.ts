import "./globals.ts";

export { type ErrorCode, type ErrorPlace, XformerError } from "./errors.ts";
export type { CallOptions, Progress } from "./library/calls.ts";
export { learnTokenizer } from "./library/learnTokenizer.ts";
export type { Stream } from "./library/pairs.ts";
export type {
  Tokenizer,
  TokenizerKind,
  TokenizerLearner,
  TokenizerOptions,
  TokenKind,
} from "./text/tokenizer.ts";
export type { TokenizerJSON } from "./text/tokenizerJson.ts";
export {
  createTokenizerLearner,
  tokenizerFromJSON,
  tokenizerFromSentencePiece,
} from "./text/tokenizerKinds.ts";
export { SPECIAL_TOKENS, Vocabulary } from "./text/vocabulary.ts";
