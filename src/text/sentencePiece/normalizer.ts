import { CharsMap, type Replacement } from "../charsMap.ts";
import {
  bytes,
  damaged,
  flag,
  list,
  text as parseText,
  record,
  refuseLongTokens,
  show,
} from "../jsonFields.ts";
import { SPACE } from "../marks.ts";
import { NONE, Trie } from "../trie.ts";
import type { NormalizerSpec } from "./modelProto.ts";

/** How a normaliser of SentencePiece changes text, as a `tokenizer.json` of ours says beside the parts that others read. */
type Settings = Omit<NormalizerSpec, "charsMap"> & {
  /** Undefined when nothing is replaced. */
  readonly charsMap: CharsMap | undefined;
  /** User-defined symbols, which are left as they are. */
  readonly symbols: readonly string[];
};

/** The user-defined symbols of a SentencePiece model, and how they are written in what its normaliser gives. */
export interface Symbols {
  readonly texts: readonly string[];
  readonly write: (symbol: string) => string;
}

/**
 * What a normaliser of a `tokenizer.json` says of user-defined symbols; undefined when it is none of SentencePiece.
 *
 * @throws XformerError CHECKPOINT when they are no list of texts
 */
export function symbolsOf(normalizer: object | null, file: string | undefined): Symbols | undefined {
  if (normalizer === null || !("xformer" in normalizer)) return undefined;
  const { symbols, escape_whitespaces: escapes } = record(normalizer.xformer, "normalizer.xformer", file);
  return {
    texts: list(symbols, "normalizer.xformer.symbols", file).map((symbol) =>
      parseText(symbol, "a symbol of normalizer.xformer.symbols", file),
    ),
    write: (symbol) => (escapes === true ? symbol.replaceAll(" ", SPACE) : symbol),
  };
}

/**
 * The normaliser of SentencePiece that a sequence stands for: what is in `xformer` says exactly what the parts say as
 * far as parts can.
 *
 * @throws XformerError CHECKPOINT naming a setting that is wrong
 */
export function parseSentencePieceNormalizer(
  part: Record<string, unknown>,
  file: string | undefined,
): (line: string) => string {
  const spec = record(part.xformer, "normalizer.xformer", file);
  if (spec.kind !== "sentencepiece") {
    damaged(`normalizer.xformer.kind is ${show(spec.kind)}, expected "sentencepiece"`, file);
  }
  const isSet = (name: string): boolean => flag(spec[name], `normalizer.xformer.${name}`, file, false);
  const name = "precompiled_charsmap of the normalizer Precompiled";
  const precompiled = list(part.normalizers, "normalizer.normalizers", file)
    .map((each) => record(each, "normalizer", file))
    .find(({ type }) => type === "Precompiled")?.precompiled_charsmap;
  const symbols = symbolsOf(part, file)!.texts;
  refuseLongTokens(symbols, file);
  return createSentencePieceNormalizer({
    charsMap:
      precompiled === undefined ? undefined : new CharsMap(bytes(precompiled, name, file), name, file),
    addDummyPrefix: isSet("add_dummy_prefix"),
    removeExtraWhitespaces: isSet("remove_extra_whitespaces"),
    escapeWhitespaces: isSet("escape_whitespaces"),
    spaceIsSuffix: isSet("treat_whitespace_as_suffix"),
    symbols,
  });
}

/**
 * What SentencePiece does to a line before it cuts it (its `normalizer.cc`): from left to right the longest of what is
 * replaced is replaced, user-defined symbols stay, spaces at the ends go, several become one, and each becomes a ▁.
 */
function createSentencePieceNormalizer(settings: Settings): (line: string) => string {
  const { charsMap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, spaceIsSuffix } = settings;
  const symbols = new Trie(settings.symbols.map((symbol, i) => [symbol, i]));
  const space = escapeWhitespaces ? SPACE : " ";
  const prefix = addDummyPrefix && !spaceIsSuffix ? space : "";
  const suffix = addDummyPrefix && spaceIsSuffix ? space : "";
  /** What is at a place of a line, or stands for it, and where that ends. */
  const pieceAt = (line: string, at: number): Replacement => {
    const end = symbols.longestEnd(line, at);
    if (end !== NONE) return { end, text: line.slice(at, end) };
    const replacement = charsMap?.longest(line, at);
    if (replacement !== undefined) return replacement;
    const text = String.fromCodePoint(line.codePointAt(at)!);
    return { end: at + text.length, text };
  };
  return (line) => {
    let result = prefix;
    let isBlank = true;
    let isAfterSpace = removeExtraWhitespaces;
    for (let at = 0; at < line.length; ) {
      let { text, end } = pieceAt(line, at);
      at = end;
      if (text !== " " || !removeExtraWhitespaces) isBlank = false;
      while (isAfterSpace && text.startsWith(" ")) text = text.slice(1);
      if (text === "") continue;
      result += text.replaceAll(" ", space);
      isAfterSpace = removeExtraWhitespaces && text.endsWith(" ");
    }
    if (isBlank) return "";
    while (removeExtraWhitespaces && result.endsWith(space)) result = result.slice(0, -1);
    return result + suffix;
  };
}
