/** Characters that hardly anybody means to train on, by what they are. */
const SUSPECTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["replacement", /\ufffd/u],
  ["byte-order mark", /\ufeff/u],
  ["zero-width", /[\u200b\u2060-\u2064]/u],
  ["bidi control", /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u],
  ["line separator", /[\u0085\u2028\u2029]/u],
  ["soft hyphen", /\u00ad/u],
  ["private use", /\p{Co}/u],
  ["control", /(?!\t)\p{Cc}/u],
];

const ANY = /[\p{Cc}\p{Co}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/u;

/** Whatever a terminal does not show or obeys, but joiners. */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu;

/**
 * The kinds of characters in a text that cannot be seen or that stand for one that was lost, each with the
 * first of its kind: `zero-width U+200B`. Joiners (U+200C, U+200D) are spelling in Persian, Hindi
 * and emoji, and tabs are white space: neither is one.
 */
export function suspectCharacters(text: string): string[] {
  if (!ANY.test(text)) return [];
  let rest = text;
  const found: string[] = [];
  for (const [name, pattern] of SUSPECTS) {
    const [character] = pattern.exec(rest) ?? [];
    if (character === undefined) continue;
    found.push(`${name} ${codePointName(character)}`);
    rest = rest.replaceAll(new RegExp(pattern, "gu"), "");
  }
  return found;
}

/** A text in which the characters that cannot be seen are written out: `⟨U+200B⟩`. */
export function revealed(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => `⟨${codePointName(character)}⟩`);
}

/** `U+200B`, as Unicode writes code points. */
function codePointName(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
