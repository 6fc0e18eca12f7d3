import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { CorpusHash } from "../../src/data/corpus.ts";
import { createRandom } from "../../src/random.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { tokenizerFromJSON } from "../../src/text/tokenizerKinds.ts";
import { DEFAULT_TOKENIZER, type TokenizerConfig } from "../../src/training/config.ts";
import {
  cacheBeside,
  type PreparationPhase,
  type PrepareOptions,
  prepareCorpus,
} from "../../src/training/prepare.ts";
import { oneLineAsync } from "../io/oneLine.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";

const root = temporaryDirectory();
const CHARACTERS: TokenizerConfig = { ...DEFAULT_TOKENIZER, kind: "char" };

type Pairs = readonly (readonly [source: string, target: string])[];

/** Writes pairs into a directory of their own, where their cache goes too. */
function optionsFor(
  pairs: Pairs,
  changes: Partial<PrepareOptions> = {},
): PrepareOptions & { readonly path: string } {
  const path = join(mkdtempSync(join(root, "case-")), "train.tsv");
  writePairs(path, pairs);
  const usual = { languages: {}, tokenizer: CHARACTERS, tied: false, maxLength: 100 };
  const corpora = [{ path, languages: changes.languages ?? {} }];
  return { ...usual, path, corpora, cacheDirectory: join(path, "..", ".cache"), ...changes };
}

function writePairs(path: string, pairs: Pairs): void {
  writeFileSync(path, pairs.map((pair) => `${pair.join("\t")}\n`).join(""));
}

/** Puts another file in its place: who reads the old one reads it to its end. */
function replacePairs(path: string, pairs: Pairs): void {
  writePairs(`${path}.new`, pairs);
  renameSync(`${path}.new`, path);
}

/** Prepares and closes; what came out, and which phases it went through. */
async function prepare(options: PrepareOptions) {
  const phases = new Set<PreparationPhase>();
  const onProgress = (_: number, phase: PreparationPhase) => phases.add(phase);
  const { corpus, tokenizers, name, files } = await prepareCorpus({ onProgress, ...options });
  const { file, pairs, statistics, fingerprint, key } = corpus;
  const read = corpus.read(Array.from({ length: pairs }, (_, i) => i));
  corpus.close();
  return { tokenizers, name, files, file, statistics, fingerprint, key, read, phases: [...phases] };
}

function learned(...pairs: Pairs) {
  return {
    learn: async (tokenizer: Partial<TokenizerConfig>, changes: Partial<PrepareOptions> = {}) =>
      (await prepare(optionsFor(pairs, { tokenizer: { ...CHARACTERS, ...tokenizer }, ...changes })))
        .tokenizers,
  };
}

describe("the tokenizers of a prepared corpus", () => {
  it("are learned each from its own side", async () => {
    const { source, target } = await learned(["ab", "xy"], ["a", "z"]).learn({});
    expect(source.vocabulary.tokens.slice(3)).toEqual(["a", "b"]);
    expect(target.vocabulary.tokens.slice(3)).toEqual(["x", "y", "z"]);
  });

  it("are one, learned from both sides, when asked for or when the embeddings are one", async () => {
    for (const [joint, tied] of [
      [true, false],
      [true, true],
      [null, true],
    ] as const) {
      const { source, target } = await learned(["ab", "by"]).learn({ joint }, { tied });
      expect(source).toBe(target);
      expect(source.vocabulary.tokens.slice(3)).toEqual(["b", "a", "y"]);
    }
  });

  it("know the language of their side, by which words are told apart", async () => {
    const text = learned(["我们学习。", "We learn."], ["We learn.", "我们学习。"]);
    const languages = { source: "zh", target: "en" };
    const { source, target } = await text.learn({ kind: "word" }, { languages });
    expect(source.decode(source.encode("我们学习。"))).toBe("我们学习。");
    expect(target.decode(target.encode("We learn."))).toBe("We learn.");
    expect(JSON.stringify(source)).not.toBe(JSON.stringify(target));
  });

  it("keep to the limits", async () => {
    const text = learned(["aabbc", "XXy"], ["a", "x"]);
    const rare = await text.learn({ minFrequency: 2, lowercase: true });
    expect(rare.source.vocabulary.tokens.slice(3)).toEqual(["a", "b"]);
    expect(rare.target.vocabulary.tokens.slice(3)).toEqual(["x"]);
    const few = await text.learn({ vocabularySize: 4 });
    expect(few.source.vocabulary.tokens.slice(3)).toEqual(["a"]);
    expect(await oneLineAsync(() => text.learn({ vocabularySize: 3 }))).toBe(
      "the vocabulary size is 3. Give a whole number from 4: 3 entries are special tokens.",
    );
  });

  it("are those of a file, or those given, and nothing is learned", async () => {
    const text = learned(["ab", "xy"]);
    const given = await learned(["pq", "rs"]).learn({ joint: true });
    const file = join(root, "tokenizer.json");
    writeFileSync(file, JSON.stringify(given.source));
    const { source, target } = await text.learn({ file });
    expect(source).toBe(target);
    expect(source.vocabulary.tokens).toEqual(given.source.vocabulary.tokens);
    expect(await text.learn({}, { tokenizers: given })).toEqual(given);
  });

  it("cannot be separate where there is to be one", async () => {
    const text = learned(["ab", "xy"]);
    expect(await oneLineAsync(() => text.learn({ joint: false }, { tied: true }))).toBe(
      "the vocabularies are to be separate, but tied embeddings take one vocabulary. Leave out --separate-vocabularies.",
    );
    expect(await oneLineAsync(() => text.learn({ joint: false, file: "t.json" }))).toBe(
      "the vocabularies are to be separate, but t.json gives both sides one vocabulary. Leave out --separate-vocabularies.",
    );
  });

  it("leave out merges of byte-pair encoding only", async () => {
    expect(await oneLineAsync(() => learned(["ab", "xy"]).learn({ bpeDropout: 0.1 }))).toBe(
      "bpeDropout is 0.1, but the tokens are chars. Leave it out, or choose --tokenizer bpe.",
    );
    const target = { ...CHARACTERS.target, kind: "bpe", bpeDropout: 0.1 } as const;
    await expect(learned(["ab", "xy"]).learn({ target })).resolves.toBeDefined();
    const source = { ...CHARACTERS.source, bpeDropout: 0.1 };
    expect(await oneLineAsync(() => learned(["ab", "xy"]).learn({ source, target }))).toBe(
      "bpeDropout is 0.1, but the tokens of the source are chars. Leave it out, or choose --source-tokenizer bpe.",
    );
  });

  it("may be of another kind on each side, with limits of their own", async () => {
    const text = learned(["Baab", "B A A B"], ["cb", "C B"]);
    const target = { ...CHARACTERS.target, kind: "word", minFrequency: 2 } as const;
    const made = await text.learn({ lowercase: true, target: { ...target, lowercase: false } });
    expect([made.source.kind, made.target.kind]).toEqual(["char", "word"]);
    expect(made.source.vocabulary.tokens.slice(3)).toEqual(["b", "a", "c"]);
    expect(made.target.vocabulary.tokens.slice(3)).toEqual(["B", "A"]);
    expect([made.source.lowercase, made.target.lowercase]).toEqual([true, false]);
  });

  it("are one for bpe only where both sides have the same", async () => {
    const bpe = { kind: "bpe", vocabularySize: 300 } as const;
    const text = learned(["ab", "xy"]);
    const alike = await text.learn({ source: { ...CHARACTERS.source, ...bpe, bpeDropout: 0.1 }, ...bpe });
    expect(alike.source).toBe(alike.target);
    const source = { ...CHARACTERS.source, vocabularySize: 280 };
    const unlike = await text.learn({ ...bpe, source });
    expect(unlike.source).not.toBe(unlike.target);
    expect(await oneLineAsync(() => text.learn({ ...bpe, source, joint: true }))).toBe(
      "there is to be one vocabulary, but the tokenizers of the sides are not alike. Leave out --joint-vocabulary.",
    );
    expect(await oneLineAsync(() => text.learn({ ...bpe, source }, { tied: true }))).toBe(
      "tied embeddings take one vocabulary, but the tokenizers of the sides are not alike. Leave out --tie all, or give both the same.",
    );
  });

  it("may come from a file on one side, and be learned on the other", async () => {
    const text = learned(["ab", "xy"]);
    const file = join(root, "side.json");
    writeFileSync(file, JSON.stringify((await learned(["pq", "rs"]).learn({})).source));
    const made = await text.learn({ source: { ...CHARACTERS.source, file } });
    expect(made.source.vocabulary.tokens.slice(3)).toEqual(["p", "q"]);
    expect(made.target.vocabulary.tokens.slice(3)).toEqual(["x", "y"]);
    const target = { ...CHARACTERS.target, kind: "word" } as const;
    const kind = await text.learn({ file, target });
    expect([kind.source.vocabulary.size, kind.target.kind]).toEqual([5, "word"]);
  });

  it("come from a file that is one", async () => {
    const text = learned(["ab", "xy"]);
    const missing = join(root, "missing.json");
    expect(await oneLineAsync(() => text.learn({ file: missing }))).toBe(
      `${missing}: no such file or directory. Check the path.`,
    );
    const broken = join(root, "broken.json");
    writeFileSync(broken, "{");
    expect(await oneLineAsync(() => text.learn({ file: broken }))).toBe(
      `${broken}: this is neither JSON nor a SentencePiece model. Name a tokenizer.json, as \`xformer tokenizer learn\` writes it, or a SentencePiece model.`,
    );
    writeFileSync(broken, "{}");
    expect(await oneLineAsync(() => text.learn({ file: broken }))).toMatch(/^.*broken\.json: /);
  });
});

describe("prepareCorpus", () => {
  const pairs: Pairs = [
    ["a?b", "x"],
    ["abca", "x"],
    ["c", "xy?!"],
    ["c", "xyz"],
    ["abc", "?yz"],
  ];

  it("encodes the pairs, leaves out those with a side that is too long, and counts", async () => {
    const tokenizers = await learned(["abc", "xyz"]).learn({});
    const prepared = await prepare(optionsFor(pairs, { tokenizers, maxLength: 3 }));
    expect(prepared.read).toEqual([
      { source: Int32Array.of(3, 0, 4), target: Int32Array.of(3), index: 0 },
      { source: Int32Array.of(5), target: Int32Array.of(3, 4, 5), index: 1 },
      { source: Int32Array.of(3, 4, 5), target: Int32Array.of(0, 4, 5), index: 2 },
    ]);
    expect(prepared.statistics).toEqual({
      skipped: 2,
      ...{ sourceTokens: 7, targetTokens: 7, unknownSource: 1, unknownTarget: 1 },
      ...{ longestSource: 3, longestTarget: 3, mostSentences: 2 },
    });
    const all = await prepare(optionsFor(pairs, { tokenizers, maxLength: 4 }));
    expect(all.statistics).toMatchObject({ skipped: 0, longestSource: 4, longestTarget: 4 });
  });

  it("takes the fingerprint of all pairs, those left out included", async () => {
    const hash = new CorpusHash();
    for (const [source, target] of pairs) hash.add(source, target);
    expect((await prepare(optionsFor(pairs, { maxLength: 3 }))).fingerprint).toBe(hash.digest());
  });

  it("names the corpus and its files", async () => {
    const options = optionsFor(pairs);
    const { name, files, file } = await prepare(options);
    expect(files).toEqual({ source: options.path, target: options.path });
    expect(name).toMatch(/^case-/);
    expect(file).toMatch(/\.cache[/\\]case-\w+-[0-9a-f]{16}\.pairs$/);
    expect(cacheBeside(join("runs", "zh-en-1"))).toBe(join("runs", ".cache"));
  });

  it("tells how far it is", async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => [`source ${i}`, `target ${i}`] as const);
    const told: [number, PreparationPhase][] = [];
    await prepare(optionsFor(many, { onProgress: (...progress) => told.push(progress) }));
    for (const phase of ["reading", "encoding"] as const) {
      const done = told.filter(([, of]) => of === phase).map(([count]) => count);
      expect(done.length).toBeGreaterThan(1);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(done.at(-1)).toBe(30_000);
    }
  });

  it("refuses a corpus of which nothing is left, and leaves nothing behind", async () => {
    const options = optionsFor(
      [
        ["abc", "x"],
        ["a", "xyz"],
      ],
      { maxLength: 2 },
    );
    expect(await oneLineAsync(() => prepareCorpus(options))).toBe(
      `${options.path}: every pair has a side of more than 2 tokens. Raise --max-length.`,
    );
    expect(readdirSync(options.cacheDirectory)).toEqual([]);
  });

  it("ends with the signal's reason when aborted, and leaves nothing behind", async () => {
    const abort = new AbortController();
    const options = optionsFor(pairs, {
      signal: abort.signal,
      onProgress: (_, phase) => phase === "encoding" && abort.abort(new Error("stopped")),
    });
    await expect(prepareCorpus(options).then(() => prepareCorpus(options))).rejects.toThrow("stopped");
    expect(readdirSync(options.cacheDirectory).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const before = optionsFor(pairs, { signal: AbortSignal.abort(new Error("stopped before")) });
    await expect(prepareCorpus(before)).rejects.toThrow("stopped before");
  });

  it("notices a text that changes between its two readings", async () => {
    const options = optionsFor(pairs);
    const changing = {
      ...options,
      onProgress: (_: number, phase: PreparationPhase) =>
        phase === "reading" && replacePairs(options.path, [["c", "z"], ...pairs]),
    };
    expect(await oneLineAsync(() => prepareCorpus(changing))).toBe(
      `${options.path}: the text changed while it was read. Begin again when it is complete.`,
    );
    expect(readdirSync(options.cacheDirectory)).toEqual([]);
  });

  it("tells where the cache cannot be", async () => {
    const options = optionsFor(pairs);
    writeFileSync(options.cacheDirectory, "a file");
    expect(await oneLineAsync(() => prepareCorpus(options))).toMatch(/\.cache: it exists already\./);
  });
});

describe("the cache", () => {
  const pairs: Pairs = [
    ["ab", "xy"],
    ["b", "yz"],
  ];

  it("is used when nothing changed, and by a packed copy of the text too", async () => {
    const options = optionsFor(pairs);
    const first = await prepare(options);
    expect(first.phases).toEqual(["reading", "encoding"]);
    const second = await prepare(options);
    expect(second).toEqual({ ...first, phases: ["reading"] });
    const path = `${options.path}.gz`;
    writeFileSync(path, gzipSync(readFileSync(options.path)));
    const packed = await prepare({ ...options, corpora: [{ path, languages: {} }] });
    expect(packed).toEqual({ ...second, files: { source: path, target: path } });
    const reread = (tokenizer: Tokenizer) => tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
    const { source, target } = first.tokenizers;
    const resumed = await prepare({
      ...options,
      tokenizers: { source: reread(source), target: reread(target) },
    });
    expect(resumed).toMatchObject({ key: first.key, phases: ["reading"] });
  });

  it("is made anew when text, tokenizers or the greatest length change", async () => {
    const options = optionsFor(pairs);
    const first = await prepare(options);
    const changed = [
      await prepare({ ...options, maxLength: 99 }),
      await prepare({ ...options, tokenizer: { ...CHARACTERS, kind: "word" } }),
      await prepare({ ...options, tokenizer: { ...CHARACTERS, joint: true } }),
    ];
    writePairs(options.path, [...pairs].reverse());
    changed.push(await prepare({ ...options, tokenizers: first.tokenizers }));
    for (const { phases } of changed) expect(phases).toEqual(["reading", "encoding"]);
    expect(new Set([first, ...changed].map(({ key }) => key)).size).toBe(5);
    expect(changed.at(-1)!.read.map(({ source }) => source)).toEqual(
      first.read.map(({ source }) => source).reverse(),
    );
  });

  it("is made anew when damaged, or when its name is another's", async () => {
    const options = optionsFor(pairs);
    const first = await prepare(options);
    const good = readFileSync(first.file);
    const flipped = Buffer.from(good);
    flipped[3]! ^= 1;
    const other = await prepare({ ...options, maxLength: 99 });
    const damages = [
      () => truncateSync(first.file, statSync(first.file).size - 1),
      () => writeFileSync(first.file, flipped),
      () => writeFileSync(first.file, ""),
      () => writeFileSync(first.file, readFileSync(other.file)),
    ];
    for (const damage of damages) {
      damage();
      expect(await prepare(options)).toEqual(first);
      expect(readFileSync(first.file)).toEqual(good);
    }
  });

  it("is made anew with a note, whatever was changed in it: 100 mutations, none unnoticed", async () => {
    const options = optionsFor(pairs);
    const first = await prepare(options);
    const good = readFileSync(first.file);
    const random = createRandom(13);
    for (let mutation = 0; mutation < 100; mutation++) {
      const bad = Buffer.from(good);
      for (let changes = 1 + random.below(3); changes > 0; changes--)
        bad[random.below(bad.length)]! ^= 1 + random.below(255);
      if (bad.equals(good)) bad[random.below(bad.length)]! ^= 1;
      writeFileSync(first.file, mutation % 10 === 0 ? bad.subarray(0, random.below(bad.length)) : bad);
      const notes: string[] = [];
      expect(await prepare({ ...options, onNote: (note) => notes.push(note) })).toEqual(first);
      expect(notes).toEqual([
        `${first.file}: this is not an encoded corpus of this version, or it is damaged; it is made anew.`,
      ]);
      expect(readFileSync(first.file)).toEqual(good);
    }
  });

  it("makes its directory, however deep", async () => {
    const options = optionsFor(pairs);
    const cacheDirectory = join(options.path, "..", "a", "b", ".cache");
    await prepare({ ...options, cacheDirectory });
    expect(readdirSync(cacheDirectory)).toHaveLength(1);
  });

  it("is rid of what a killed process left an hour ago, and of nothing else", async () => {
    const options = optionsFor(pairs);
    mkdirSync(options.cacheDirectory);
    const anHourAgo = Date.now() / 1000 - 3601;
    for (const name of ["x-1.pairs.99.tmp", "y.pairs.9.tmp", "y.pairs", "notes.9.tmp"]) {
      writeFileSync(join(options.cacheDirectory, name), "");
      if (!name.startsWith("y.pairs.")) utimesSync(join(options.cacheDirectory, name), anHourAgo, anHourAgo);
    }
    const { file } = await prepare(options);
    const left = ["notes.9.tmp", "y.pairs", "y.pairs.9.tmp", basename(file)];
    expect(readdirSync(options.cacheDirectory).sort()).toEqual(left.sort());
  });
});

describe("several corpora", () => {
  const [german, french]: readonly Pairs[] = [
    [
      ["ab", "xy"],
      ["abcdef", "x"],
      ["b", "y"],
    ],
    [["ab", "zz"]],
  ];
  const tokenizer = { ...CHARACTERS, target: { ...CHARACTERS.target, kind: "word" } } as const;

  function both(changes: Partial<PrepareOptions> = {}): PrepareOptions {
    const corpora = [german!, french!].map((pairs, i) => ({
      ...optionsFor(pairs).corpora[0]!,
      tag: ["<2de>", "<2fr>"][i]!,
      weight: [1, 2.5][i]!,
    }));
    return { ...optionsFor(german!), corpora, tokenizer, maxLength: 5, ...changes };
  }

  it("are encoded one behind the other, each source with its tag, and are counted each for itself", async () => {
    const options = both();
    const { read, tokenizers, statistics } = await prepare(options);
    expect(tokenizers.source.vocabulary.tokens.slice(3, 5)).toEqual(["<2de>", "<2fr>"]);
    expect(tokenizers.target.tags).toBe(undefined);
    expect(read.map(({ source }) => tokenizers.source.decode(source))).toEqual([
      "<2de> ab",
      "<2de> b",
      "<2fr> ab",
    ]);
    expect(statistics).toMatchObject({ skipped: 1, sourceTokens: 8, longestSource: 3 });
    expect(statistics.parts).toEqual([
      { pairs: 2, skipped: 1, sourceTokens: 5, targetTokens: 2 },
      { pairs: 1, skipped: 0, sourceTokens: 3, targetTokens: 1 },
    ]);
    expect((await prepare(options)).phases).toEqual(["reading"]);
  });

  it("hold out each their own", async () => {
    const many = (letter: string): Pairs => Array.from({ length: 300 }, (_, i) => [`${letter} ${i}`, `${i}`]);
    const corpora = ["a", "b"].map((letter, i) => ({
      ...optionsFor(many(letter)).corpora[0]!,
      holdOut: { valid: i === 0 ? 20 : 0.1, test: 0 },
      tag: i === 0 ? null : "<2b>",
    }));
    const prepared = await prepareCorpus({ ...optionsFor([["a", "b"]]), corpora, maxLength: 50 });
    prepared.corpus.close();
    const { valid, test } = prepared.heldOut;
    expect(test).toBe(null);
    const [a, b] = valid!.parts!;
    expect([a!.pairs, b!.name]).toEqual([20, `<2b> ${prepared.corpora[1]!.name}`]);
    expect(valid!.source.slice(0, 20).every((line) => line.startsWith("a "))).toBe(true);
    expect(valid!.source.slice(20).every((line) => line.startsWith("<2b> b "))).toBe(true);
    expect(valid!.source).toHaveLength(20 + b!.pairs);
  });

  it("need a tokenizer that knows their tags", async () => {
    const file = join(root, "untagged.json");
    writeFileSync(file, JSON.stringify((await learned(["ab", "xy"]).learn({})).source));
    const options = both({ tokenizer: { ...tokenizer, source: { ...tokenizer.source, file } } });
    expect(await oneLineAsync(() => prepareCorpus(options))).toBe(
      `${options.corpora[0]!.path}: the source's tokenizer does not know the tag <2de>. Learn one with \`xformer tokenizer learn --tag "<2de>"\`, or leave the file out.`,
    );
  });

  it("share a vocabulary of byte-pair encoding that knows their tags", async () => {
    const bpe = { ...DEFAULT_TOKENIZER, kind: "bpe", vocabularySize: 264 } as const;
    const { tokenizers, read } = await prepare(both({ tokenizer: bpe, maxLength: 9 }));
    expect(tokenizers.source).toBe(tokenizers.target);
    const text = read.map(({ source }) => tokenizers.source.decode(source));
    expect(text).toEqual(["<2de> ab", "<2de> abcdef", "<2de> b", "<2fr> ab"]);
    expect(read.map(({ source }) => source[0])).toEqual([3, 3, 3, 4]);
  });

  it("are another cache when pairs move from one to the other", async () => {
    const [a, b] = both().corpora.map((corpus) => ({ ...corpus, tag: null }));
    const options = both({ corpora: [a!, b!] });
    const first = await prepare(options);
    writePairs(a!.path, german!.slice(0, 2));
    writePairs(b!.path, [...german!.slice(2), ...french!]);
    const second = await prepare(options);
    expect([second.fingerprint, second.phases]).toEqual([first.fingerprint, ["reading", "encoding"]]);
    expect(second.key).not.toBe(first.key);
  });
});
