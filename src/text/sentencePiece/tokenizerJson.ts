import { SPACE } from "../marks.ts";
import type { TokenizerJSON } from "../tokenizerJson.ts";
import { PIECE, type Piece, parseModelProto, type SentencePieceModel } from "./modelProto.ts";

/** The least positive number that SentencePiece takes the highest score to be: C's FLT_MIN. */
const LEAST_SCORE = 2 ** -126;
/** What a user-defined symbol costs in a unigram model, beside its length. */
const SYMBOL_COST = 0.1;

/**
 * A SentencePiece model as `tokenizer.json`. Others read it by its parts, which say what SentencePiece does but for
 * corner cases; what is in `xformer` beside them says the rest: it is how {@link parseSentencePieceNormalizer} changes
 * text, and how our models cut it.
 *
 * @throws XformerError CHECKPOINT naming what is wrong or not supported
 */
export function sentencePieceJSON(bytes: Uint8Array, file?: string): TokenizerJSON {
  const model = parseModelProto(bytes, file);
  const { pieces, kind } = model;
  const added = [...pieces.entries()].filter(([, piece]) => isAdded(piece, kind));
  return {
    version: "1.0",
    added_tokens: added.map(([id, { text, type }]) => ({
      id,
      content: text,
      single_word: false,
      lstrip: false,
      rstrip: false,
      // Of spaces alone normalisers leave nothing, which others cannot look for.
      normalized: type === PIECE.userDefined && !/^[ ▁]*$/.test(text),
      special: type !== PIECE.userDefined,
    })),
    normalizer: normalizerOf(model),
    pre_tokenizer: isSplitAtSymbols(model) ? metaspace(model) : null,
    post_processor: null,
    decoder: decoderOf(model),
    model: kind === "bpe" ? bpeOf(model) : unigramOf(model),
  };
}

/** Whether a piece is found in text otherwise than by the model, or never. User-defined symbols have scores in a unigram model. */
function isAdded({ type }: Piece, kind: SentencePieceModel["kind"]): boolean {
  if (type === PIECE.userDefined) return kind === "bpe";
  return type === PIECE.unknown || type === PIECE.control || type === PIECE.unused;
}

/** Whether symbols are cut out of text before it comes to the model, so that what is in front of a line has to come after. */
function isSplitAtSymbols({ kind, pieces, normalizer }: SentencePieceModel): boolean {
  return (
    kind === "bpe" && normalizer.escapeWhitespaces && pieces.some(({ type }) => type === PIECE.userDefined)
  );
}

function normalizerOf(model: SentencePieceModel): object {
  const { charsMap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, spaceIsSuffix } =
    model.normalizer;
  const space = escapeWhitespaces ? SPACE : " ";
  const replace = (Regex: string, content: string): object => ({
    type: "Replace",
    pattern: { Regex },
    content,
  });
  const normalizers: object[] = [];
  if (charsMap.length > 0) normalizers.push({ type: "Precompiled", precompiled_charsmap: base64(charsMap) });
  if (removeExtraWhitespaces) {
    normalizers.push(replace(" {2,}", " "), replace(`\\A |[ ${space}]+\\z`, ""));
  }
  if (addDummyPrefix && spaceIsSuffix) normalizers.push(replace("(?<=[\\s\\S])\\z", space));
  else if (addDummyPrefix && !isSplitAtSymbols(model)) normalizers.push({ type: "Prepend", prepend: space });
  if (escapeWhitespaces) normalizers.push({ type: "Replace", pattern: { String: " " }, content: SPACE });
  return {
    type: "Sequence",
    normalizers,
    xformer: {
      kind: "sentencepiece",
      add_dummy_prefix: addDummyPrefix,
      remove_extra_whitespaces: removeExtraWhitespaces,
      escape_whitespaces: escapeWhitespaces,
      treat_whitespace_as_suffix: spaceIsSuffix,
      symbols: model.pieces.filter(({ type }) => type === PIECE.userDefined).map(({ text }) => text),
    },
  };
}

function metaspace({ normalizer: { addDummyPrefix, spaceIsSuffix } }: SentencePieceModel): object {
  const prepend_scheme = addDummyPrefix && !spaceIsSuffix ? "first" : "never";
  return { type: "Metaspace", replacement: SPACE, prepend_scheme, split: false };
}

function decoderOf({ normalizer, byteFallback }: SentencePieceModel): object {
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, spaceIsSuffix } = normalizer;
  const decoders: object[] = [];
  if (escapeWhitespaces) decoders.push({ type: "Replace", pattern: { String: SPACE }, content: " " });
  if (byteFallback) decoders.push({ type: "ByteFallback" });
  decoders.push({ type: "Fuse" });
  const strips = addDummyPrefix || removeExtraWhitespaces;
  if (strips) {
    decoders.push({ type: "Strip", content: " ", start: spaceIsSuffix ? 0 : 1, stop: spaceIsSuffix ? 1 : 0 });
  }
  return { type: "Sequence", decoders };
}

function unigramOf({ pieces, byteFallback }: SentencePieceModel): TokenizerJSON["model"] {
  const normal = pieces.filter(({ type }) => type === PIECE.normal);
  const highest = normal.reduce((most, { score }) => Math.max(most, score), LEAST_SCORE);
  const scoreOf = ({ text, score, type }: Piece): number =>
    type === PIECE.userDefined
      ? Math.fround(new TextEncoder().encode(text).length * highest) - SYMBOL_COST
      : score;
  return {
    type: "Unigram",
    unk_id: pieces.findIndex(({ type }) => type === PIECE.unknown),
    vocab: pieces.map((piece) => [piece.text, scoreOf(piece)] as const),
    byte_fallback: byteFallback,
    xformer: { kind: "sentencepiece" },
  };
}

function bpeOf({ pieces, byteFallback }: SentencePieceModel): TokenizerJSON["model"] {
  return {
    type: "BPE",
    dropout: null,
    unk_token: pieces.find(({ type }) => type === PIECE.unknown)!.text,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: true,
    byte_fallback: byteFallback,
    ignore_merges: false,
    vocab: Object.fromEntries(pieces.map(({ text }, id) => [text, id])),
    merges: mergesOf(pieces),
    xformer: { kind: "sentencepiece" },
  };
}

/**
 * SentencePiece merges two pieces whenever together they are a piece, those of the highest score first: a merge for
 * every way to make a piece of two.
 */
function mergesOf(pieces: readonly Piece[]): (readonly [left: string, right: string])[] {
  const normal = pieces.filter(({ type }) => type === PIECE.normal);
  const texts = new Set(normal.map(({ text }) => text));
  return normal
    .toSorted((a, b) => b.score - a.score)
    .flatMap(({ text }) =>
      Array.from({ length: text.length - 1 }, (_, i) => [text.slice(0, i + 1), text.slice(i + 1)] as const),
    )
    .filter(([left, right]) => texts.has(left) && texts.has(right));
}

function base64(bytes: Uint8Array): string {
  let characters = "";
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}
