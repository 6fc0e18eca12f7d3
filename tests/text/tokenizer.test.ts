import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { XformerError } from "../../src/errors.ts";
import type { TokenizerKind } from "../../src/text/tokenizer.ts";
import { learnTokenizer, tokenizerFromJSON } from "../../src/text/tokenizerKinds.ts";
import { anyLanguage, anyText } from "./strings.ts";

const LINES = [
  "I am good.",
  "We are studying machine learning.",
  'Don\'t __proto__ 3 "a" - b, constructor 12!',
];
const kinds = fc.constantFrom<TokenizerKind>("word", "char", "bpe");
// biome-ignore lint/suspicious/noExplicitAny: tests damage the JSON in every way
type Damaged = any;

describe("learnTokenizer", () => {
  it("gives the same tokenizer for the same lines", () => {
    for (const kind of ["word", "char", "bpe"] as const) {
      const [first, second] = [0, 1].map(() =>
        JSON.stringify(learnTokenizer(LINES, { kind, language: "en" })),
      );
      expect(first).toBe(second);
    }
  });

  it("reads the lines once, from any iterable", () => {
    const tokenizer = learnTokenizer(LINES.values(), { kind: "word", vocabularySize: 10 });
    expect(tokenizer.vocabulary.size).toBe(10);
  });

  it("refuses an unknown kind", () => {
    const kind = "bytes" as TokenizerKind;
    expect(() => learnTokenizer(LINES, { kind })).toThrow('no tokenizer "bytes"');
  });

  it("learns nothing but the special tokens from nothing", () => {
    expect(learnTokenizer(["", " "], { kind: "word" }).vocabulary.size).toBe(3);
  });
});

describe("tokenizer.json", () => {
  it("gives back the same ids and text", () => {
    fc.assert(
      fc.property(fc.array(anyText), kinds, fc.boolean(), anyLanguage, (lines, kind, lowercase, language) => {
        const tokenizer = learnTokenizer(lines, { kind, lowercase, language });
        const copy = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
        expect(copy.kind).toBe(kind);
        expect(copy.vocabulary.tokens).toEqual(tokenizer.vocabulary.tokens);
        for (const line of [...lines, ...LINES]) {
          const ids = tokenizer.encode(line);
          expect(copy.encode(line)).toEqual(ids);
          expect(copy.decode(ids)).toBe(tokenizer.decode(ids));
        }
        expect(JSON.stringify(copy)).toBe(JSON.stringify(tokenizer));
      }),
      { numRuns: 200 },
    );
  });

  it("remembers that the text was tokenised beforehand", () => {
    const tokenizer = learnTokenizer(["a man , in a hat ."], { kind: "word" });
    const copy = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
    expect(copy.decode(copy.encode("a hat ."))).toBe("a hat .");
  });

  it("has no key at the top that Hugging Face's tokenizers would refuse", () => {
    const keys = ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer"];
    for (const kind of ["word", "char", "bpe"] as const) {
      const json = learnTokenizer(LINES, { kind }).toJSON();
      expect(Object.keys(json).sort()).toEqual([...keys, "post_processor", "decoder", "model"].sort());
      expect(json.model.unk_token).toBe("<unk>");
      expect(json.added_tokens).toMatchObject([
        { id: 0 },
        { id: 1, content: "<s>" },
        { id: 2, special: true },
      ]);
    }
  });

  it.each<[string, RegExp, (json: Damaged) => unknown]>([
    ["null", /tokenizer.json is null/, () => null],
    ["a list", /tokenizer.json is \[\]/, () => []],
    ["text", /tokenizer.json is "hello"/, () => "hello"],
    ["nothing", /tokenizer.json is missing/, () => undefined],
    ["another version", /version is "2.0", expected "1.0"/, (json) => ({ ...json, version: "2.0" })],
    ["no model", /model is missing/, (json) => ({ ...json, model: undefined })],
    ["another model", /model.type is "Unigram"/, (json) => ({ ...json, model: { type: "Unigram" } })],
    ["no settings", /the pre-tokenizer missing is not supported/, (json) => ({ ...json, pre_tokenizer: {} })],
    ["another kind", /kind is "bytes"/, set("kind", "bytes")],
    ["a language that is a number", /language is 7/, set("language", 7)],
    ["no lowercase", /lowercase is missing/, set("lowercase", undefined)],
    ["another spacing", /spacing is "wide"/, set("spacing", "wide")],
    ["no vocabulary", /model.vocab is missing/, (json) => ({ ...json, model: { type: "WordLevel" } })],
    ["an empty vocabulary", /has missing at id 0, expected "<unk>"/, vocabulary(() => ({}))],
    ["an id too high", /gives "good" the id 999/, vocabulary((vocab) => ({ ...vocab, good: 999 }))],
    ["an id of text", /gives "good" the id "3"/, vocabulary((vocab) => ({ ...vocab, good: "3" }))],
    ["half an id", /gives "good" the id 3.5/, vocabulary((vocab) => ({ ...vocab, good: 3.5 }))],
    ["an id twice", /the same id 4/, vocabulary((vocab) => ({ ...vocab, good: 4, am: 4 }))],
    [
      "no END",
      /at id 2, expected "<\/s>"/,
      vocabulary(({ "</s>": _, ...vocab }) => ({ ...vocab, "</S>": 2 })),
    ],
  ])("is refused with a clear error: %s", (_name, message, damage) => {
    const json = damage(JSON.parse(JSON.stringify(learnTokenizer(LINES, { kind: "word" }))));
    const error = catchError(() => tokenizerFromJSON(json, "best.safetensors"));
    expect(error).toBeInstanceOf(XformerError);
    expect(error).toMatchObject({
      code: "CHECKPOINT",
      file: "best.safetensors",
      message: expect.stringMatching(message),
    });
  });

  it("is refused or read, never a crash of another kind, whatever it holds", () => {
    const text = JSON.stringify(learnTokenizer(["a b"], { kind: "word" }));
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom("0", "9", "x", '"', "}", "null"),
        (at, character) => {
          let json: unknown;
          try {
            json = JSON.parse(text.slice(0, at) + character + text.slice(at + 1));
          } catch {
            return;
          }
          const error = catchError(() => tokenizerFromJSON(json).encode("a b"));
          if (error !== undefined) expect(error).toMatchObject({ code: "CHECKPOINT" });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function set(key: string, value: unknown) {
  return (json: Damaged) => ({
    ...json,
    pre_tokenizer: { xformer: { ...json.pre_tokenizer.xformer, [key]: value } },
  });
}

function vocabulary(change: (vocab: Record<string, unknown>) => object) {
  return (json: Damaged) => ({ ...json, model: { ...json.model, vocab: change(json.model.vocab) } });
}

function catchError(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
