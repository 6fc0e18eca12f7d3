/** Characters that take two columns of a terminal: those of East Asia (UAX 11, roughly) and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const ZERO = /[\p{M}\p{Cf}]/u;

/** The beginning of a text that fits into some columns, with an ellipsis where it goes on. */
export function clip(text: string, columns: number): string {
  let used = 0;
  let fits = ""; // what fits with the ellipsis behind it
  for (const character of text) {
    used += widthOf(character);
    if (used > columns) return `${fits}…`;
    if (used < columns) fits += character;
  }
  return text;
}

function widthOf(character: string): number {
  return WIDE.test(character) ? 2 : ZERO.test(character) ? 0 : 1;
}
