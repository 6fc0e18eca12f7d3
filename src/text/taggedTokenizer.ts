import { damaged, show } from "./jsonFields.ts";
import { AddedTokens } from "./pipeline/addedTokens.ts";
import { isTag } from "./tags.ts";
import type { Tokenizer, TokenizerLearner } from "./tokenizer.ts";
import type { TokenizerJSON } from "./tokenizerJson.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What tags are looked for by. The white space after a tag belongs to it. */
function finderOf(tags: readonly string[], vocabulary?: Vocabulary): AddedTokens {
  const how = { normalized: false, singleWord: false, lstrip: false, rstrip: true };
  return new AddedTokens(
    tags.map((content, i) => ({ content, id: vocabulary?.id(content) ?? i, ...how })),
    (content) => content,
  );
}

/** The tags of a tokenizer as its `tokenizer.json` has them, among the added tokens. */
function addedTags(tags: readonly string[], vocabulary: Vocabulary) {
  return tags.map((content) => ({
    id: vocabulary.id(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: true,
    normalized: false,
    special: false,
  }));
}

/**
 * The tags among the added tokens of a `tokenizer.json`.
 *
 * @throws XformerError CHECKPOINT when the vocabulary does not have one of them
 */
export function parseTags(addedTokens: unknown, vocabulary: Vocabulary, file?: string): string[] {
  if (!Array.isArray(addedTokens)) return [];
  return addedTokens.flatMap((token: unknown) => {
    const { content, special, id } = (token ?? {}) as Readonly<Record<string, unknown>>;
    if (special !== false) return [];
    if (typeof content !== "string" || !isTag(content) || vocabulary.id(content) !== id)
      damaged(`the added token ${show(content)} is no tag of the vocabulary`, file);
    return [content as string];
  });
}

/** Learns from what stands between tags, and makes a tokenizer that knows them. */
export class TaggedLearner implements TokenizerLearner {
  readonly #inner: TokenizerLearner;
  readonly #tags: readonly string[];
  readonly #finder: AddedTokens;

  /** @param inner gives tags ids of their own */
  constructor(inner: TokenizerLearner, tags: readonly string[]) {
    this.#inner = inner;
    this.#tags = tags;
    this.#finder = finderOf(tags);
  }

  add(line: string): void {
    for (const piece of this.#finder.split(line)) if (typeof piece === "string") this.#inner.add(piece);
  }

  finish(): Tokenizer {
    const learned = this.#inner.finish();
    // Byte-pair encoding looks for added tokens itself.
    return learned.kind === "bpe" ? learned : new TaggedTokenizer(learned, this.#tags);
  }
}

/** A tokenizer of words or characters that never cuts tags; what stands between them is text of its own. */
export class TaggedTokenizer implements Tokenizer {
  readonly kind: Tokenizer["kind"];
  readonly vocabulary: Vocabulary;
  readonly lowercase: boolean;
  readonly tags: readonly string[];
  /** What cuts the text between tags. */
  readonly inner: Tokenizer;
  readonly #ids: ReadonlySet<number>;
  readonly #finder: AddedTokens;

  constructor(inner: Tokenizer, tags: readonly string[]) {
    this.kind = inner.kind;
    this.vocabulary = inner.vocabulary;
    this.lowercase = inner.lowercase;
    this.tags = tags;
    this.inner = inner;
    this.#ids = new Set(tags.map((tag) => inner.vocabulary.id(tag)));
    this.#finder = finderOf(tags, inner.vocabulary);
  }

  encodeTokens(text: string): string[] {
    return this.#pieces(
      text,
      (piece) => this.inner.encodeTokens(piece),
      (tag) => this.vocabulary.token(tag),
    );
  }

  encode(text: string): Int32Array {
    return Int32Array.from(
      this.#pieces(
        text,
        (piece) => [...this.inner.encode(piece)],
        (tag) => tag,
      ),
    );
  }

  surfaces(text: string): string[] {
    const { vocabulary } = this;
    const inner = (piece: string): string[] => this.inner.surfaces?.(piece) ?? this.inner.encodeTokens(piece);
    return this.#pieces(text, inner, (tag) => vocabulary.token(tag));
  }

  decode(ids: Iterable<number>, unknown: readonly string[] = []): string {
    const texts: string[] = [];
    let run: number[] = [];
    let used = 0;
    const close = (): void => {
      const text = this.inner.decode(run, unknown.slice(used));
      used += this.vocabulary.countUnknown(run);
      if (text !== "") texts.push(text);
      run = [];
    };
    for (const id of ids) {
      if (!this.#ids.has(id)) {
        run.push(id);
        continue;
      }
      close();
      texts.push(this.vocabulary.token(id));
    }
    close();
    return texts.join(" ");
  }

  /** The text of a line that stands between tags. */
  textIn(line: string): string[] {
    return this.#finder.split(line).filter((piece) => typeof piece === "string");
  }

  toJSON(): TokenizerJSON {
    const json = this.inner.toJSON();
    return { ...json, added_tokens: [...json.added_tokens, ...addedTags(this.tags, this.vocabulary)] };
  }

  #pieces<T>(text: string, ofText: (piece: string) => readonly T[], ofTag: (tag: number) => T): T[] {
    return this.#finder
      .split(text)
      .flatMap((piece) => (typeof piece === "number" ? [ofTag(piece)] : ofText(piece)));
  }
}
