import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { DecodingOptions } from "../../src/decoding/options.ts";
import type { StreamedToken } from "../../src/decoding/tokenStream.ts";
import type { Translation } from "../../src/decoding/translation.ts";
import { results } from "../../src/library/calls.ts";
import { Batcher, type DoneBatch } from "../../src/serve/batcher.ts";

/** A translation that is the line in capitals. */
function translated(line: string): Translation {
  const hypothesis = { tokens: [line], logProbability: 0, score: 0, tokenLogProbabilities: [], ended: true };
  const text = line.toUpperCase();
  const counts = { sourceTokens: 1, unknownTokens: 0, overLong: false, overLongPieces: 0, pieces: 1 };
  return { text, ...counts, hypotheses: [{ text, ...hypothesis }] };
}

/** A model that works when it is told to, and remembers what it was given. */
class SlowModel {
  readonly turns: { lines: readonly string[]; options: DecodingOptions; go: (error?: Error) => void }[] = [];

  #turn(lines: readonly string[], options: DecodingOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.turns.push({ lines, options, go });
      options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
    });
  }

  translateAll(lines: Iterable<string> | AsyncIterable<string>, options: DecodingOptions = {}) {
    const all = [...(lines as Iterable<string>)];
    const turn = this.#turn(all, options);
    return results(
      (async function* () {
        await turn;
        yield* all.map(translated);
      })(),
    );
  }

  async *stream(line: string, options: DecodingOptions = {}): AsyncGenerator<StreamedToken, Translation> {
    yield { token: line, text: line, logProbability: 0 };
    await this.#turn([line], options);
    return translated(line);
  }
}

/** Everything that is on its way has come. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate();
}

describe("requests at a model", () => {
  const never = new AbortController().signal;
  const begin = () => {
    const model = new SlowModel();
    const batches: DoneBatch[] = [];
    return { model, batches, batcher: new Batcher(model, (batch) => batches.push(batch)) };
  };
  const texts = (found: readonly Translation[]): string[] => found.map(({ text }) => text);

  it("that come together are translated together, each gets its own", async () => {
    const { model, batches, batcher } = begin();
    const answers = [["a", "b"], ["c"], ["d", "e", "f"]].map((lines) => batcher.translate(lines, {}, never));
    await settled();
    expect(model.turns.map(({ lines }) => lines)).toEqual([["a", "b", "c", "d", "e", "f"]]);
    model.turns[0]!.go();
    expect((await Promise.all(answers)).map(texts)).toEqual([["A", "B"], ["C"], ["D", "E", "F"]]);
    expect(batches).toEqual([{ sentences: 6, sourceTokens: 6, targetTokens: 6 }]);
  });

  it("that come while it works wait, and are then translated together with those that want the same", async () => {
    const { model, batcher } = begin();
    const first = batcher.translate(["a"], {}, never);
    await settled();
    const others = [
      batcher.translate(["b"], { beam: 2 }, never),
      batcher.translate(["c"], {}, never),
      batcher.translate(["d"], { beam: 2 }, never),
    ];
    await settled();
    expect(batcher.waiting).toBe(3);
    for (const [i, lines] of [["a"], ["b", "d"], ["c"]].entries()) {
      expect(model.turns[i]!.lines).toEqual(lines);
      model.turns[i]!.go();
      await settled();
    }
    expect((await Promise.all([first, ...others])).flatMap(texts)).toEqual(["A", "B", "C", "D"]);
    expect(batcher.waiting).toBe(0);
  });

  it("of samples, prefixes and constraints are translated alone; samples by the numbers of their lines", async () => {
    const { model, batcher } = begin();
    const many = Array.from({ length: 130 }, (_, i) => `${i}`);
    const alone: [string[], DecodingOptions][] = [
      [many, { sample: true }],
      [["b"], { prefix: "x" }],
      [["c"], { prefix: "x" }],
      [["d"], { constraints: ["x"] }],
      [["e"], { constraints: ["x"] }],
    ];
    const answers = alone.map(([lines, options]) => batcher.translate(lines, options, never));
    for (let i = 0; i < 6; i++) {
      await settled();
      model.turns[i]!.go();
    }
    expect(texts(await answers[0]!)).toEqual(many);
    await Promise.all(answers);
    // Of a request that is larger than a batch the rest waits until all others have had their turn.
    expect(model.turns.map(({ lines }) => lines.length)).toEqual([128, 1, 1, 1, 1, 2]);
    expect(model.turns[5]!.options.firstLine).toBe(129);
  });

  it("that are left are forgotten: while they wait, and while they are translated as soon as all are left", async () => {
    const { model, batcher } = begin();
    const leave = Array.from({ length: 3 }, () => new AbortController());
    const [together, alsoTogether] = [["a"], ["b"]].map((lines, i) =>
      batcher.translate(lines, {}, leave[i]!.signal),
    );
    await settled();
    const waiting = batcher.translate(["c"], {}, leave[2]!.signal);
    const last = batcher.translate(["d"], {}, never);
    leave[2]!.abort("gone");
    await expect(waiting).rejects.toBe("gone");
    leave[0]!.abort("gone too");
    await expect(together).rejects.toBe("gone too");
    await settled();
    const [{ options }] = model.turns as [SlowModel["turns"][number]];
    expect(options.signal!.aborted).toBe(false);
    leave[1]!.abort("all are gone");
    await expect(alsoTogether).rejects.toBe("all are gone");
    expect(options.signal!.aborted).toBe(true);
    await settled();
    expect(model.turns.at(-1)!.lines).toEqual(["d"]);
    model.turns.at(-1)!.go();
    expect(texts(await last)).toEqual(["D"]);
    await expect(batcher.translate(["e"], {}, AbortSignal.abort("late"))).rejects.toBe("late");
    expect(texts(await batcher.translate([], {}, never))).toEqual([]);
  });

  it("fail together when their batch fails, and the next goes on", async () => {
    const { model, batcher } = begin();
    const failing = [["a"], ["b"]].map((lines) => batcher.translate(lines, {}, never));
    await settled();
    const next = batcher.translate(["c"], {}, never);
    model.turns[0]!.go(new Error("no memory"));
    for (const answer of failing) await expect(answer).rejects.toThrow("no memory");
    await settled();
    model.turns[1]!.go();
    expect(texts(await next)).toEqual(["C"]);
  });

  it("stream tokens as they come, and wait for nobody who reads them slowly", async () => {
    const { model, batcher } = begin();
    const stream = batcher.stream("a", {}, never);
    expect(await stream.next()).toEqual({ done: false, value: { token: "a", text: "a", logProbability: 0 } });
    const next = batcher.translate(["b"], {}, never);
    model.turns[0]!.go();
    await settled();
    model.turns[1]!.go();
    expect(texts(await next)).toEqual(["B"]);
    const last = await stream.next();
    expect([last.done, (last.value as Translation).text]).toEqual([true, "A"]);
    const left = new AbortController();
    const unheard = batcher.stream("c", {}, left.signal);
    await unheard.next();
    left.abort("gone");
    await expect(unheard.next()).rejects.toBe("gone");
    expect(model.turns[2]!.options.signal!.aborted).toBe(true);
  });
});
