import { fromByteAlphabet } from "../bpe/byteAlphabet.ts";
import { damaged, flag, list, text as parseText, record, show, unsupported } from "../jsonFields.ts";
import { BYTE_TOKEN } from "./byteTokens.ts";
import { replaceMatches } from "./linearPattern.ts";
import { metaspaceScheme } from "./preTokenizers.ts";
import { createPattern } from "./regex.ts";

/** Turns tokens into pieces of text, which joined together are the line. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

const SUPPORTED =
  "ByteLevel, Metaspace, BPEDecoder, ByteFallback, Fuse, Strip, Replace, WordPiece, CTC and a Sequence of these";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What WordPiece and CTC take out with `cleanup`, in this order. */
const CLEANUP: readonly (readonly [found: string, written: string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/**
 * Makes the decoder that a part of `tokenizer.json` describes; for null, spaces between the tokens.
 *
 * @throws XformerError CHECKPOINT naming one that is not supported
 */
export function createDecoder(json: unknown, file: string | undefined): Decoder {
  if (json === null || json === undefined) return (tokens) => [tokens.join(" ")];
  const part = record(json, "decoder", file);
  switch (part.type) {
    case "ByteLevel":
      return (tokens) => [fromByteAlphabet(tokens)];
    case "Metaspace": {
      const mark = parseText(part.replacement, "replacement of the decoder Metaspace", file);
      const isPrefixed = metaspaceScheme(part, file) !== "never";
      return (tokens) =>
        tokens.map((token, index) => token.replaceAll(mark, isPrefixed && index === 0 ? "" : " "));
    }
    case "BPEDecoder": {
      const suffix = parseText(part.suffix ?? "</w>", "suffix of the decoder BPEDecoder", file);
      return (tokens) =>
        tokens.map((token, index) => token.replaceAll(suffix, index === tokens.length - 1 ? "" : " "));
    }
    case "ByteFallback":
      return joinBytes;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Strip":
      return createStrip(part, file);
    case "Replace": {
      const pattern = createPattern(part.pattern, "the decoder Replace", file);
      const content = parseText(part.content, "content of the decoder Replace", file);
      return (tokens) => tokens.map((token) => replaceMatches(token, pattern, content));
    }
    case "WordPiece":
      return createWordPiece(
        parseText(part.prefix ?? "##", "prefix of the decoder WordPiece", file),
        flag(part.cleanup, "cleanup", file, true),
      );
    case "CTC":
      return createCTC(part, file);
    case "Sequence": {
      const parts = list(part.decoders, "decoder.decoders", file).map((each) => createDecoder(each, file));
      return (tokens) => parts.reduce((pieces, decoder) => decoder(pieces), tokens);
    }
    default:
      return unsupported(`the decoder ${show(part.type)}`, SUPPORTED, file);
  }
}

/** Bytes in a row become the text they spell; where they spell none, each becomes U+FFFD. */
function joinBytes(tokens: readonly string[]): string[] {
  const pieces: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    pieces.push(textOf(bytes) ?? "\uFFFD".repeat(bytes.length));
    bytes = [];
  };
  for (const token of tokens) {
    const hex = BYTE_TOKEN.exec(token)?.[1];
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else {
      if (bytes.length > 0) flush();
      pieces.push(token);
    }
  }
  if (bytes.length > 0) flush();
  return pieces;
}

/** The text that bytes spell; undefined when they are not UTF-8. */
function textOf(bytes: readonly number[]): string | undefined {
  try {
    return STRICT.decode(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function createStrip(part: Record<string, unknown>, file: string | undefined): Decoder {
  const content = parseText(part.content, "content of the decoder Strip", file);
  const limits = { start: part.start, stop: part.stop };
  const { start, stop } = limits;
  if (!isCount(start) || !isCount(stop)) {
    damaged(`start and stop of the decoder Strip are ${show(limits)}, expected whole numbers`, file);
  }
  return (tokens) =>
    tokens.map((token) => {
      const characters = Array.from(token);
      let from = 0;
      while (from < start && characters[from] === content) from++;
      let to = characters.length;
      while (characters.length - to < stop && to > from && characters[to - 1] === content) to--;
      return characters.slice(from, to).join("");
    });
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function createWordPiece(prefix: string, cleansUp: boolean): Decoder {
  return (tokens) =>
    tokens.map((token, index) => {
      const isContinued = index > 0 && token.startsWith(prefix);
      const word = index === 0 ? token : isContinued ? token.slice(prefix.length) : ` ${token}`;
      return cleansUp ? cleanUp(word) : word;
    });
}

/** What speech is transcribed by (Graves et al. 2006): a token that goes on is one, and `<pad>` stands between two alike. */
function createCTC(part: Record<string, unknown>, file: string | undefined): Decoder {
  const pad = parseText(part.pad_token ?? "<pad>", "pad_token of the decoder CTC", file);
  const space = parseText(part.word_delimiter_token ?? "|", "word_delimiter_token of the decoder CTC", file);
  const cleansUp = flag(part.cleanup, "cleanup", file, true);
  const read = (token: string): string => {
    const text = pad === "" ? token : token.replaceAll(pad, "");
    if (!cleansUp) return text;
    return space === "" ? cleanUp(text) : cleanUp(text).replaceAll(space, " ");
  };
  return (tokens) => tokens.filter((token, index) => token !== tokens[index - 1]).map(read);
}

function cleanUp(text: string): string {
  return CLEANUP.reduce((cleaned, [found, written]) => cleaned.replaceAll(found, written), text);
}
