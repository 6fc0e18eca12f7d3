import type { Random } from "../../random.ts";
import type { Pair } from "../task.ts";

/** The same thing said in Chinese and in English: a word, a phrase or a clause. */
export interface Phrase {
  readonly zh: string;
  readonly en: string;
}

/** A family of sentences: one construction of Chinese grammar with one fixed way to say it in English. */
export interface Pattern {
  readonly name: string;
  /** How often the family is drawn, relative to the others. */
  readonly weight: number;
  make(random: Random): Pair;
}

/** Makes a {@link Phrase}. */
export function phrase(zh: string, en: string): Phrase {
  return { zh, en };
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** Joins English words and phrases with single spaces, leaving out the empty ones. */
export function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}

/** A declarative sentence: capital letter and full stops. */
export function statement(zh: string, en: string): Pair {
  return { source: `${zh}。`, target: `${capitalise(en)}.` };
}

/** An interrogative sentence: capital letter and question marks. */
export function question(zh: string, en: string): Pair {
  return { source: `${zh}？`, target: `${capitalise(en)}?` };
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
