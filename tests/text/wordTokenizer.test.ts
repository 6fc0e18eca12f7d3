import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalize } from "../../src/text/normalize.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { anyLanguage, anyText } from "./strings.ts";

const learn = (lines: string[], language = "en") => learnTokenizer(lines, { kind: "word", language });
const tokensOf = (text: string, language = "en") => learn([text], language).encodeTokens(text);

describe("words", () => {
  it("round-trips any text whose tokens are in the vocabulary", () => {
    fc.assert(
      fc.property(
        fc.array(anyText, { maxLength: 4 }),
        fc.boolean(),
        anyLanguage,
        (lines, lowercase, language) => {
          const tokenizer = learnTokenizer(lines, { kind: "word", lowercase, language });
          for (const line of lines) {
            const ids = tokenizer.encode(line);
            expect(tokenizer.decode(ids)).toBe(normalize(line, { lowercase, language }));
            expect(tokenizer.vocabulary.countUnknown(ids)).toBe(0);
            expect(ids.includes(tokenizer.vocabulary.bosId)).toBe(false);
            expect(ids.includes(tokenizer.vocabulary.eosId)).toBe(false);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["en", "I don't know.", "I|don't|know|."],
    ["en", "Well-known, isn't it?", "Well|-|known|,|isn't|it|?"],
    ["en", "It costs $3.5 (or 1,000 yen)!", "It|costs|$|3.5|(|or|1,000|yen|)|!"],
    ["en", 'He said: "Go." She said: "No!"', 'He|said|:|"|Go|.|"|She|said|:|"|No|!|"'],
    ["en", "They’re “here”…", "They’re|“|here|”|…"],
    ["de", "Er sagte: „Ja, gut.“ »Nein«, rief sie.", "Er|sagte|:|„|Ja|,|gut|.|“|»|Nein|«|,|rief|sie|."],
    ["de", "Das schöne Mädchen kostet 3,50 €.", "Das|schöne|Mädchen|kostet|3,50|€|."],
    ["fr", "Qu'est-ce que c'est ?", "Qu'|est|-|ce|que|c'|est|?"],
    ["fr", "L’homme dit : « Bonjour ! »", "L’|homme|dit|:|«|Bonjour|!|»"],
    ["en", "jump twice and I_TURN_LEFT I_JUMP", "jump|twice|and|I_TURN_LEFT|I_JUMP"],
    ["en", "AE1 B AH0 K", "AE1|B|AH0|K"],
  ])("%s: %s needs no marks", (language, text, tokens) => {
    expect(tokensOf(text, language).join("|")).toBe(tokens);
  });

  it.each([
    ["a - b", "a|▁-▁|b"],
    ["10:30, and/or", "10|:￭|30|,|and|/|or"],
    ["foo🙂bar 👍👍", "foo|￭🙂￭|bar|👍|￭👍"],
    ["我 用 Python 写", "我|▁|用|▁|Python|▁|写"],
    ["x ▁ ￭ \\ y", "x|\\▁|▁\\￭|▁\\\\▁|y"],
  ])("%s is marked where spaces are not as expected", (text, tokens) => {
    const tokenizer = learn(["Yes, I am.", "Yes, I am.", "是的，我是，我们是，他们是，她是，你是。", text]);
    expect(tokenizer.encodeTokens(text).join("|")).toBe(tokens);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it("knows what each token stands for, unknown ones too, and writes something else for those", () => {
    const tokenizer = learn(["I like tea and milk."]);
    fc.assert(
      fc.property(anyText, (text) => tokenizer.surfaces!(text).length === tokenizer.encode(text).length),
    );
    expect(tokenizer.surfaces!("I like pizza, and (sake).")).toEqual([
      "I",
      "like",
      "pizza",
      ",",
      "and",
      "(",
      "sake",
      ")",
      ".",
    ]);
    const ids = tokenizer.encode("I like pizza and sake.");
    expect(tokenizer.decode(ids)).toBe("I like <unk> and <unk>.");
    expect(tokenizer.decode(ids, ["披萨", "清酒"])).toBe("I like 披萨 and 清酒.");
    expect(tokenizer.decode(ids, ["pizza"])).toBe("I like pizza and <unk>.");
  });

  it("splits Chinese into words and writes it without spaces", () => {
    const lines = ["我很好。", "我们在学习机器学习。", "我有3个苹果，他说：“你好！”"];
    const tokenizer = learn(lines, "zh");
    expect(tokenizer.encodeTokens("我们在学习机器学习。").filter((token) => token === "学习")).toHaveLength(
      2,
    );
    expect(lines.map((line) => tokenizer.decode(tokenizer.encode(line)))).toEqual(lines);
    expect(tokenizer.vocabulary.tokens.filter((token) => /[▁￭]/.test(token))).toEqual([]);
  });

  it("finds words of the vocabulary inside an unknown Chinese word", () => {
    const known = learnTokenizer(["我, 很, 好"], { kind: "word", language: "zh" });
    expect(known.decode(known.encode("很好"))).toBe("很好");
    expect(known.vocabulary.countUnknown(known.encode("很好"))).toBe(0);
    expect(known.decode(known.encode("很坏"))).toContain("<unk>");
  });

  it("has one entry for a word wherever it stands", () => {
    const tokenizer = learn(["word, word. (word) word-word"]);
    expect(tokenizer.vocabulary.tokens.filter((token) => token.includes("word"))).toEqual(["word"]);
  });

  it("learns that a text was tokenised beforehand, and writes it so", () => {
    const lines = ["a man , in a hat .", "she is n't here .", "我 很 好 。"];
    const tokenizer = learn(lines);
    expect(tokenizer.encodeTokens("a man , in a hat .").join("|")).toBe("a|man|,|in|a|hat|.");
    expect(lines.map((line) => tokenizer.decode(tokenizer.encode(line)))).toEqual(lines);
    expect(tokenizer.decode(tokenizer.encode("a man, in a hat."))).toBe("a man , in a hat .");
  });

  it("shows and counts what is not in the vocabulary", () => {
    const tokenizer = learn(["I am good.", "I am."]);
    const ids = tokenizer.encode("I was good, Bob.");
    expect(tokenizer.vocabulary.countUnknown(ids)).toBe(3);
    expect(tokenizer.decode(ids)).toBe("I <unk> good <unk> <unk>.");
  });

  it("gives up an unknown mark rather than the sign that carries it", () => {
    const tokenizer = learn(["well-known, yes."]);
    const ids = tokenizer.encode("well - known .");
    expect(tokenizer.vocabulary.countUnknown(ids)).toBe(0);
    expect(tokenizer.decode(ids)).toBe("well-known.");
  });

  it("passes over BEGIN and END, and refuses ids outside the vocabulary", () => {
    const tokenizer = learn(["Yes."]);
    expect(tokenizer.decode([1, ...tokenizer.encode("Yes."), 2])).toBe("Yes.");
    expect(() => tokenizer.decode([99])).toThrow("no token with the id 99");
    expect(() => tokenizer.decode([-1])).toThrow("no token with the id -1");
  });

  it("joins marks that a model puts in odd places without failing", () => {
    const tokenizer = learn(["我 好 a - b", "我好，我好，我好，我好。"]);
    const id = (token: string) => tokenizer.vocabulary.id(token);
    expect(tokenizer.decode([id("▁"), id("我"), id("▁"), id("▁"), id("好"), id("▁")])).toBe("我 好");
  });

  it.each([
    ["Chinese without a break", "我们在学习机器学习他把书放在桌子上了".repeat(10_000)],
    ["one word", "a".repeat(500_000)],
    ["letters that are surrogate pairs", `a${"𝒜".repeat(40_000)}`],
    ["one long run of combining marks", "\u0301\u0323".repeat(150_000)],
  ])(
    "takes no quadratic time over a long line: %s",
    (_name, text) => {
      // By ICU alone the first takes minutes.
      const tokenizer = learn([text], "zh");
      expect(tokenizer.decode(tokenizer.encode(text)) === text).toBe(true);
      expect(tokenizer.vocabulary.tokens.filter((token) => /\p{Surrogate}/u.test(token))).toEqual([]);
    },
    20_000,
  );
});
