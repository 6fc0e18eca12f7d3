import { literalRegex } from "./regex.ts";

/** A token of a vocabulary made elsewhere that is looked for in text before merges are; the names are Hugging Face's. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Whether it is looked for after normalisation, and normalised itself. */
  readonly normalized: boolean;
  /** Whether it is no part of a longer word. */
  readonly singleWord: boolean;
  /** Whether white space before it belongs to it. */
  readonly lstrip: boolean;
  /** Whether white space after it belongs to it. */
  readonly rstrip: boolean;
}

/** Sticky, to be asked at one place of a text only. */
const AFTER_WORD = /(?<=[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])/uy;
const BEFORE_WORD = /(?=[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])/uy;
const AFTER_SPACE = /(?<=\p{White_Space})/uy;
const BEFORE_SPACE = /(?=\p{White_Space})/uy;

/** Cuts added tokens out of text, the leftmost first and of those the longest. */
export class AddedTokens {
  readonly #tokens: ReadonlyMap<string, AddedToken>;
  readonly #pattern: RegExp;

  /** @param write how a token is written in the text it is looked for in */
  constructor(tokens: readonly AddedToken[], write: (content: string) => string) {
    this.#tokens = new Map(tokens.map((token) => [write(token.content), token]));
    const contents = [...this.#tokens.keys()].filter((content) => content !== "");
    const alternatives = contents.sort((a, b) => b.length - a.length).map(literalRegex);
    this.#pattern = new RegExp(alternatives.join("|") || "(?!)", "gu");
  }

  /** The text in order: what is between the tokens as text, never empty, and the tokens as ids. */
  split(text: string): (string | number)[] {
    const pieces: (string | number)[] = [];
    let rest = 0;
    for (const { 0: content, index } of text.matchAll(this.#pattern)) {
      const { id, singleWord, lstrip, rstrip } = this.#tokens.get(content)!;
      let [start, end] = [index, index + content.length];
      if (singleWord && (holdsAt(AFTER_WORD, text, start) || holdsAt(BEFORE_WORD, text, end))) continue;
      while (lstrip && start > rest && holdsAt(AFTER_SPACE, text, start)) start--;
      while (rstrip && holdsAt(BEFORE_SPACE, text, end)) end++;
      if (start > rest) pieces.push(text.slice(rest, start));
      pieces.push(id);
      rest = end; // before where it was, if the token before had this one in its white space
    }
    if (rest < text.length) pieces.push(text.slice(rest));
    return pieces;
  }
}

function holdsAt(sticky: RegExp, text: string, at: number): boolean {
  sticky.lastIndex = at;
  return sticky.test(text);
}
