import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readTokenizer } from "../../src/io/tokenizerFile.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { finished, letterPairs, SMALLEST, startXformer, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const EN = ["the other mother", "the other brother"];
const DE = ["die andere Mutter", "der andere Bruder"];

beforeAll(async () => {
  writeFiles(cwd, { "text.en": EN, "text.de": DE, "pairs.tsv": letterPairs(50), "empty.txt": "" });
  const learn = ["tokenizer", "learn", "--input", "text.en", "text.de", "--vocab-size", "300"];
  const { code, stderr } = await xformer([...learn, "--output", "joint.json"], { cwd });
  expect(stderr).toMatch(/^joint\.json: bpe, \d+ entries from 4 lines\.\n$/);
  expect(code).toBe(0);
});

describe("xformer tokenizer", () => {
  it("learns a tokenizer that encodes lines as they come", async () => {
    const child = startXformer(["tokenizer", "encode", "--tokenizer", "joint.json", "--tokens"], { cwd });
    const end = finished(child);
    const first = new Promise<string>((resolve) =>
      child.stdout!.once("data", (data) => resolve(String(data))),
    );
    child.stdin!.write("the other\n");
    expect(await Promise.race([first, setTimeout(20_000, "nothing came")])).toBe("Ġthe Ġother\n");
    child.stdin!.end("\n<s> é");
    expect(await end).toMatchObject({ stdout: "Ġthe Ġother\n\nĠ < s > Ġ Ã ©\n", stderr: "", code: 0 });
  });

  it("gives ids that the file's own reader gives back", async () => {
    const text = "die other Mütter\t 👍";
    const { stdout } = await xformer(["tokenizer", "encode", "--tokenizer", "joint.json"], {
      cwd,
      input: text,
    });
    expect(readTokenizer(join(cwd, "joint.json")).decode(stdout.trim().split(" ").map(Number))).toBe(text);
  });

  it("learns words and letters, and lowercases", async () => {
    const learn = [
      "tokenizer",
      "learn",
      "--input",
      "text.de",
      "--lowercase",
      "--output",
      "words.json",
      "--kind",
    ];
    expect((await xformer([...learn, "word"], { cwd })).code).toBe(0);
    const encode = ["tokenizer", "encode", "--tokenizer", "words.json", "--tokens"];
    expect((await xformer(encode, { cwd, input: "Die Mutter Gans" })).stdout).toBe("die mutter <unk>\n");
    expect((await xformer([...learn, "char"], { cwd })).code).toBe(0);
    expect((await xformer(encode, { cwd, input: "Die" })).stdout).toBe("d i e\n");
  });

  it("exports what a model was trained with", async () => {
    const train = ["train", "--train", "pairs.tsv", "--max-steps", "2", "--out", "run", ...SMALLEST];
    expect((await xformer(train, { cwd })).code).toBe(0);
    const exported = ["tokenizer", "export", "--model", "run", "--side", "target", "--output", "model.json"];
    expect(await xformer(exported, { cwd })).toEqual({ stdout: "", stderr: "", code: 0 });
    const encode = ["tokenizer", "encode", "--tokens"];
    const input = "a b q";
    const fromFile = await xformer([...encode, "--tokenizer", "model.json"], { cwd, input });
    expect(fromFile).toMatchObject({ stdout: "a b <unk>\n", code: 0 });
    expect(await xformer([...encode, "--model", "run", "--side", "target"], { cwd, input })).toEqual(
      fromFile,
    );
  });

  it("reads a SentencePiece model, and writes it as tokenizer.json", async () => {
    const kinds = fileURLToPath(new URL("../fixtures/tokenizers/kinds/", import.meta.url));
    const input = "the other\tHouse <sep> ½";
    const encode = ["tokenizer", "encode", "--tokens", "--tokenizer"];
    const fromModel = await xformer([...encode, join(kinds, "unigram-symbols.model")], { cwd, input });
    expect(fromModel).toMatchObject({ stderr: "", code: 0 });
    expect(fromModel.stdout).toMatch(/^▁the ▁ o ther .* <sep> ▁1 ⁄ 2\n$/);
    const exported = ["tokenizer", "export", "--tokenizer", join(kinds, "unigram-symbols.model")];
    expect((await xformer([...exported, "--output", "unigram.json"], { cwd })).code).toBe(0);
    expect(await xformer([...encode, "unigram.json"], { cwd, input })).toEqual(fromModel);
  });

  it("refuses a file whose post-processor puts other tokens beside a text", async () => {
    const json = JSON.parse(readFileSync(join(cwd, "joint.json"), "utf8"));
    const single = ["<s>", "eng_Latn"].map((id) => ({ SpecialToken: { id, type_id: 0 } }));
    const write = (...pieces: object[]): void => {
      const template = { type: "TemplateProcessing", single: pieces, pair: [], special_tokens: {} };
      writeFileSync(join(cwd, "beside.json"), JSON.stringify({ ...json, post_processor: template }));
    };
    const encode = ["tokenizer", "encode", "--tokenizer", "beside.json"];
    write(single[0]!, { Sequence: { id: "A", type_id: 0 } });
    expect(await xformer(encode, { cwd, input: "the" })).toMatchObject({ stderr: "", code: 0 });
    write(...single);
    const { stderr, code } = await xformer(encode, { cwd, input: "the" });
    expect(stderr).toMatch(/^beside\.json: a post_processor that adds "eng_Latn" is not supported\. .*\n$/);
    expect(code).toBe(1);
  });

  it("says in one line what is wrong", async () => {
    const json = JSON.parse(readFileSync(join(cwd, "joint.json"), "utf8"));
    writeFileSync(join(cwd, "odd.json"), JSON.stringify({ ...json, normalizer: { type: "Odd" } }));
    const encode = ["tokenizer", "encode", "--tokenizer"];
    const learn = ["tokenizer", "learn", "--output", "x.json", "--input"];
    const wrong: [string[], number, RegExp][] = [
      [
        [...encode, "text.en"],
        1,
        /^text\.en: this is neither JSON nor a SentencePiece model\. Name a tokenizer\.json, .*\n$/,
      ],
      [[...encode, "none.json"], 1, /^none\.json: no such file or directory\. .*\n$/],
      [
        [...encode, "odd.json"],
        1,
        /^odd\.json: the normalizer "Odd" is not supported\. Supported: NFC, .*\n$/,
      ],
      [
        [...encode, "joint.json", "--side", "target"],
        2,
        /^--side: a tokenizer of its own has no sides\. .*\n$/,
      ],
      [["tokenizer", "encode"], 2, /^which tokenizer is not clear\. Give --tokenizer or --model\.\n$/],
      [[...learn, "none.txt"], 1, /^none\.txt: no such file or directory\. .*\n$/],
      [[...learn, "empty.txt"], 1, /^empty\.txt: there is no text to learn from\. .*\n$/],
      [[...learn, "text.en", "--vocab-size", "9"], 1, /^the vocabulary size is 9\. .* from 259: .*\n$/],
      [[...learn, "text.en", "--kind", "bpr"], 2, /^--kind: .* Did you mean bpe\?\n$/],
    ];
    for (const [args, code, stderr] of wrong) {
      expect(await xformer(args, { cwd })).toEqual({
        stdout: "",
        stderr: expect.stringMatching(stderr),
        code,
      });
    }
  });
});
