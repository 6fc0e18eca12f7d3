import { XformerError } from "../errors.ts";
import { looksLikeTag } from "../valueType.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { SPECIAL_TOKENS } from "./vocabulary.ts";

/** Whether a text can be a tag: a token in front of a source that says what is wanted, `<2de>`, and is never cut. */
export function isTag(text: string): boolean {
  return looksLikeTag(text) && !(SPECIAL_TOKENS as readonly string[]).includes(text);
}

/** @throws XformerError CONFIG for a text that can be no tag */
export function checkTags(tags: readonly string[]): void {
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong === undefined) return;
  const hint = "Give signs around ASCII letters or digits, without spaces, such as <2de>.";
  throw new XformerError("CONFIG", `"${wrong}" can be no tag`, { hint });
}

/** The tag that a text begins with, of those that a tokenizer knows. */
export function leadingTag({ tags = [] }: Tokenizer, text: string): string | undefined {
  const begun = tags.filter((tag) => text.trimStart().startsWith(tag));
  return begun.sort((a, b) => b.length - a.length)[0];
}

/** A text with a tag in front of it; without one as it is, and so one that has a tag of its own, or is blank. */
export function tagged(text: string, tag: string | undefined, tokenizer: Tokenizer): string {
  if (tag === undefined || text.trim() === "" || leadingTag(tokenizer, text) !== undefined) return text;
  return `${tag} ${text}`;
}
