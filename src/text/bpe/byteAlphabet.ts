/** Bytes that have a visible character of their own in Latin-1: they stand for themselves. */
const VISIBLE: readonly (readonly [from: number, to: number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];
/** The other bytes are written, in order, as the characters from here on. */
const FIRST_SUBSTITUTE = 0x100;

/**
 * One visible character for each of the 256 bytes, so that tokens of bytes can be written as text
 * (Radford et al. 2019, GPT-2's `bytes_to_unicode`): the space, for one, is Ġ.
 */
const CHARACTER_OF_BYTE: readonly string[] = alphabet();
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  CHARACTER_OF_BYTE.map((character, byte) => [character, byte]),
);

/** The 256 characters in code point order, which is the order of their ids in a learned vocabulary. */
export const BYTE_ALPHABET: readonly string[] = CHARACTER_OF_BYTE.toSorted((a, b) =>
  a < b ? -1 : a > b ? 1 : 0,
);

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Room for the bytes of a word: to make some for each takes longer than to encode it. */
const SCRATCH = new Uint8Array(1024);

/** The UTF-8 bytes of a text, to be read before the next call. */
export function utf8Bytes(text: string): Uint8Array {
  if (3 * text.length > SCRATCH.length) return ENCODER.encode(text); // a code unit takes up to three bytes
  return SCRATCH.subarray(0, ENCODER.encodeInto(text, SCRATCH).written);
}

/** The UTF-8 bytes of a text, one character for each. */
export function toByteAlphabet(text: string): string {
  // Of printable ASCII, which most words are, only the space is written otherwise.
  if (/^[ -~]*$/.test(text)) return text.replaceAll(" ", CHARACTER_OF_BYTE[0x20]!);
  let spelled = "";
  for (const byte of utf8Bytes(text)) spelled += CHARACTER_OF_BYTE[byte];
  return spelled;
}

/**
 * The text whose bytes the tokens spell; what is not UTF-8 becomes U+FFFD. A token with a character outside
 * the alphabet stands for itself.
 */
export function fromByteAlphabet(tokens: Iterable<string>): string {
  const bytes: number[] = [];
  for (const token of tokens) {
    const spelled = Array.from(token, (character) => BYTE_OF_CHARACTER.get(character));
    const isSpelled = spelled.every((byte) => byte !== undefined);
    for (const byte of isSpelled ? spelled : utf8Bytes(token)) bytes.push(byte);
  }
  return DECODER.decode(Uint8Array.from(bytes));
}

function alphabet(): string[] {
  let substitute = FIRST_SUBSTITUTE;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = VISIBLE.some(([from, to]) => byte >= from && byte <= to);
    return String.fromCharCode(isVisible ? byte : substitute++);
  });
}
