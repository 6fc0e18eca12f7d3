import type { Tokenizer } from "../../text/tokenizer.ts";
import { type CorpusFiles, type Languages, locateCorpus } from "../corpusPlace.ts";
import { suspectCharacters } from "./characters.ts";
import type { FilterConfig } from "./filterConfig.ts";
import { type Example, type Finding, type FindingKind, Findings } from "./findings.ts";
import { cleanFiles, type FixedCorpus, type FixTarget, fixCorpus } from "./fix.ts";
import { isOutside, Judge } from "./judge.ts";
import type { UsualRatio } from "./lengthRatio.ts";
import { PairIndex, type Seen } from "./pairIndex.ts";
import { type Row, readRows, type Text } from "./rows.ts";
import { type SideReport, SideStatistics, type UnknownWords } from "./sideStatistics.ts";
import { pairOf, type RowPair, type Survey, surveyCorpus } from "./survey.ts";

/** What a corpus is for. */
type Part = "train" | "valid" | "test";

/** A corpus to check. */
export interface CorpusToCheck {
  /** A `.tsv` file or a prefix of two files, each possibly with `.gz`. */
  readonly path: string;
  readonly part: Part;
}

/** How to check corpora. */
export interface CheckOptions {
  readonly languages?: Languages | undefined;
  /** Examples of every kind of finding; 5 by default. */
  readonly limit?: number | undefined;
  /** The tokenizers of a model, or of one side: its lengths are then in tokens, and unknown ones are counted. */
  readonly tokenizers?: { readonly [S in Side]?: Tokenizer | undefined } | undefined;
  /** Finds the words that are counted as unknown; without it there is only their number. */
  readonly unknownWords?: UnknownWords | undefined;
  /** The most tokens of a side that the model takes. */
  readonly mostTokens?: number | undefined;
  /** Lengths that sides are expected to have; any by default. */
  readonly lengths?: Pick<FilterConfig, "minLength" | "maxLength"> | undefined;
  /** Writes training corpora without what is an error or filtered; nothing is written by default. */
  readonly fix?: (FixTarget & { readonly filter: FilterConfig }) | undefined;
  /** Told how many rows have been read, each twice; what it throws ends the check. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** What was found in a corpus. */
export interface CorpusReport {
  readonly path: string;
  readonly part: Part;
  readonly files: CorpusFiles;
  /** Lines of the table, or of the longer file; blank ones at the end do not count. */
  readonly rows: number;
  /** Rows that a training could use: two sides, neither blank. */
  readonly pairs: number;
  readonly source: SideReport;
  readonly target: SideReport;
  readonly lengthRatio: UsualRatio;
  readonly findings: readonly Finding[];
  /** The cleaned corpus, where one was written. */
  readonly fixed?: FixedCorpus;
}

/** What was found in corpora. */
export interface CheckReport {
  readonly corpora: readonly CorpusReport[];
  /** Different words or characters of all training corpora, of each up to 1,000; with a tokenizer the size of its vocabulary. */
  readonly vocabulary: Readonly<Record<Side, number>>;
  /** Findings that stop a training. */
  readonly errors: number;
  /** Findings that do not. */
  readonly warnings: number;
}

const SIDES = ["source", "target"] as const;
type Side = (typeof SIDES)[number];

/**
 * Looks for what is wrong with corpora, line by line, and goes on whatever it meets. Each is read twice, first
 * to learn what is usual in it; every corpus is also held against those before it. Only a few rows are in
 * memory at a time, and 32 to 64 bytes for each pair: the hashes that duplicates are found by.
 *
 * @throws XformerError USAGE, IO or DATA when a corpus is not there or cannot be read at all
 */
export async function checkCorpora(
  corpora: readonly CorpusToCheck[],
  options: CheckOptions = {},
): Promise<CheckReport> {
  const found = corpora.map((corpus) => ({
    ...corpus,
    files: locateCorpus(corpus.path, options.languages).files,
  }));
  const { fix } = options;
  const clean = found.map(({ path, part, files }) =>
    fix === undefined || part !== "train" ? undefined : cleanFiles(path, files, fix),
  );
  const index = new PairIndex();
  let done = 0;
  const tell = (rows: number): void => {
    done += rows;
    options.onRows?.(done);
  };
  const reports: CorpusReport[] = [];
  const different = { source: new Set<string>(), target: new Set<string>() };
  for (const [i, { path, part, files }] of found.entries()) {
    index.startCorpus();
    const upToHere = found.slice(0, i + 1).map((corpus) => corpus.files.source);
    const survey = await surveyCorpus(files, tell);
    const check = new CorpusCheck(upToHere, files, survey, index, options);
    for await (const rows of readRows(files)) {
      for (const row of rows) check.add(row);
      tell(rows.length);
    }
    if (part === "train")
      for (const side of SIDES) for (const token of check.different(side)) different[side].add(token);
    const fixed =
      clean[i] === undefined ? {} : { fixed: await fixCorpus(files, survey, fix!.filter, clean[i]) };
    reports.push({ path, part, files, ...check.finish(), ...fixed });
  }
  const count = (severity: Finding["severity"]): number =>
    reports
      .flatMap(({ findings }) => findings)
      .reduce((sum, f) => sum + (f.severity === severity ? f.count : 0), 0);
  const { tokenizers = {} } = options;
  const vocabulary = {
    source: tokenizers.source?.vocabulary.size ?? different.source.size,
    target: tokenizers.target?.vocabulary.size ?? different.target.size,
  };
  return { corpora: reports, vocabulary, errors: count("error"), warnings: count("warning") };
}

/** Judges the rows of one corpus. */
class CorpusCheck {
  readonly #files: CorpusFiles;
  readonly #survey: Survey;
  readonly #judge: Judge;
  readonly #lengths: NonNullable<CheckOptions["lengths"]>;
  readonly #mostTokens: number;
  readonly #index: PairIndex;
  readonly #corpora: readonly string[];
  readonly #findings: Findings;
  readonly #statistics: Readonly<Record<Side, SideStatistics>>;
  #rows = 0;
  #pairs = 0;

  /** @param corpora the source files of the corpora up to this one */
  constructor(
    corpora: readonly string[],
    files: CorpusFiles,
    survey: Survey,
    index: PairIndex,
    { limit = 5, tokenizers, unknownWords, lengths, mostTokens }: CheckOptions,
  ) {
    this.#files = files;
    this.#survey = survey;
    this.#judge = new Judge(survey);
    this.#lengths = lengths ?? { minLength: null, maxLength: null };
    this.#mostTokens = mostTokens ?? Number.POSITIVE_INFINITY;
    this.#index = index;
    this.#corpora = corpora;
    this.#findings = new Findings(limit);
    const statistics = (side: Side) => new SideStatistics(survey[side], tokenizers?.[side], unknownWords);
    this.#statistics = { source: statistics("source"), target: statistics("target") };
  }

  add(row: Row): void {
    this.#rows++;
    this.#checkForm(row);
    const tokens = SIDES.map((side) => {
      const text = row[side];
      return text === undefined ? 0 : this.#checkText(side, text, row.line);
    });
    const pair = pairOf(row);
    if (pair === undefined) return;
    this.#pairs++;
    if (Math.max(...tokens) > this.#mostTokens) {
      const said = `${tokens.join(" to ")} tokens, more than ${this.#mostTokens}`;
      this.#report("too-long", "source", row.line, said, `${pair.source} | ${pair.target}`);
    }
    this.#checkLengths(pair, row.line);
    if (this.#judge.isIdentical(pair))
      this.#report("identical", "source", row.line, "both sides are the same", pair.source);
    this.#checkSeen(pair, row.line);
  }

  finish(): Omit<CorpusReport, "path" | "part" | "files"> {
    if (this.#pairs === 0) this.#report("no-pairs", "source", undefined, "no pair of sentences");
    return {
      rows: this.#rows,
      pairs: this.#pairs,
      source: this.#statistics.source.report,
      target: this.#statistics.target.report,
      lengthRatio: this.#survey.ratio,
      findings: this.#findings.all,
    };
  }

  /** Words or characters of a side, as far as they are counted; none with a tokenizer. */
  different(side: Side): ReadonlySet<string> {
    return this.#statistics[side].different;
  }

  /** What `loadCorpus` refuses. */
  #checkForm({ line, columns, source, target }: Row): void {
    if (columns !== undefined) {
      this.#report(
        "columns",
        "source",
        line,
        `${columns} ${columns === 1 ? "column" : "columns"} instead of 2`,
      );
      return;
    }
    for (const [side, text, other] of [
      ["source", source, target],
      ["target", target, source],
    ] as const) {
      if (text === undefined)
        this.#report("uneven", side, line, "no such line, but the other file has it", other?.text);
      else if (text.text.trim() === "")
        this.#report("empty", side, line, `the ${side} is empty`, other?.text);
    }
  }

  /** @returns the tokens of the text, where they are counted */
  #checkText(side: Side, { text, isUtf8 }: Text, line: number): number {
    // Both sides of a table are one line, which is reported once.
    const isCounted = side === "source" || this.#files.source !== this.#files.target;
    if (!isUtf8 && isCounted) this.#report("encoding", side, line, "invalid UTF-8", text);
    if (text.includes("\0")) this.#report("encoding", side, line, `a NUL byte in the ${side}`, text);
    if (text.trim() === "") return 0;
    const tokens = this.#statistics[side].add(text);
    const characters = isUtf8 ? suspectCharacters(text.replaceAll("\0", "")) : [];
    if (characters.length > 0)
      this.#report("characters", side, line, `${side}: ${characters.join(", ")}`, text);
    const script = this.#judge.strangeScript(side, text);
    if (script !== undefined) {
      const { script: usual } = this.#survey[side];
      this.#report("script", side, line, `the ${side} is ${script}, not ${usual}`, text);
    }
    return tokens;
  }

  #checkLengths(pair: RowPair, line: number): void {
    const { source, target } = pair;
    const units = { source: this.#survey.source.unit, target: this.#survey.target.unit };
    const lengths = this.#judge.lengths(pair);
    const said = SIDES.map(
      (side) => `${lengths[side]} ${lengths[side] === 1 ? units[side].slice(0, -1) : units[side]}`,
    );
    const example = [said.join(" to "), `${source} | ${target}`] as const;
    if (isOutside(lengths, this.#lengths)) this.#report("length", "source", line, ...example);
    if (this.#judge.isUnlike(pair)) this.#report("length-ratio", "source", line, ...example);
  }

  #checkSeen({ source, target }: RowPair, line: number): void {
    const { samePair, sameSource } = this.#index.add(source, target, line);
    const seen = samePair ?? sameSource;
    if (seen === undefined) return;
    const isHere = seen.corpus === this.#corpora.length - 1;
    const kinds: readonly FindingKind[] = isHere
      ? ["duplicate", "other-target"]
      : ["seen-pair", "seen-source"];
    const kind = kinds[samePair === undefined ? 1 : 0]!;
    this.#report(kind, "source", line, `as ${this.#place(seen, isHere)}`, source);
  }

  #place({ corpus, line }: Seen, isHere: boolean): string {
    return isHere ? `line ${line}` : `${this.#corpora[corpus]}:${line}`;
  }

  #report(kind: FindingKind, side: Side, line: number | undefined, detail: string, text?: string): void {
    const example: Example = {
      file: this.#files[side],
      detail,
      ...(line === undefined ? {} : { line }),
      ...(text === undefined ? {} : { text }),
    };
    this.#findings.add(kind, example);
  }
}
