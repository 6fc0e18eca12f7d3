import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncodedCorpus } from "../../src/data/encodedCorpus.ts";
import { EncodedCorpusWriter } from "../../src/data/encodedCorpusWriter.ts";
import { planEpoch } from "../../src/data/epochPlan.ts";
import { oneLine } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const directory = temporaryDirectory();
const file = join(directory, "test.pairs");

type Pair = readonly [source: readonly number[], target: readonly number[]];

function write(pairs: readonly Pair[], vocabularySize = 1000, maxLength = 100): EncodedCorpus {
  const writer = new EncodedCorpusWriter(file, { pairs: pairs.length + 3, maxLength, vocabularySize });
  for (const [source, target] of pairs) writer.add(Int32Array.from(source), Int32Array.from(target));
  const count = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side].length, 0);
  writer.finish({ statistics: statisticsOf(count(0), count(1)), fingerprint: "text", key: "key" });
  return EncodedCorpus.open(file);
}

function statisticsOf(sourceTokens: number, targetTokens: number) {
  const counts = {
    skipped: 3,
    unknownSource: 1,
    unknownTarget: 2,
    longestSource: 5,
    longestTarget: 6,
    mostSentences: 1,
  };
  return { ...counts, sourceTokens, targetTokens };
}

describe("EncodedCorpus", () => {
  const anyCorpus = fc.constantFrom(1000, 0x1_0000, 0x1_0001, 2 ** 31).chain((vocabularySize) => {
    const ids = fc.array(fc.nat(vocabularySize - 1), { maxLength: 20 });
    const pairs = fc.array(fc.tuple(ids, ids), { minLength: 1, maxLength: 200 });
    return pairs.chain((all) =>
      fc.record({
        all: fc.constant(all),
        vocabularySize: fc.constant(vocabularySize),
        maxLength: fc.constantFrom(20, 0xffff, 0x1_0000),
        asked: fc.array(fc.nat(all.length - 1), { maxLength: 30 }),
      }),
    );
  });

  it("gives back what was written, in the order asked for, for vocabularies and lengths of any size", () => {
    fc.assert(
      fc.property(anyCorpus, ({ all, vocabularySize, maxLength, asked }) => {
        const corpus = write(all, vocabularySize, maxLength);
        expect(corpus.pairs).toBe(all.length);
        for (const [i, [source, target]] of all.entries()) {
          expect([corpus.sourceLength(i), corpus.targetLength(i)]).toEqual([source.length, target.length]);
        }
        const expected = asked.map((index) => ({
          source: Int32Array.from(all[index]![0]),
          target: Int32Array.from(all[index]![1]),
          index,
        }));
        expect(corpus.read(asked)).toEqual(expected);
        expect(corpus.read(Int32Array.from(asked))).toEqual(expected);
        corpus.close();
      }),
    );
  });

  it("reads pairs that are far apart and pairs longer than its buffer", () => {
    const long = Array.from({ length: 70_000 }, (_, i) => i % 1000);
    const all: Pair[] = Array.from({ length: 500 }, (_, i) => (i === 250 ? [long, long] : [[i], [i, i]]));
    const corpus = write(all, 1000, 70_000);
    const read = corpus.read([499, 250, 0, 251, 0]);
    expect(read.map(({ index }) => index)).toEqual([499, 250, 0, 251, 0]);
    expect(read.map(({ source }) => source.at(-1))).toEqual([499, 999, 0, 251, 0]);
    expect(read[1]!.target).toEqual(Int32Array.from(long));
    expect(corpus.read([])).toEqual([]);
    corpus.close();
  });

  it("keeps what is known about the text", () => {
    const corpus = write([[[1], [2, 3]]]);
    expect(corpus).toMatchObject({ file, fingerprint: "text", key: "key" });
    expect(corpus.statistics).toEqual(statisticsOf(1, 2));
    corpus.close();
  });

  it("is planned as a corpus in memory of the same lengths, and read the same by all who open the file", () => {
    const all: Pair[] = Array.from({ length: 300 }, (_, i) => [new Array(i % 9).fill(i), [i]]);
    const corpus = write(all);
    const plan = planEpoch(corpus, { batchTokens: 64, batching: "buckets", seed: 1, epoch: 0 });
    const inMemory = planEpoch(
      { pairs: 300, sourceLength: (i) => all[i]![0].length, targetLength: () => 1 },
      { batchTokens: 64, batching: "buckets", seed: 1, epoch: 0 },
    );
    const batches = Array.from({ length: plan.batches }, (_, i) => [...plan.batch(i)]);
    expect(batches).toEqual(Array.from({ length: inMemory.batches }, (_, i) => [...inMemory.batch(i)]));
    const other = EncodedCorpus.open(file);
    for (const batch of batches) expect(other.read(batch)).toEqual(corpus.read(batch));
    other.close();
    corpus.close();
  });
});

describe("a file that is no encoded corpus", () => {
  const damaged = (path: string) =>
    `${path}: this is not an encoded corpus of this version, or it is damaged. Delete it: it is made anew from the text.`;

  it("is refused, whichever byte is flipped: of the tokens when they are verified, of all else when it is opened", () => {
    const pairs: Pair[] = [
      [[1, 2, 3], [4]],
      [[5], [6, 7]],
    ];
    write(pairs).close();
    const good = readFileSync(file);
    const begin = good.indexOf("\n") + 1;
    const end = begin + 2 * 7;
    for (let at = 0; at < good.length; at++) {
      for (const bit of [1, 0x80]) {
        const bad = Buffer.from(good);
        bad[at]! ^= bit;
        writeFileSync(file, bad);
        if (at < begin || at >= end) {
          expect(oneLine(() => EncodedCorpus.open(file))).toBe(damaged(file));
        } else {
          const corpus = EncodedCorpus.open(file);
          expect(oneLine(() => corpus.verify())).toBe(damaged(file));
          corpus.close();
        }
      }
    }
  });

  it("is refused when cut short or made longer anywhere", () => {
    write([[[1, 2, 3], [4]]]).close();
    const copy = join(directory, "cut.pairs");
    const { length } = readFileSync(file);
    for (let size = 0; size < length; size++) {
      copyFileSync(file, copy);
      truncateSync(copy, size);
      expect(oneLine(() => EncodedCorpus.open(copy))).toBe(damaged(copy));
    }
    writeFileSync(copy, Buffer.concat([readFileSync(file), Buffer.of(0)]));
    expect(oneLine(() => EncodedCorpus.open(copy))).toBe(damaged(copy));
  });

  it("is told when it is not there, or a directory", () => {
    const none = join(directory, "none.pairs");
    expect(oneLine(() => EncodedCorpus.open(none))).toBe(
      `${none}: no such file or directory. Check the path.`,
    );
    expect(oneLine(() => EncodedCorpus.open(directory))).toBe(
      `${directory}: this is a directory, a file is needed. Name a file inside it.`,
    );
  });

  it("is told when it is cut short while in use", () => {
    const corpus = write([[[1, 2, 3], [4]]]);
    truncateSync(file, 20);
    expect(oneLine(() => corpus.read([0]))).toBe(damaged(file));
    corpus.close();
  });
});

describe("EncodedCorpusWriter", () => {
  it("leaves nothing behind when discarded, and the file before it as it was", () => {
    write([[[1], [2]]]).close();
    const writer = new EncodedCorpusWriter(file, { pairs: 9, maxLength: 9, vocabularySize: 9 });
    writer.add(Int32Array.of(3), Int32Array.of(4));
    writer.discard();
    expect(readdirSync(directory).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const corpus = EncodedCorpus.open(file);
    expect(corpus.read([0])[0]!.source).toEqual(Int32Array.of(1));
    corpus.close();
  });

  it("and EncodedCorpus keep four bytes a pair in memory", () => {
    const pairs = 400_000;
    const before = memory();
    const writer = new EncodedCorpusWriter(file, { pairs, maxLength: 256, vocabularySize: 8000 });
    const [source, target] = [new Int32Array(20).fill(7), new Int32Array(21).fill(8)];
    for (let i = 0; i < pairs; i++) writer.add(source, target);
    const fixed = 2 ** 20; // the tokens that wait to be written, and to be read
    expect(memory() - before).toBeLessThan(4 * pairs + fixed);
    writer.finish({ statistics: statisticsOf(20 * pairs, 21 * pairs), fingerprint: "text", key: "key" });
    const written = memory();
    const corpus = EncodedCorpus.open(file);
    for (let i = 0; i < pairs; i += 1000) corpus.read([i, (i * 7919) % pairs]);
    expect(memory() - written).toBeLessThan(4.2 * pairs + fixed);
    corpus.close();
  });

  /** Bytes of typed arrays that are alive. */
  function memory(): number {
    globalThis.gc?.();
    return process.memoryUsage().arrayBuffers;
  }
});
