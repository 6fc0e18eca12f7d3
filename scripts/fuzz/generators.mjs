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

/** A request with every field, to be changed; half of them do not go together. */
const REQUEST = {
  ...{
    source: ["a b", "c"],
    stream: false,
    scores: true,
    beam: 3,
    nBest: 2,
    lengthPenalty: 1,
    maxLength: "2x+5",
  },
  ...{ minLength: 1, constraints: ["a"], orderedConstraints: true, noRepeatNgram: 2, repetitionPenalty: 1.1 },
  ...{ banUnk: true, prefix: "b", tag: "<2x>", alignments: "tokens", longLines: "split", unknown: "copy" },
  ...{ sample: true, temperature: 1, topK: 3, topP: 0.5, seed: 7 },
};

/** Some of its fields, so that many requests are valid before they are changed. */
const someFields = fc
  .subarray(Object.keys(REQUEST).filter((name) => name !== "source"))
  .map((names) => Object.fromEntries(["source", ...names].map((name) => [name, REQUEST[name]])));

const source = fc.oneof(
  fc.constantFrom("", "a b c", "\u0000", "\ud800", "<2x> a", "a\nb\tc", "\u202e<script>", "a ".repeat(900)),
  fc.array(fc.string({ unit: "binary", maxLength: 30 }), { maxLength: 8 }),
);

const body = fc.oneof(
  fc
    .tuple(someFields, source, fc.boolean())
    .map(([json, text, stream]) => stringify({ ...json, source: text, stream })),
  fc.tuple(someFields, changes).map(([json, list]) => stringify(changed(json, list))),
  fc.tuple(someFields, damages).map(([json, list]) => damaged(Buffer.from(stringify(json)), list)),
  fc.constantFrom(
    "[".repeat(30_000),
    '{"source":'.repeat(5000),
    `{"${"x".repeat(40_000)}": 1}`,
    "null",
    '"a"',
    "",
  ),
);

const header = fc.constantFrom(
  ...[
    "Content-Type: text/plain",
    "Content-Type: application/json; charset=\u00ff",
    "Content-Type:",
    "Host: evil",
  ],
  ...["Host: a b", "Host:", "Expect: 100-continue", "Upgrade: websocket\r\nConnection: Upgrade", "X: \u0001"],
  ...[
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: 0",
    "Content-Length: -1",
  ],
  ...[
    "Content-Length: 99999999999",
    `Cookie: ${"x".repeat(20_000)}`,
    "If-None-Match: *",
    "Accept: text/event-stream",
  ],
);
const target = fc.oneof(
  { weight: 8, arbitrary: fc.constant("/translate") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[
        "/",
        "/health",
        "/metrics",
        "/translate/",
        "//translate",
        "/../etc/passwd",
        "/%ff",
        "/\\",
        "*",
        "/\u00e9",
      ],
      ...["http://evil/translate", "/translate?source=a#b", `/${"x".repeat(3000)}`, ""],
    ),
  },
);
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant("POST") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "GET",
      "HEAD",
      "PUT",
      "OPTIONS",
      "TRACE",
      "CONNECT",
      "QUERY",
      "BREW",
      "post",
      "",
    ),
  },
);

/** Requests as bytes: most are HTTP with a hostile body, some have hostile heads, some are damaged altogether. */
export const requests = fc
  .tuple(method, target, fc.array(header, { maxLength: 1 }), body, fc.option(damages, { freq: 8 }))
  .map(([verb, path, more, content, list]) => {
    const bytes = Buffer.from(content);
    const named = (name) => more.some((line) => line.startsWith(name));
    const head = [
      `${verb} ${path} HTTP/1.1`,
      ...(named("Host") ? [] : ["Host: localhost"]),
      ...(named("Content-Type") ? [] : ["Content-Type: application/json"]),
      ...(named("Content-Length") || named("Transfer") ? [] : [`Content-Length: ${bytes.length}`]),
      ...more,
      ...["Connection: close", "", ""],
    ];
    const whole = Buffer.concat([Buffer.from(head.join("\r\n"), "latin1"), bytes]);
    return list === null ? whole : damaged(whole, list);
  });
