import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tokenizer } from "../../../src/text/tokenizer.ts";
import { tokenizerFromJSON, tokenizerFromSentencePiece } from "../../../src/text/tokenizerKinds.ts";
import { anyText } from "../strings.ts";

const KINDS = new URL("../../fixtures/tokenizers/kinds/", import.meta.url);
const FILES = readdirSync(KINDS);

interface Answers {
  readonly texts: readonly string[];
  readonly answers: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const { texts, answers }: Answers = parsed("answers.json");

// biome-ignore lint/suspicious/noExplicitAny: tests change the JSON in every way
function parsed(file: string): any {
  return JSON.parse(readFileSync(new URL(file, KINDS), "utf8"));
}

function read(name: string): Tokenizer {
  if (FILES.includes(`${name}.json`)) return tokenizerFromJSON(parsed(`${name}.json`));
  return tokenizerFromSentencePiece(readFileSync(new URL(`${name}.model`, KINDS)));
}

function copyOf(tokenizer: Tokenizer): Tokenizer {
  return tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
}

const NAMES = Object.keys(answers);
const MODELS = NAMES.filter((name) => FILES.includes(`${name}.model`));

describe("a tokenizer of SentencePiece or of Hugging Face's library", () => {
  it.each(NAMES)("gives the same ids here, and when written as tokenizer.json: %s", (name) => {
    const tokenizer = read(name);
    const copy = copyOf(tokenizer);
    expect(copy.vocabulary).toEqual(tokenizer.vocabulary);
    let apart = 0;
    for (const [i, text] of texts.entries()) {
      const ids = Array.from(tokenizer.encode(text));
      expect(Array.from(copy.encode(text)), JSON.stringify(text)).toEqual(ids);
      // Their unigram models find special tokens in text: nothing typed may become one here.
      const isApart = tokenizer.kind === "unigram" && /<\/?s>|<unk>/.test(text);
      if (isApart && FILES.includes(`${name}.json`)) apart++;
      else expect(ids, JSON.stringify(text)).toEqual(answers[name]![i]);
    }
    expect(apart).toBeLessThan(texts.length / 10);
  });

  it.each(NAMES)("takes any text, and never makes a special token of it: %s", (name) => {
    const tokenizer = read(name);
    const { vocabulary } = tokenizer;
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = Array.from(tokenizer.encode(text));
        expect(ids.filter((id) => vocabulary.isSpecial(id) && id !== vocabulary.unkId)).toEqual([]);
        expect(ids.every((id) => id >= 0 && id < vocabulary.size)).toBe(true);
        expect(typeof tokenizer.decode(ids)).toBe("string");
      }),
      { numRuns: 40 },
    );
  });

  it("says what kind of tokens it has, and which are BEGIN, END and unknown", () => {
    const about = NAMES.map((name) => {
      const { kind, vocabulary } = read(name);
      const { unkId, bosId, eosId } = vocabulary;
      return `${name}: ${kind} ${[unkId, bosId, eosId].map((id) => `${id} ${vocabulary.token(id)}`).join(", ")}`;
    });
    expect(about).toMatchInlineSnapshot(`
      [
        "unigram: unigram 0 <unk>, 1 <s>, 2 </s>",
        "unigram-symbols: unigram 0 <unk>, 1 <s>, 2 </s>",
        "unigram-bytes: unigram 0 <unk>, 1 <s>, 2 </s>",
        "unigram-suffix: unigram 2 <unk>, 357 <s>, 1 </s>",
        "bpe: bpe 0 <unk>, 1 <s>, 2 </s>",
        "bpe-symbols: bpe 0 <unk>, 1 <s>, 2 </s>",
        "bpe-plain: bpe 0 <unk>, 1 <s>, 2 </s>",
        "t5: unigram 2 <unk>, 358 <s>, 1 </s>",
        "unigram-scripts: unigram 2 <unk>, 365 <s>, 1 </s>",
        "unigram-fallback: unigram 2 <unk>, 639 <s>, 1 </s>",
        "bert: wordpiece 1 [UNK], 2 [CLS], 3 [SEP]",
        "bert-cased: wordpiece 1 [UNK], 2 [CLS], 3 [SEP]",
        "wordpiece-bytes: wordpiece 1 [UNK], 2 [CLS], 3 [SEP]",
        "words: word 0 <unk>, 1 <s>, 2 </s>",
        "words-delimited: word 0 <unk>, 1 <s>, 2 </s>",
      ]
    `);
  });
});

describe("a SentencePiece model", () => {
  it.each(MODELS)("reads what it wrote as it was, but for what its normaliser changes: %s", (name) => {
    const tokenizer = read(name);
    const text = "the house of the other man";
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it("keeps spaces where it was told to", () => {
    const text = "  the   house ";
    const bytes = read("unigram-bytes");
    expect(bytes.decode(bytes.encode(text))).toBe(text);
    const plain = read("bpe-plain");
    expect(plain.decode(plain.encode(text))).toBe(text);
  });

  it("counts its user-defined symbols among the tags, which are never cut", () => {
    expect(read("unigram-symbols").tags).toEqual(["<sep>", "<2de>"]);
    expect(copyOf(read("bpe-symbols")).tags).toEqual(["<sep>"]);
  });

  it.each<[string, RegExp, (bytes: Uint8Array) => Uint8Array]>([
    ["nothing", /0 pieces are the unknown one/, () => new Uint8Array(0)],
    [
      "all but its last byte",
      /ends in the middle of a field/,
      (bytes) => bytes.subarray(0, bytes.length - 1),
    ],
    [
      "the first piece twice",
      /"<unk>" is there twice/,
      (bytes) => Buffer.concat([bytes.subarray(0, 16), bytes]),
    ],
    [
      "words",
      /model_type word of a SentencePiece model is not supported/,
      (bytes) => withTrainer(bytes, 3, 3),
    ],
    [
      "bytes that are missing",
      /byte_fallback is true, but 0 pieces are bytes/,
      (bytes) => withTrainer(bytes, 35, 1),
    ],
    [
      "another way back",
      /denormalizer_spec of a SentencePiece model is not supported/,
      (bytes) => Buffer.concat([bytes, Buffer.from([0x2a, 3, 0x12, 1, 0x41])]),
    ],
    [
      "rules that are no trie",
      /precompiled_charsmap of the normalizer Precompiled holds no trie/,
      (bytes) => Buffer.concat([bytes, Buffer.from([0x1a, 3, 0x12, 1, 0x41])]),
    ],
  ])("is refused in one line that says why: %s", (_name, message, change) => {
    const bytes = readFileSync(new URL("unigram.model", KINDS));
    expect(() => tokenizerFromSentencePiece(change(bytes), "x.model")).toThrow(
      expect.objectContaining({
        code: "CHECKPOINT",
        file: "x.model",
        message: expect.stringMatching(message),
      }),
    );
  });

  it("is refused or read when it is damaged, never a crash of another kind", () => {
    const bytes = readFileSync(new URL("bpe-symbols.model", KINDS));
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), byte, fc.nat(bytes.length), (at, value, length) => {
        const damaged = Uint8Array.from(bytes.subarray(0, Math.max(at + 1, length)));
        damaged[at] = value;
        try {
          const tokenizer = tokenizerFromSentencePiece(damaged);
          tokenizer.decode(tokenizer.encode("a <sep> ½ é\u0301 <s>"));
        } catch (error) {
          expect(error).toMatchObject({ code: "CHECKPOINT" });
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** A model with a number in `trainer_spec`, whose last message stands. */
function withTrainer(bytes: Uint8Array, field: number, value: number): Uint8Array {
  const tag = field < 16 ? [field << 3] : [((field << 3) & 127) | 128, field >> 4];
  return Buffer.concat([bytes, Buffer.from([0x12, tag.length + 1, ...tag, value])]);
}
