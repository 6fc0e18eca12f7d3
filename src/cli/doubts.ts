import type { PieceLimits } from "../decoding/longLines.ts";
import type { DecodingOptions } from "../decoding/options.ts";
import type { Translation } from "../decoding/translation.ts";
import { count, counted, percent } from "../report/format.ts";
import { withoutMarks } from "../text/marks.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** What became of a line that is longer than any the model was trained on. */
export function aboutLongLine(
  { sourceTokens, pieces, overLongPieces }: Translation,
  limits: PieceLimits,
  { longLines = "split" }: DecodingOptions,
): string {
  const what =
    sourceTokens > limits.source
      ? `${sourceTokens} tokens, more than the ${limits.source} of any line the model was trained on`
      : `more sentences than any line the model was trained on`;
  const stillLong = overLongPieces === 0 ? "" : `, ${overLongPieces} of them too long as well`;
  const inPieces =
    pieces === 1 ? "its translation may be poor" : `translated in ${pieces} pieces${stillLong}`;
  const outcome = {
    split: inPieces,
    truncate: "the rest was left out",
    refuse: "not translated",
    keep: "its translation may be poor",
  }[longLines];
  return `${what}; ${outcome}.`;
}

/** The constraints that the translation of a line does not meet, and why. */
export function aboutUnmet({ hypotheses }: Translation, tokenizer: Tokenizer): string[] {
  const unmet = hypotheses[0]?.unmet ?? [];
  const [unknown, others] = [true, false].map((isUnknown) =>
    unmet.filter((text) => unknownWords(tokenizer, text).length > 0 === isUnknown),
  ) as [string[], string[]];
  const list = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(", ");
  return [
    ...(unknown.length === 0 ? [] : [`the model has no words for the constraints ${list(unknown)}.`]),
    ...(others.length === 0
      ? []
      : [`not in the translation, for which the limit or another rule left no room: ${list(others)}.`]),
  ];
}

/** Words that a message lists at most. */
const MOST_LISTED = 8;

/** Counts what a model reads as `<unk>`. */
export class UnknownWords {
  count = 0;
  #tokens = 0;
  readonly #tokenizer: Tokenizer;
  readonly #words = new Map<string, number>();

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Takes in a line and what came of it. */
  add(line: string, { sourceTokens, unknownTokens }: Translation): void {
    this.count += unknownTokens;
    this.#tokens += sourceTokens;
    if (unknownTokens === 0) return;
    for (const word of unknownWords(this.#tokenizer, line))
      this.#words.set(word, (this.#words.get(word) ?? 0) + 1);
  }

  /** All of them in a sentence, the most frequent ones named. */
  get summary(): string {
    const words = [...this.#words].sort(([, a], [, b]) => b - a).map(([word]) => word);
    const rest = words.length > MOST_LISTED ? ", ..." : "";
    const share = percent((100 * this.count) / this.#tokens);
    return `${count(this.count)} of ${count(this.#tokens)} tokens (${share}) are unknown to the model: ${words.slice(0, MOST_LISTED).join(", ")}${rest}`;
  }
}

/** The words of a line that are not in the vocabulary, each once, as they stand there. */
export function unknownWords(tokenizer: Tokenizer, line: string): string[] {
  const { vocabulary } = tokenizer;
  const words = tokenizer.encodeTokens(line).filter((token) => vocabulary.id(token) === vocabulary.unkId);
  const unmarked = tokenizer.kind === "word" ? words.map(withoutMarks) : words;
  // A word may still be known without its marks, or by its parts: encoding it on its own tells.
  return [...new Set(unmarked)].filter((word) => vocabulary.countUnknown(tokenizer.encode(word)) > 0);
}

/** What may explain a bad result of a model on a test set. */
export function doubtsAbout(translations: readonly Translation[], { source }: PieceLimits): string[] {
  const unknown = translations.reduce((sum, { unknownTokens }) => sum + unknownTokens, 0);
  const tokens = translations.reduce((sum, { sourceTokens }) => sum + sourceTokens, 0);
  const overLong = translations.filter(({ overLongPieces }) => overLongPieces > 0).length;
  const unmet = translations.filter(({ hypotheses }) => (hypotheses[0]?.unmet?.length ?? 0) > 0).length;
  const share = percent((100 * unknown) / tokens);
  return [
    ...(unmet === 0
      ? []
      : [
          `${counted(unmet, "translation")} of ${translations.length} without all constraints: the model has no words for them, or there was no room.`,
        ]),
    ...(unknown === 0
      ? []
      : [`${counted(unknown, "source token")} of ${tokens} (${share}) are unknown to the model.`]),
    ...(overLong === 0
      ? []
      : [
          `${counted(overLong, "source")} of more than ${source} tokens, longer than any the model was trained on.`,
        ]),
  ];
}
