import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema } from "../src/training/settings/schema.ts";
import { pathOf } from "../src/training/settings/setting.ts";
import { ALL_SETTINGS } from "../src/training/settings/table.ts";
import { accepts, describeType, parseValue, type ValueType } from "../src/valueType.ts";

const RATE: ValueType = { kind: "number", above: 0, to: 10 };
const COUNT: ValueType = { kind: "number", whole: true, from: 1 };
const SHARE: ValueType = { kind: "number", from: 0, below: 1 };
const SEED: ValueType = { kind: "number", whole: true, from: 0, to: 5 };
const PAIR: ValueType = { kind: "numbers", count: 2, each: { from: 0, below: 1 } };
const SPLIT: ValueType = { kind: "number", from: 0, percent: true };
const CHOICE: ValueType = { kind: "choice", choices: ["post", "pre"] };
const PATH: ValueType = { kind: "path", endings: [".json", ".model"] };

it.each<[ValueType, string]>([
  [RATE, "a number above 0 and at most 10"],
  [COUNT, "a whole number of at least 1"],
  [SHARE, "a number of at least 0 and below 1"],
  [SEED, "a whole number from 0 to 5"],
  [{ kind: "number" }, "a number"],
  [PAIR, "a list of 2, each a number of at least 0 and below 1"],
  [SPLIT, "a number of at least 0, or a share such as 5%"],
  [CHOICE, "one of post, pre"],
  [{ kind: "boolean" }, "true or false"],
  [{ kind: "text" }, "a text"],
  [{ kind: "path" }, "a path"],
  [PATH, "the path of a .json or .model file"],
])("%o is described as %s", (type, words) => {
  expect(describeType(type)).toBe(words);
});

describe("a text on the command line", () => {
  it.each<[ValueType, string, unknown]>([
    [RATE, "1e-3", 0.001],
    [RATE, ".5", 0.5],
    [RATE, "+10", 10],
    [RATE, "10.1", undefined],
    [RATE, "0", undefined],
    [RATE, "", undefined],
    [RATE, " 1", undefined],
    [RATE, "0x1", undefined],
    [COUNT, "12", 12],
    [COUNT, "1.5", undefined],
    [COUNT, "9007199254740993", undefined],
    [SHARE, "1", undefined],
    [SHARE, "0.999999999999", undefined],
    [SHARE, "1e-320", undefined],
    [{ kind: "number" }, "1e39", undefined],
    [{ kind: "number" }, "-1e38", -1e38],
    [SHARE, "NaN", undefined],
    [SHARE, "5%", undefined],
    [SPLIT, "5%", 0.05],
    [SPLIT, "0.1%", 0.001],
    [SPLIT, "99.9%", 0.999],
    [SPLIT, "100%", undefined],
    [SPLIT, "-5%", undefined],
    [SPLIT, "%", undefined],
    [SPLIT, "5 %", undefined],
    [PAIR, "0.9,0.98", [0.9, 0.98]],
    [PAIR, "0.9, 0.98", [0.9, 0.98]],
    [PAIR, "0.9", undefined],
    [PAIR, "0.9,1", undefined],
    [PAIR, "0.9,", undefined],
    [CHOICE, "pre", "pre"],
    [CHOICE, "Pre", undefined],
    [PATH, "a/b.json", "a/b.json"],
    [PATH, "a/b.model", "a/b.model"],
    [PATH, "a/b", undefined],
    [{ kind: "path" }, "", undefined],
    [{ kind: "text" }, "", ""],
  ])("of %o: %j is %j", (type, text, value) => {
    expect(parseValue(type, text)).toEqual(value);
  });
});

it("the checks of the library and of the file schema agree, on any value of any setting", () => {
  const schema = configSchema();
  const number = fc.oneof(
    fc.integer({ min: -2, max: 300 }),
    fc.double(),
    fc.constantFrom(0, 1, 0.5, 10, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 53),
  );
  const words = ALL_SETTINGS.flatMap(({ type }) => (type.kind === "choice" ? type.choices : []));
  const value = fc.oneof(
    number,
    fc.array(number, { maxLength: 3 }),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("", "a.json", ...words),
    fc.constant({}),
    fc.array(
      fc.oneof(
        fc.constantFrom("", "a"),
        fc.record(
          {
            path: fc.constantFrom("", "a", 1),
            weight: number,
            tag: fc.constantFrom("<2de>", "de", null),
            source: fc.constantFrom("de", null, 1),
            valid: fc.oneof(number, fc.constant(null)),
            other: number,
          },
          { requiredKeys: [] },
        ),
      ),
      { maxLength: 2 },
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...ALL_SETTINGS), value, ({ section, key, type, nullMeans }, given) => {
      const content = pathOf(section).reduceRight<object>((part, name) => ({ [name]: part }), {
        [key]: given,
      });
      const ours = given === null ? nullMeans !== undefined : accepts(type, given);
      expect(schema.safeParse(content).success).toBe(ours);
    }),
    { numRuns: 2000 },
  );
});
