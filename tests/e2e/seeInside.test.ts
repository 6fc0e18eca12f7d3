import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { crc32c } from "../../src/io/tfRecord.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
const TRAIN = [
  ...["train", "--train", "train.tsv", "--valid", "valid.tsv", ...SMALLEST, "--quiet"],
  ...["--max-steps", "20", "--validate-every", "10", "--log-every", "5"],
];

/** The lines of a run's `metrics.jsonl`. */
function metricsOf(run: string): Record<string, unknown>[] {
  const text = readFileSync(join(cwd, run, "metrics.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The names of a run's event files, in their order. */
function eventFiles(run: string): string[] {
  return readdirSync(join(cwd, run))
    .filter((name) => name.includes("tfevents"))
    .sort();
}

type Fields = Map<number, (bigint | Buffer)[]>;

/** The fields of a message of protocol buffers by their numbers. */
function fieldsOf(message: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number): Buffer => {
    at += count;
    return message.subarray(at - count, at);
  };
  while (at < message.length) {
    const key = Number(varint());
    const read = { 0: varint, 1: () => take(8), 2: () => take(Number(varint())), 5: () => take(4) }[key & 7]!;
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), read()]);
  }
  return fields;
}

/** The events of a file as [step, what it says]. */
function eventsIn(file: string): [step: number, says: string | Record<string, number>][] {
  const bytes = readFileSync(join(cwd, file));
  const events: [number, string | Record<string, number>][] = [];
  const masked = (data: Buffer): number => {
    const crc = crc32c(data);
    return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
  };
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 8)).toBe(masked(bytes.subarray(at, at + 8)));
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(data));
    at += 16 + length;
    const fields = fieldsOf(data);
    const [step] = (fields.get(2) ?? [0n]) as bigint[];
    const [version] = (fields.get(3) ?? []) as Buffer[];
    const [summary] = (fields.get(5) ?? []) as Buffer[];
    const scalars = (): Record<string, number> =>
      Object.fromEntries(
        (fieldsOf(summary!).get(1) as Buffer[]).map((value) => {
          const [[tag], [number]] = [1, 2].map((field) => fieldsOf(value).get(field)) as [Buffer[], Buffer[]];
          return [tag!.toString(), number!.readFloatLE()];
        }),
      );
    events.push([Number(step), version?.toString() ?? (summary === undefined ? "restart" : scalars())]);
  }
  return events;
}

beforeAll(async () => {
  const pairs = letterPairs(430);
  writeFiles(cwd, { "train.tsv": pairs.slice(0, 400), "valid.tsv": pairs.slice(400) });
  const { stderr, code } = await xformer([...TRAIN, "--out", "run", "--tensorboard", "--samples", "2"], {
    cwd,
  });
  expect([stderr, code]).toEqual(["", 0]);
});

describe("what training tells", () => {
  it("--samples: so many sentences after each validation, the same ones, in metrics.jsonl too", async () => {
    const validations = metricsOf("run").filter((record) => "valid" in record);
    expect(validations).toHaveLength(2);
    const samples = validations.map((record) => record.samples as { source: string; reference: string }[]);
    const valid = readFileSync(join(cwd, "valid.tsv"), "utf8");
    for (const each of samples) {
      expect(each).toHaveLength(2);
      for (const sample of each) {
        expect(Object.keys(sample)).toEqual(["source", "reference", "translation"]);
        expect(valid).toContain(`${sample.source}\t${sample.reference}\n`);
      }
    }
    const sources = samples.map((each) => each.map(({ source }) => source));
    expect(sources[1]).toEqual(sources[0]);
    const plain = await xformer([...TRAIN.filter((flag) => flag !== "--quiet"), "--out", "plain"], { cwd });
    expect(plain.stderr.match(/^ {4}\S.* → {2}.*$/gm)).toHaveLength(2 * 3);
    const silent = await xformer([...TRAIN, "--out", "silent", "--samples", "0"], { cwd });
    expect(silent.code).toBe(0);
    expect(metricsOf("silent").filter((record) => "samples" in record)).toEqual([]);
    // They are told, not kept: the checkpoint is the same with and without them.
    expect(readFileSync(join(cwd, "silent/last.safetensors"))).toEqual(
      readFileSync(join(cwd, "run/last.safetensors")),
    );
  });

  it("--samples without anything to translate is refused", async () => {
    const flags = ["train", "--train", "train.tsv", "--valid-split", "0", ...SMALLEST, "--max-steps", "1"];
    const { stderr, code } = await xformer([...flags, "--samples", "5", "--out", "refused"], { cwd });
    expect(stderr).toContain("samples is 5, but there are no validation pairs to translate.");
    expect(code).toBe(1);
  });

  it("--tensorboard: an event for every line of metrics.jsonl; a run that goes on goes on there", async () => {
    expect(eventFiles("run")).toEqual(["events.out.tfevents.0001.xformer"]);
    const expected = metricsOf("run").map((record) => record.step);
    const events = eventsIn("run/events.out.tfevents.0001.xformer");
    expect(events[0]).toEqual([0, "brain.Event:2"]);
    expect(events.slice(1).map(([step]) => step)).toEqual(expected);
    for (const [i, [, says]] of events.slice(1).entries()) {
      const record = metricsOf("run")[i] as { loss?: number; lr?: number; valid?: { bleu: number } };
      if (record.valid === undefined) {
        expect(says).toMatchObject({ "train/loss": Math.fround(record.loss!) });
        expect(Object.keys(says)).toHaveLength(4);
      } else {
        expect(says).toMatchObject({ "valid/bleu": Math.fround(record.valid.bleu) });
        expect(Object.keys(says)).toHaveLength(5);
      }
    }
    const more = ["train", "--resume", "run", "--max-steps", "30", "--tensorboard", "--quiet"];
    expect((await xformer(more, { cwd })).code).toBe(0);
    expect(eventFiles("run")).toHaveLength(2);
    const [version, restart, ...others] = eventsIn(`run/${eventFiles("run")[1]}`);
    expect([version, restart]).toEqual([
      [0, "brain.Event:2"],
      [21, "restart"],
    ]);
    expect(others.map(([step]) => step)).toEqual([25, 30, 30]);
    const again = await xformer([...TRAIN, "--out", "run", "--force"], { cwd });
    expect([again.code, eventFiles("run")]).toEqual([0, []]);
  });
});

describe("attention", () => {
  const attention = (...flags: string[]) =>
    xformer(["attention", "--model", "run", "--source", "a b c", ...flags], { cwd });

  it("draws a map of the model's own translation, in plain characters where there is no terminal", async () => {
    const { stdout, stderr, code } = await attention("--target", "a c");
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(stdout).toMatch(
      /^cross-attention, layer 1 of 1, the mean of 2 heads\n.*\n\n {5}a {2}b {2}c {2}<\/s>\na .*\nc .*\n<\/s>.*\n\npercent/,
    );
    const own = await attention("--kind", "decoder", "--layer", "mean", "--head", "2");
    expect(own.stdout).toMatch(/^masked self-attention of the decoder, layer 1 of 1, head 2 of 2\n/);
  });

  it("writes files by their endings", async () => {
    for (const name of ["a.svg", "a.png", "a.json"])
      expect(await attention("--output", name)).toEqual({ stdout: "", stderr: "", code: 0 });
    const read = (name: string): Buffer => readFileSync(join(cwd, name));
    expect(read("a.svg").toString()).toMatch(
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [\s\S]*<\/svg>\n$/,
    );
    expect(read("a.png").subarray(1, 4).toString()).toBe("PNG");
    const json = JSON.parse(read("a.json").toString());
    expect(Object.keys(json.attention)).toEqual(["encoder", "decoder", "cross"]);
    const [row] = json.attention.cross[0][1];
    expect(row).toHaveLength(4);
    expect(row.reduce((sum: number, value: number) => sum + value, 0)).toBeCloseTo(1, 5);
  });

  it("names what is not known to the model", async () => {
    const { stderr, stdout } = await attention("--target", "a owl");
    expect(stderr).toBe("warning: unknown to the model: owl.\n");
    expect(stdout).toMatch(/^owl /m);
  });

  it.each<[string, readonly string[], string]>([
    [
      "a layer that is not there",
      ["--layer", "2"],
      "--layer: there is no layer 2, the decoder has 1. Leave it out.",
    ],
    [
      "a head that is not there",
      ["--head", "3"],
      "--head: there is no head 3, a layer has 2. Give a number from 1 to 2, or mean.",
    ],
    [
      "no number",
      ["--head", "first"],
      '--head: expected a whole number of at least 1, or mean, got "first".',
    ],
    [
      "no kind",
      ["--kind", "cros"],
      '--kind: expected one of encoder, decoder, cross, got "cros". Did you mean cross?',
    ],
    [
      "another kind of file",
      ["--output", "a.gif"],
      '--output: "a.gif" does not end in .svg, .png, .json. Name a file of one of these kinds.',
    ],
    ["a source without a token", ["--source", " "], "the source has no token. Give it some text."],
  ])("refuses %s", async (_, flags, message) => {
    expect(await attention(...flags)).toEqual({ stdout: "", stderr: `${message}\n`, code: 2 });
  });

  it("needs a source", async () => {
    const { stderr, code } = await xformer(["attention", "--model", "run"], { cwd });
    expect(stderr).toMatch(/^required option "-s, --source <text>" not specified\./);
    expect(code).toBe(2);
  });
});

describe("explain --text", () => {
  const explain = (...flags: string[]) => xformer(["explain", "--model", "run", ...flags], { cwd });

  it("walks through a sentence", async () => {
    const { stdout, stderr, code } = await explain("--text", "--source", "a b c", "--target", "a c");
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^ {2}source +a b c\n {2}target +a c\n/);
    expect(stdout).toMatch(/^Step 3 is to write <\/s>.*\n {2}has read +<s> a c\n {2}candidates {2}/m);
  });

  it.each<[string, readonly string[], string]>([
    ["no sentence", ["--text"], "--text: there is no sentence. Give --source too."],
    [
      "a page",
      ["--text", "--source", "a", "-o", "a.html"],
      "--output: with --text there is no page. Leave it out.",
    ],
    [
      "a target of a page",
      ["--target", "a"],
      "--target: a page has the model's own translations. Give --text too, or leave it out.",
    ],
  ])("refuses %s", async (_, flags, message) => {
    expect(await explain(...flags)).toEqual({ stdout: "", stderr: `${message}\n`, code: 2 });
  });
});
