import { SPACE } from "../text/marks.ts";
import { UNSPACED } from "../text/spacing.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** By token: whether it begins, and whether it ends, in the middle of what may be a word. */
export type WordEdges = Uint8Array;

const BEGINS = 1;
const ENDS = 2;
const WORD_CHARACTER = /[\p{L}\p{M}\p{N}]/u;
/** What BERT's pieces have where they go on with a word. */
const CONTINUED = /^##/;

/** Tells where words may be cut in two by tokens: never where the tokens are words. */
export function wordEdges(tokenizer: Tokenizer): WordEdges {
  const { vocabulary, kind } = tokenizer;
  return Uint8Array.from({ length: vocabulary.size }, (_, id) => {
    if (kind === "word" || vocabulary.isSpecial(id)) return 0;
    const token = vocabulary.token(id);
    const characters = [...(tokenizer.readable?.(token) ?? token).replace(CONTINUED, "")];
    return (isInWord(characters[0]) ? BEGINS : 0) | (isInWord(characters.at(-1)) ? ENDS : 0);
  });
}

/** Whether a token goes on with the word that the token before it ended with. */
export function goesOn(edges: WordEdges, before: number, id: number): boolean {
  return (edges[before]! & ENDS) !== 0 && (edges[id]! & BEGINS) !== 0;
}

function isInWord(character: string | undefined): boolean {
  return (
    character !== undefined &&
    character !== SPACE &&
    WORD_CHARACTER.test(character) &&
    !UNSPACED.test(character)
  );
}
