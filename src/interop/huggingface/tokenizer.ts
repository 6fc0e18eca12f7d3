import { CLOSING_SIGN, OPENING_SIGN, type SpacingStyle, TIGHT_SIGN, UNSPACED } from "../../text/spacing.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { TokenizerJSON } from "../../text/tokenizerJson.ts";
import type { Vocabulary } from "../../text/vocabulary.ts";

/** What a tokenizer of a side becomes. */
export interface ExportedTokenizer {
  /** `tokenizer.json`, which gives the ids of a text and END. */
  readonly json: object;
  /** `tokenizer_config.json`. */
  readonly config: object;
  /** What is not quite the same there, as a sentence. */
  readonly note: string | undefined;
}

/** What a text is framed with. */
export interface Frame {
  /** What the ids of this side's tokens begin from. */
  readonly offset: number;
  /** END of a line of this side, as an id of its vocabulary. */
  readonly eosId: number;
  /** How many positions the model has. */
  readonly positions: number;
}

/**
 * A tokenizer as `AutoTokenizer` of transformers opens it. Byte-pair encoding and characters are the same there. Words
 * of languages with spaces are cut by a regular expression, which is the same but for unusual signs; words of languages
 * without are cut by ICU's dictionary here, and there as the likeliest words of the vocabulary.
 */
export function exportTokenizer(
  tokenizer: Tokenizer,
  { offset, eosId, positions }: Frame,
): ExportedTokenizer {
  const { vocabulary, kind } = tokenizer;
  const json = tokenizer.toJSON();
  const isUnspaced = kind === "word" && isMostlyUnspaced(vocabulary);
  const parts = isUnspaced
    ? unigramParts(json, vocabulary, offset)
    : { ...json, model: shifted(json.model, offset) };
  const name = (id: number): string => vocabulary.token(id);
  return {
    json: {
      ...parts,
      added_tokens: json.added_tokens.map((token) => ({
        ...token,
        id: (token as { id: number }).id + offset,
      })),
      post_processor: endsWith(name(eosId), eosId + offset),
      decoder: kind === "word" && !isUnspaced ? wordDecoder(styleOf(json)) : parts.decoder,
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      bos_token: name(vocabulary.bosId),
      eos_token: name(eosId),
      unk_token: name(vocabulary.unkId),
      pad_token: name(vocabulary.bosId),
      padding_side: "right",
      model_input_names: ["input_ids", "attention_mask"],
      model_max_length: positions,
      clean_up_tokenization_spaces: false,
    },
    note: noteOn(kind, isUnspaced),
  };
}

function noteOn(kind: Tokenizer["kind"], isUnspaced: boolean): string | undefined {
  if (kind !== "word") return undefined;
  return isUnspaced
    ? "words are cut by ICU's dictionary here, and there as the likeliest of the vocabulary: a few lines come out in other words"
    : "words are cut and put together by regular expressions there: unusual signs and quotation marks may come out with other spaces";
}

/** How the text of a word tokenizer is spaced: its own `tokenizer.json` says it, by the decoder. */
function styleOf({ decoder }: TokenizerJSON): SpacingStyle {
  return decoder === null ? "spaced" : "natural";
}

/** Whether most tokens are in a script without spaces between words. */
function isMostlyUnspaced({ tokens }: Vocabulary): boolean {
  return 2 * tokens.filter((token) => UNSPACED.test(token)).length > tokens.length;
}

/** A model whose ids begin from an offset. */
function shifted(model: TokenizerJSON["model"], offset: number): TokenizerJSON["model"] {
  if (offset === 0) return model;
  const vocab = Object.entries(model.vocab).map(([token, id]) => [token, id + offset] as const);
  return { ...model, vocab: Object.fromEntries(vocab) };
}

/** Adds END to a text, and to each of two. */
function endsWith(end: string, id: number): object {
  const sequence = (name: "A" | "B", type: number): object => ({ Sequence: { id: name, type_id: type } });
  const special = (type: number): object => ({ SpecialToken: { id: end, type_id: type } });
  return {
    type: "TemplateProcessing",
    single: [sequence("A", 0), special(0)],
    pair: [sequence("A", 0), special(0), sequence("B", 1), special(1)],
    special_tokens: { [end]: { id: end, ids: [id], tokens: [end] } },
  };
}

/**
 * Words with spaces between them, but for those that the rules of `src/text/spacing.ts` leave out; and then the marks where
 * a space is not as these say. Quotation marks that take turns, and the spaces before signs of French, are beyond it.
 */
function wordDecoder(style: SpacingStyle): object {
  const replace = (Regex: string, content: string): object => ({
    type: "Replace",
    pattern: { Regex },
    content,
  });
  const before = ({ source }: RegExp): object => replace(` (?=${source.slice(1)})`, "");
  const after = ({ source }: RegExp): object => replace(`(?<=${source.slice(1)}) `, "");
  const unspaced = [
    ...[CLOSING_SIGN, TIGHT_SIGN].map(before),
    ...[OPENING_SIGN, TIGHT_SIGN].map(after),
    replace("(?<=\\p{L}['’]) ", ""),
  ];
  // WordPiece is what writes spaces between tokens; the prefix of those that it joins is one that no token has.
  const spaces = [{ type: "WordPiece", prefix: "\u0000", cleanup: false }, { type: "Fuse" }];
  const marks = [replace(" ?▁ ?", " "), replace(" ?￭ ?", "")];
  return { type: "Sequence", decoders: [...spaces, ...(style === "natural" ? unspaced : []), ...marks] };
}

/**
 * Ids are ranks, the most frequent first, and what is n-th has about a probability of 1 / (n + 100) (Mandelbrot 1953).
 * Of the 500 test sentences that come with xformer 491 are cut as ICU does it by that, and 467 where the longest word
 * is taken each time.
 */
const RANK_SHIFT = 100;

/** A model that takes the likeliest way to cut a text into words of the vocabulary (Kudo 2018). */
function unigramParts(
  json: TokenizerJSON,
  { tokens, unkId }: Vocabulary,
  offset: number,
): Pick<TokenizerJSON, "decoder" | "pre_tokenizer"> & { readonly model: object } {
  const score = (id: number): number => -Math.log(id + RANK_SHIFT);
  // Its ids are places in a list: those of another side are taken by what no text has.
  const before = Array.from({ length: offset }, (_, id) => [`\u0000${id}`, score(tokens.length)]);
  const vocab = tokens.map((token, id) => [token, score(id)]);
  return {
    ...json,
    pre_tokenizer: { type: "WhitespaceSplit" },
    decoder: { type: "Fuse" },
    model: { type: "Unigram", unk_id: unkId + offset, vocab: [...before, ...vocab], byte_fallback: false },
  };
}
