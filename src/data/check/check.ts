import type { Tokenizer } from "../../text/tokenizer.ts";
import { type CorpusFiles, type Languages, locateCorpus } from "../corpusPlace.ts";
import { suspectCharacters } from "./characters.ts";
import { type Example, type Finding, type FindingKind, Findings } from "./findings.ts";
import { isLengthOutlier, type UsualRatio } from "./lengthRatio.ts";
import { PairIndex, type Seen } from "./pairIndex.ts";
import { type Row, readRows, type Text } from "./rows.ts";
import { isOutOfPlace, mainScript } from "./scripts.ts";
import { type SideReport, SideStatistics, type UnknownWords } from "./sideStatistics.ts";
import { measure, pairOf, type RowPair, type Survey, surveyCorpus } from "./survey.ts";

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
  /** The tokenizers of a model: lengths are then in tokens, and unknown ones are counted. */
  readonly tokenizers?: { readonly source: Tokenizer; readonly target: Tokenizer } | undefined;
  /** Finds the words that are counted as unknown; without it there is only their number. */
  readonly unknownWords?: UnknownWords | undefined;
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
}

/** What was found in corpora. */
export interface CheckReport {
  readonly corpora: readonly CorpusReport[];
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
  const index = new PairIndex();
  let done = 0;
  const tell = (rows: number): void => {
    done += rows;
    options.onRows?.(done);
  };
  const reports: CorpusReport[] = [];
  for (const [i, { path, part, files }] of found.entries()) {
    index.startCorpus();
    const upToHere = found.slice(0, i + 1).map((corpus) => corpus.files.source);
    const check = new CorpusCheck(upToHere, files, await surveyCorpus(files, tell), index, options);
    for await (const rows of readRows(files)) {
      for (const row of rows) check.add(row);
      tell(rows.length);
    }
    reports.push({ path, part, files, ...check.finish() });
  }
  const count = (severity: Finding["severity"]): number =>
    reports
      .flatMap(({ findings }) => findings)
      .reduce((sum, f) => sum + (f.severity === severity ? f.count : 0), 0);
  return { corpora: reports, errors: count("error"), warnings: count("warning") };
}

/** Judges the rows of one corpus. */
class CorpusCheck {
  readonly #files: CorpusFiles;
  readonly #survey: Survey;
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
    { limit = 5, tokenizers, unknownWords }: CheckOptions,
  ) {
    this.#files = files;
    this.#survey = survey;
    this.#index = index;
    this.#corpora = corpora;
    this.#findings = new Findings(limit);
    const statistics = (side: Side) => new SideStatistics(survey[side], tokenizers?.[side], unknownWords);
    this.#statistics = { source: statistics("source"), target: statistics("target") };
  }

  add(row: Row): void {
    this.#rows++;
    this.#checkForm(row);
    for (const side of SIDES) {
      const text = row[side];
      if (text !== undefined) this.#checkText(side, text, row.line);
    }
    const pair = pairOf(row);
    if (pair === undefined) return;
    this.#pairs++;
    this.#checkLengths(pair, row.line);
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

  #checkText(side: Side, { text, isUtf8 }: Text, line: number): void {
    // Both sides of a table are one line, which is reported once.
    const isCounted = side === "source" || this.#files.source !== this.#files.target;
    if (!isUtf8 && isCounted) this.#report("encoding", side, line, "invalid UTF-8", text);
    if (text.includes("\0")) this.#report("encoding", side, line, `a NUL byte in the ${side}`, text);
    if (text.trim() === "") return;
    this.#statistics[side].add(text);
    const characters = isUtf8 ? suspectCharacters(text.replaceAll("\0", "")) : [];
    if (characters.length > 0)
      this.#report("characters", side, line, `${side}: ${characters.join(", ")}`, text);
    const { script: usual } = this.#survey[side];
    const script = mainScript(text);
    if (script !== undefined && usual !== null && isOutOfPlace(script, usual)) {
      this.#report("script", side, line, `the ${side} is ${script}, not ${usual}`, text);
    }
  }

  #checkLengths({ source, target }: RowPair, line: number): void {
    const units = { source: this.#survey.source.unit, target: this.#survey.target.unit };
    const lengths = { source: measure(source, units.source), target: measure(target, units.target) };
    if (!isLengthOutlier(lengths.source, lengths.target, this.#survey.ratio, units.target)) return;
    const said = SIDES.map(
      (side) => `${lengths[side]} ${lengths[side] === 1 ? units[side].slice(0, -1) : units[side]}`,
    );
    this.#report("length-ratio", "source", line, said.join(" to "), `${source} | ${target}`);
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
