import { damaged, show, unsupported } from "../jsonFields.ts";
import { Message } from "./protobuf.ts";

/** What a piece is for, by SentencePiece's numbers. */
export const PIECE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** A token of a SentencePiece model; its id is its place. */
export interface Piece {
  readonly text: string;
  /** The logarithm of its probability, or for byte-pair encoding how early it was merged: the higher the earlier. */
  readonly score: number;
  readonly type: number;
}

/** How a SentencePiece model changes text before it cuts it; the names are its own. */
export interface NormalizerSpec {
  /** See `charsMap.ts`; empty when nothing is replaced. */
  readonly charsMap: Uint8Array;
  /** Whether the mark of a space is written in front of a text, or with `spaceIsSuffix` after it. */
  readonly addDummyPrefix: boolean;
  /** Whether spaces at the ends go, and several become one. */
  readonly removeExtraWhitespaces: boolean;
  /** Whether spaces are written as ▁. */
  readonly escapeWhitespaces: boolean;
  /** Whether a space belongs to the word before it. */
  readonly spaceIsSuffix: boolean;
}

/** What is read of a SentencePiece model. */
export interface SentencePieceModel {
  readonly kind: "unigram" | "bpe";
  readonly pieces: readonly Piece[];
  readonly byteFallback: boolean;
  readonly normalizer: NormalizerSpec;
}

const MODEL_TYPES = ["", "unigram", "bpe", "word", "char"];

/**
 * Reads a SentencePiece model: `ModelProto` of its `sentencepiece_model.proto`, where the numbers of the fields stand.
 *
 * @throws XformerError CHECKPOINT naming what is wrong or not supported
 */
export function parseModelProto(bytes: Uint8Array, file: string | undefined): SentencePieceModel {
  const model = new Message(bytes, "the SentencePiece model", file);
  const trainer = model.message(2, "trainer_spec");
  const normalizer = model.message(3, "normalizer_spec");
  if (model.message(5, "denormalizer_spec").bytes(2, "precompiled_charsmap").length > 0) {
    unsupported("denormalizer_spec of a SentencePiece model", "models that decode to what was encoded", file);
  }
  const type = trainer.number(3, "model_type", 1);
  const kind = MODEL_TYPES[type] || type;
  if (kind !== "unigram" && kind !== "bpe") {
    return unsupported(`model_type ${kind} of a SentencePiece model`, "unigram and bpe", file);
  }
  const pieces = model.messages(1, "pieces").map((piece) => ({
    text: piece.text(1, "piece"),
    score: piece.number(2, "score", 0),
    type: piece.number(3, "type", PIECE.normal),
  }));
  const byteFallback = trainer.number(35, "byte_fallback", 0) !== 0;
  checkPieces(pieces, byteFallback, kind, file);
  return {
    kind,
    pieces,
    byteFallback,
    normalizer: {
      charsMap: normalizer.bytes(2, "precompiled_charsmap"),
      addDummyPrefix: normalizer.number(3, "add_dummy_prefix", 1) !== 0,
      removeExtraWhitespaces: normalizer.number(4, "remove_extra_whitespaces", 1) !== 0,
      escapeWhitespaces: normalizer.number(5, "escape_whitespaces", 1) !== 0,
      spaceIsSuffix: trainer.number(24, "treat_whitespace_as_suffix", 0) !== 0,
    },
  };
}

/** What SentencePiece itself demands of pieces. */
function checkPieces(
  pieces: readonly Piece[],
  byteFallback: boolean,
  kind: SentencePieceModel["kind"],
  file: string | undefined,
): void {
  const texts = new Set<string>();
  for (const { text, score, type } of pieces) {
    if (text === "") damaged("a piece is empty", file);
    if (texts.has(text)) damaged(`the piece ${show(text)} is there twice`, file);
    if (!Number.isFinite(score)) damaged(`the piece ${show(text)} has the score ${score}`, file);
    if (!Object.values<number>(PIECE).includes(type))
      damaged(`the piece ${show(text)} has the type ${type}`, file);
    if (type === PIECE.unused && kind === "bpe") {
      unsupported(
        `the type UNUSED of the piece ${show(text)}`,
        "every other type in models of the kind bpe",
        file,
      );
    }
    texts.add(text);
  }
  const count = (wanted: number): number => pieces.filter(({ type }) => type === wanted).length;
  if (count(PIECE.unknown) !== 1) damaged(`${count(PIECE.unknown)} pieces are the unknown one`, file);
  if (count(PIECE.byte) !== (byteFallback ? 256 : 0)) {
    damaged(`byte_fallback is ${byteFallback}, but ${count(PIECE.byte)} pieces are bytes`, file);
  }
}
