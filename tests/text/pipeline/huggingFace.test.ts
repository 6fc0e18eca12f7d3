import { readFileSync } from "node:fs";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { learnTokenizer, tokenizerFromJSON } from "../../../src/text/tokenizerKinds.ts";
import { anyText } from "../strings.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests change the JSON in every way
type Changed = any;

function fixture(name: string): Changed {
  return JSON.parse(readFileSync(new URL(`../../fixtures/tokenizers/${name}.json`, import.meta.url), "utf8"));
}

interface Answers {
  readonly texts: readonly string[];
  readonly answers: Readonly<
    Record<string, readonly { readonly ids: readonly number[]; readonly text: string }[]>
  >;
}

const { texts, answers }: Answers = fixture("answers");

function changed(name: string, change: (json: Changed) => unknown): Changed {
  const json = fixture(name);
  change(json);
  return json;
}

describe("a tokenizer.json made by Python's tokenizers", () => {
  it.each(Object.keys(answers))("gives the same ids and text here, and when written again: %s", (name) => {
    const read = tokenizerFromJSON(fixture(name));
    const copy = tokenizerFromJSON(JSON.parse(JSON.stringify(read)));
    expect(copy.vocabulary).toEqual(read.vocabulary);
    for (const tokenizer of [read, copy]) {
      for (const [index, { ids, text }] of answers[name]!.entries()) {
        expect(Array.from(tokenizer.encode(texts[index]!)), JSON.stringify(texts[index])).toEqual(ids);
        expect(tokenizer.decode(ids)).toBe(text);
      }
    }
  });

  it("keeps its ids of BEGIN, END and the unknown token; one it does not have is appended", () => {
    const special = (json: Changed): string[] => {
      const { vocabulary } = tokenizerFromJSON(json);
      return [vocabulary.unkId, vocabulary.bosId, vocabulary.eosId].map(
        (id) => `${id} ${vocabulary.token(id)}`,
      );
    };
    expect(special(fixture("roberta"))).toEqual(["3 <unk>", "0 <s>", "2 </s>"]);
    expect(special(fixture("metaspace-always"))).toEqual(["0 [UNK]", "1 [BOS]", "2 [EOS]"]);
    expect(special(fixture("gpt2"))).toEqual(["330 <unk>", "331 <s>", "0 <|endoftext|>"]);
    const sameForAll = changed("gpt2", (json) => (json.model.unk_token = "<|endoftext|>"));
    expect(special(sameForAll)).toEqual(["330 <unk>", "331 <s>", "0 <|endoftext|>"]);
  });

  it("never makes a special token of text, whatever its vocabulary and merges would allow", () => {
    const json = changed("llama3", ({ model, added_tokens }) => {
      for (const [id, content] of ["<s>", "the", "Ġthe"].entries()) {
        model.vocab[content] ??= Object.keys(model.vocab).length;
        if (id > 0) added_tokens.push({ ...added_tokens[0], id: model.vocab[content], content });
      }
    });
    const tokenizer = tokenizerFromJSON(json);
    for (const text of ["<s>", "the", " the other", "<|end_of_text|>"]) {
      const ids = tokenizer.encode(text);
      expect(Array.from(ids).filter((id) => tokenizer.vocabulary.isSpecial(id))).toEqual([]);
      expect(tokenizer.decode(ids)).toBe(text);
    }
  });

  it("may have its merges as text, two tokens with a space between them", () => {
    const json = changed("gpt2", ({ model }) => {
      model.merges = model.merges.map((pair: string[]) => pair.join(" "));
    });
    expect(JSON.stringify(tokenizerFromJSON(json))).toBe(JSON.stringify(tokenizerFromJSON(fixture("gpt2"))));
  });

  it.each<[string, string, (json: Changed) => unknown]>([
    ["a normalizer", 'the normalizer "Odd" is not supported', (json) => (json.normalizer = { type: "Odd" })],
    [
      "one in a sequence",
      'the pre-tokenizer "Odd" is not supported',
      (json) => (json.pre_tokenizer = { type: "Sequence", pretokenizers: [{ type: "Odd" }] }),
    ],
    ["a decoder", 'the decoder "Odd" is not supported', (json) => (json.decoder = { type: "Odd" })],
    [
      "a regular expression",
      'the regular expression "(?>a)" of the pre-tokenizer Split is not supported',
      (json) => (json.pre_tokenizer = { type: "Split", pattern: { Regex: "(?>a)" }, behavior: "Isolated" }),
    ],
    [
      "an added token without an id",
      'the added token "the" has the id missing',
      (json) => json.added_tokens.push({ content: "the" }),
    ],
    ["another model", 'model.type "Odd" is not supported', (json) => (json.model.type = "Odd")],
    ["a unigram model without scores", "model.vocab is {", (json) => (json.model.type = "Unigram")],
    [
      "a behaviour",
      'behavior is "Gone"',
      (json) => (json.pre_tokenizer = { type: "Punctuation", behavior: "Gone" }),
    ],
    ["no merges", "model.merges is missing, expected a list", (json) => delete json.model.merges],
    ["half a merge", 'model.merges has "a", expected two tokens', (json) => (json.model.merges = ["a"])],
    [
      "a merge of no token",
      'model.merges needs "ab!", which model.vocab does not have',
      (json) => (json.model.merges = [["ab!", "a"]]),
    ],
    ["a hole in the ids", 'gives "<|endoftext|>" the id 400', (json) => (json.added_tokens[0].id = 400)],
    ["a flag", "add_prefix_space is 1, expected true", (json) => (json.pre_tokenizer.add_prefix_space = 1)],
  ])("is refused with one clear error for what cannot be used: %s", (_name, message, change) => {
    expect(() => tokenizerFromJSON(changed("gpt2", change), "tokenizer.json")).toThrow(
      expect.objectContaining({
        code: "CHECKPOINT",
        file: "tokenizer.json",
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe("our own tokenizer.json", () => {
  it.each([false, true])("gives Hugging Face's library the same ids and text; lowercase %s", (lowercase) => {
    const lines = texts.concat(
      "the other mother and the other brother are in the other house's garden, 12 times",
    );
    const ours = learnTokenizer([...lines, ...lines], { kind: "bpe", vocabularySize: 400, lowercase });
    const theirs = new HuggingFaceTokenizer(JSON.parse(JSON.stringify(ours)), {});
    const check = (text: string): void => {
      // Theirs looks for special tokens in text, and takes white space and final sigmas from JavaScript.
      if (/<s>|<\/s>|<unk>|[\u0085\ufeff]/.test(text) || (lowercase && text.includes("Σ"))) return;
      const { ids } = theirs.encode(text, { add_special_tokens: false });
      expect(Array.from(ours.encode(text))).toEqual(ids);
      if (ids.length > 0)
        expect(theirs.decode(ids, { clean_up_tokenization_spaces: false })).toBe(ours.decode(ids));
    };
    for (const line of lines) check(line);
    fc.assert(fc.property(anyText, check), { numRuns: 300 });
  });

  it("is refused or read when it is damaged, never a crash of another kind", () => {
    const text = JSON.stringify(learnTokenizer(["aaab aaab", "bab"], { kind: "bpe" }));
    const damage = fc.constantFrom("0", "9", "x", '"', "}", "null", "[]", ",");
    fc.assert(
      fc.property(fc.nat(text.length - 1), damage, (at, character) => {
        let json: unknown;
        try {
          json = JSON.parse(text.slice(0, at) + character + text.slice(at + 1));
        } catch {
          return;
        }
        try {
          const tokenizer = tokenizerFromJSON(json);
          tokenizer.decode(tokenizer.encode("a b <s> é"));
        } catch (error) {
          expect(error).toMatchObject({ code: "CHECKPOINT" });
        }
      }),
      { numRuns: 1500 },
    );
  });
});
