import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { commandIn, type PromptState, runCommand } from "../../src/cli/promptCommands.ts";
import { Translator } from "../../src/decoding/translator.ts";
import { JOBS } from "../../src/jobs.ts";
import type { LoadedModel } from "../../src/loadedModel.ts";
import { WorkerPool } from "../../src/replicas/workerPool.ts";
import { learnTokenizer } from "../../src/text/tokenizerKinds.ts";
import { smallModel } from "../support/engine.ts";

const TOKENIZER = learnTokenizer(["a b c d e f g h"], { kind: "word" });
const size = TOKENIZER.vocabulary.size;
const pool = new WorkerPool(smallModel(size), JOBS, { threads: 1 });
pool.main.model.initialise(1);
const translator = new Translator(pool, TOKENIZER, TOKENIZER, { outputLimit: 6 });
const model = { translator } as LoadedModel;
let state: PromptState = { model, options: {}, last: undefined };

function command(line: string): Promise<readonly string[]> {
  return runCommand(state, commandIn(line)!, 80);
}

afterAll(() => pool.close());
beforeEach(async () => {
  const [translation] = await translator.translate(["a b owl"]);
  state = { model, options: {}, last: { line: "a b owl", constraints: [], translation: translation! } };
});

describe("the commands of the prompt", () => {
  it.each([
    [":beam 5", { name: ":beam", argument: "5" }],
    ["  :quit ", { name: ":quit", argument: "" }],
    ["a :beam 5", undefined],
    [": beam", undefined],
    [":)", undefined],
  ])("%j", (line, expected) => {
    expect(commandIn(line)).toEqual(expected);
  });

  it(":beam changes the search, and nothing when it is wrong", async () => {
    expect(await command(":beam 5")).toEqual(["beam search with 5 hypotheses"]);
    expect(state.options.beam).toBe(5);
    await expect(command(":beam 0")).rejects.toThrow(':beam takes a whole number, not "0"');
    await expect(command(":beam")).rejects.toThrow(':beam takes a whole number, not ""');
    expect(state.options.beam).toBe(5);
    expect(await command(":beam 1")).toEqual(["greedy search"]);
  });

  it(":alternatives shows others with their scores, best first", async () => {
    const lines = await command(":alternatives 3");
    expect(lines).toHaveLength(3);
    const scores = lines.map((line) => Number(/^ *(-\d+\.\d{3}) {2}/.exec(line)![1]));
    expect(scores).toEqual(scores.toSorted((x, y) => y - x));
    expect(await command(":alternatives")).toHaveLength(5);
    expect(state.options).toEqual({});
  });

  it(":attention draws a row a target token", async () => {
    const lines = await command(":attention");
    expect(lines[0]).toMatch(/^ +a {2}b {2}<unk>$/);
    expect(lines).toHaveLength(1 + state.last!.translation.hypotheses[0]!.tokens.length);
  });

  it(":tokens shows both sides and names what is unknown", async () => {
    const [source, target, unknown] = await command(":tokens");
    expect(source).toBe("source  a b <unk>");
    expect(target).toBe(`target  ${state.last!.translation.hypotheses[0]!.tokens.join(" ")}`);
    expect(unknown).toBe("unknown owl");
  });

  it("names are looked up: near misses get a hint, and there has to be a line to speak of", async () => {
    await expect(command(":bean 5")).rejects.toMatchObject({ hint: "Did you mean :beam?" });
    await expect(command(":xyz")).rejects.toMatchObject({ hint: "See :help." });
    state.last = undefined;
    await expect(command(":tokens")).rejects.toThrow("no line has been translated yet");
    expect((await command(":help")).length).toBeGreaterThan(4);
    const narrow = await runCommand(state, { name: ":help", argument: "" }, 48);
    expect(narrow.slice(0, 2)).toEqual([
      ":beam 5          search with five hypotheses;",
      "                 :beam 1 is greedy",
    ]);
  });
});
