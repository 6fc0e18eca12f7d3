// What hostile files and flags are made of: valid ones, changed at random places to values that hurt.
import fc from "fast-check";

/** Values that have hurt some program or other. */
const VALUES = [
  ...[
    null,
    true,
    0,
    -1,
    1,
    0.5,
    1e9,
    1e300,
    -1e-320,
    2 ** 53,
    "",
    "16",
    "x".repeat(5000),
    "\u001b[31m\u202e",
  ],
  ...[[], {}, [[[[]]]]],
];

/** The same as texts on a command line: seventeen. */
export const FLAG_VALUES = [
  ...["", "0", "-1", "1", "0.5", "1e9", "1e300", "1e-320", "NaN", "none", "0x10", "9007199254740993"],
  ...["a,b", "/dev/null", "missing/x", "x".repeat(5000), "\u001b[31m\u202e\n"],
];

/** What a path to a value of JSON is chosen by: at each level which of its entries. */
const place = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 });

/** A change to JSON: at a place another value, none, or what is there twice as deep. */
const change = fc.record({
  place,
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...VALUES).map((value) => ({ value })) },
    { weight: 1, arbitrary: fc.constant({ remove: true }) },
    { weight: 1, arbitrary: fc.constantFrom(10, 3000).map((nest) => ({ nest })) },
    { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map((rename) => ({ rename })) },
  ),
});

export const changes = fc.array(change, { minLength: 1, maxLength: 3 });

/** JSON with changes made to it; texts that are JSON themselves are changed inside. */
export function changed(json, list) {
  return list.reduce((value, { place, what }) => changeAt(value, place, what), json);
}

function changeAt(value, [which, ...rest], what) {
  if (typeof value === "string" && /^[{[]/.test(value)) {
    try {
      return stringify(changeAt(JSON.parse(value), [which, ...rest], what));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  if (typeof value !== "object" || value === null || value instanceof Nest || Object.keys(value).length === 0)
    return made(value, what);
  const keys = Object.keys(value);
  const key = keys[which % keys.length];
  const copy = Array.isArray(value) ? [...value] : Object.fromEntries(Object.entries(value));
  if (rest.length > 0) copy[key] = changeAt(value[key], rest, what);
  else if (what.remove) Array.isArray(copy) ? copy.splice(Number(key), 1) : delete copy[key];
  else if (what.rename !== undefined) {
    copy[what.rename] = copy[key];
    delete copy[key];
  } else copy[key] = made(value[key], what);
  return copy;
}

function made(value, what) {
  if (what.nest === undefined) return "value" in what ? what.value : value;
  return new Nest(what.nest);
}

/** A part so many levels deep. */
class Nest {
  constructor(levels) {
    this.levels = levels;
  }
}

/** JSON with its {@link Nest}s, which are too deep for JSON.stringify. */
export function stringify(json) {
  const nests = [];
  const text = JSON.stringify(json, (_, value) => {
    if (!(value instanceof Nest)) return value;
    nests.push(value);
    return `nest ${nests.length - 1}`;
  });
  return (text ?? "").replace(/"nest (\d+)"/g, (_, index) => {
    const { levels } = nests[Number(index)];
    return `${'{"type":"Sequence","normalizers":['.repeat(levels)}${"]}".repeat(levels)}`;
  });
}

/** Changes to bytes: some set, a part cut out or said twice, the end cut off or more of it. */
export const damages = fc.array(
  fc.record({
    kind: fc.constantFrom("set", "set", "set", "flip", "cut", "repeat", "end", "more"),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    length: fc.constantFrom(1, 2, 8, 64, 1000),
    byte: fc.oneof(fc.constantFrom(0, 9, 10, 13, 34, 0x7b, 0x80, 0xff), fc.nat(255)),
  }),
  { minLength: 1, maxLength: 4 },
);

export function damaged(bytes, list) {
  return list.reduce((before, { kind, at, length, byte }) => {
    const place = Math.floor(at * before.length);
    const [head, tail] = [before.subarray(0, place), before.subarray(place)];
    if (kind === "cut") return Buffer.concat([head, tail.subarray(length)]);
    if (kind === "repeat") return Buffer.concat([head, tail.subarray(0, length), tail]);
    if (kind === "end") return head;
    if (kind === "more") return Buffer.concat([before, Buffer.alloc(length, byte)]);
    const copy = Buffer.from(before);
    for (
      let i = place;
      i < Math.min(copy.length, kind === "set" ? place + Math.min(length, 8) : place + 1);
      i++
    )
      copy[i] = kind === "set" ? byte : copy[i] ^ (1 << (byte & 7));
    return copy;
  }, bytes);
}

/** Lines of text that hurt: columns too many and too few, white space of every kind, what is no text. */
export const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("a b\tb a", "c\td", "h g f\tf g h", "学 习\t习", "a\ta") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("", "\t", "a", "a\t", "\tb", "a\tb\tc", " \t ", "\u00a0\t\u3000"),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "\ufeffa\tb",
          "a\r\tb\r",
          "\u2028\tx",
          "\u0000\ta",
          "\ud800\tb",
          "\u0301".repeat(300),
        ),
      },
      { weight: 1, arbitrary: fc.constantFrom(`${"a ".repeat(3000)}\tb`, `a\t${"b".repeat(20_000)}`) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }).map((line) => `${line}\tx`) },
    ),
    { maxLength: 12 },
  )
  .chain((lines) =>
    fc.constantFrom("\n", "\n", "\r\n", "\r").map((end) => Buffer.from(lines.join(end) + end)),
  );
