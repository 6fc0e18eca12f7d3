import { expect, it } from "vitest";
import type { EncodedPair } from "../../src/data/batches.ts";
import { type GrownSide, StartingRows } from "../../src/training/startingRows.ts";

/** Ids 0 to 2 are special, 3 to 5 ordinary, and 6 and 7 new; a row is its id. */
const rows = (): Float32Array => Float32Array.from({ length: 8 }, (_, id) => (id < 6 ? id : 0));
const side = (...parts: number[][]): GrownSide => ({ oldSize: 6, isSpecial: (id) => id < 3, parts });

function corpus(...pairs: (readonly [source: number[], target: number[]])[]) {
  const all = pairs.map(
    ([source, target], index): EncodedPair => ({
      source: Int32Array.from(source),
      target: Int32Array.from(target),
      index,
    }),
  );
  const read = (numbers: ArrayLike<number>) => Array.from(numbers, (number) => all[number]!);
  return { pairs: all.length, file: "", read, close: () => {} };
}

function filled(name: string, starting: StartingRows): number[] {
  const values = rows();
  starting.fill(name, values, 1);
  return [...values];
}

it("a new row is the mean of the rows of its parts", () => {
  const growth = { source: side([3, 4, 4], [5]), target: side([3], [4]) };
  const starting = StartingRows.of(
    corpus([
      [6, 3],
      [7, 3],
    ]),
    growth,
  );
  expect(filled("source_embedding.weight", starting)).toEqual([0, 1, 2, 3, 4, 5, Math.fround(11 / 3), 5]);
  expect(filled("target_embedding.weight", starting)).toEqual([0, 1, 2, 3, 4, 5, 3, 4]);
});

it("without parts it is that of its neighbours, each as often as it is one", () => {
  const growth = { source: side([], []), target: side([], []) };
  // 6 stands beside 3, 5 and 5; beside <unk>, 7 and the ends of lines too, which do not count.
  const pairs = corpus(
    [[3, 6, 5], [3]],
    [
      [5, 6, 7],
      [4, 6, 0],
    ],
  );
  const starting = StartingRows.of(pairs, growth);
  const source = filled("source_embedding.weight", starting);
  expect(source[6]).toBe(Math.fround(13 / 3));
  expect(source[7]).toBe(4); // nothing old is beside it: the mean of 3, 4 and 5
  for (const name of ["target_embedding.weight", "output_projection.weight", "output_projection.bias"])
    expect(filled(name, starting).slice(6)).toEqual([4, 4]);
});

it("one vocabulary for both sides has the neighbours of both", () => {
  const shared = side([], []);
  const starting = StartingRows.of(
    corpus([
      [3, 6],
      [6, 5],
    ]),
    { source: shared, target: shared },
  );
  expect(filled("target_embedding.weight", starting)[6]).toBe(4);
});

it("rows are filled number by number, and what has none a token is left alone", () => {
  const growth = { source: side([3, 5], [4]), target: side([3], [3]) };
  const starting = StartingRows.of(corpus([[3], [3]]), growth);
  const values = Float32Array.from({ length: 16 }, (_, i) => i);
  starting.fill("source_embedding.weight", values, 2);
  expect([...values.slice(12)]).toEqual([8, 9, 8, 9]);
  expect(filled("encoder.norm.weight", starting)).toEqual([...rows()]);
  expect(filled("source_embedding.weight", StartingRows.none())).toEqual([...rows()]);
});
