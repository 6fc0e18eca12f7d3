import { XformerError } from "../errors.ts";
import type { CorpusFiles } from "./corpusPlace.ts";

/** Two sentences that mean the same, and where they stand. */
export interface SentencePair {
  readonly source: string;
  readonly target: string;
  /** One-based line number, the same in both files. */
  readonly line: number;
  /** What columns behind the two have, of a table that may have such. */
  readonly further?: readonly string[];
}

/**
 * Makes pairs of the rows of a `.tsv` as they come. Blank rows at the end are no pairs, so the error of one is
 * held back until another row shows that it was not at the end.
 */
export class ColumnPairing {
  readonly #file: string;
  readonly #hasFurther: boolean;
  #line = 0;
  #blank: XformerError | undefined;

  /** @param hasFurther whether rows may have more columns */
  constructor(file: string, hasFurther = false) {
    this.#file = file;
    this.#hasFurther = hasFurther;
  }

  /**
   * Takes in the next rows.
   *
   * @throws XformerError DATA with file and line for a row that is not two columns with text in both, and perhaps more
   */
  take(rows: readonly string[]): SentencePair[] {
    const pairs: SentencePair[] = [];
    for (const row of rows) {
      this.#line++;
      if (isBlank(row)) {
        this.#blank ??= this.#fault(row);
        continue;
      }
      const fault = this.#blank ?? this.#fault(row);
      if (fault !== undefined) throw fault;
      const [source = "", target = "", ...further] = row.split("\t");
      const pair = { source, target, line: this.#line };
      pairs.push(this.#hasFurther ? { ...pair, further } : pair);
    }
    return pairs;
  }

  #fault(row: string): XformerError | undefined {
    const place = { file: this.#file, line: this.#line };
    const columns = row === "" ? [] : row.split("\t");
    if (this.#hasFurther ? columns.length < 2 : columns.length !== 2) {
      const expected = this.#hasFurther ? "2 or more" : "2";
      return new XformerError("DATA", `expected ${expected} tab-separated columns, found ${columns.length}`, {
        ...place,
        hint: "Separate source and target with one tab.",
      });
    }
    const blank = columns.slice(0, 2).findIndex(isBlank);
    if (blank === -1) return undefined;
    return new XformerError("DATA", `the ${["source", "target"][blank]} is empty`, {
      ...place,
      hint: "Fill it in or remove the line.",
    });
  }
}

/**
 * Makes pairs of the lines of two files as they come. A blank line ends the corpus only where the other side
 * has ended too or is blank as well. When the files differ in length, that is the error told, whatever else is
 * wrong: the blank line in the middle is then most likely the one too many.
 */
export class SidePairing {
  readonly #files: CorpusFiles;
  #sourceLines = 0;
  #targetLines = 0;
  /** The last line with text on either side. */
  #lastLine = 0;
  /** The first line without text on one side or both. */
  #blank: XformerError | undefined;
  /** The same, once text has followed it or stands beside it. */
  #fault: XformerError | undefined;

  constructor(files: CorpusFiles) {
    this.#files = files;
  }

  /**
   * Takes in the next line of each side; undefined for a side that has ended.
   *
   * @returns the pair, or undefined when the line is none
   */
  take(source: string | undefined, target: string | undefined): SentencePair | undefined {
    const line = Math.max(this.#sourceLines, this.#targetLines) + 1;
    if (source !== undefined) this.#sourceLines++;
    if (target !== undefined) this.#targetLines++;
    const [noSource, noTarget] = [isBlank(source ?? ""), isBlank(target ?? "")];
    if (!noSource || !noTarget) this.#lastLine = line;
    if (source === undefined || target === undefined) return undefined;
    if (noSource) this.#blank ??= this.#emptyLine(this.#files.source, this.#files.target, line);
    else if (noTarget) this.#blank ??= this.#emptyLine(this.#files.target, this.#files.source, line);
    if (noSource && noTarget) return undefined;
    this.#fault ??= this.#blank;
    return this.#fault === undefined ? { source, target, line } : undefined;
  }

  /**
   * Both files have ended.
   *
   * @throws XformerError DATA with the line counts when they differ, or with the line that has no text
   */
  end(): void {
    const { source, target } = this.#files;
    const sourceLines = Math.min(this.#sourceLines, this.#lastLine);
    const targetLines = Math.min(this.#targetLines, this.#lastLine);
    if (sourceLines !== targetLines) {
      const problem = `${linesCount(sourceLines)}, but ${target} has ${linesCount(targetLines)}`;
      const hint = "Give every line its translation on the same line of the other file.";
      throw new XformerError("DATA", problem, { file: source, hint });
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  #emptyLine(file: string, otherFile: string, line: number): XformerError {
    const hint = `Fill it in, or remove this line here and in ${otherFile}.`;
    return new XformerError("DATA", "the line is empty", { file, line, hint });
  }
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

function linesCount(lines: number): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}
