import type { CorpusFiles } from "../corpusPlace.ts";
import { LengthRatios, type UsualRatio } from "./lengthRatio.ts";
import { countCharacters, countWords, Tally, type Unit } from "./lengths.ts";
import { type Row, readRows } from "./rows.ts";
import { mainScript, type Script, WITHOUT_SPACES } from "./scripts.ts";

/** What a side is measured in where there is no tokenizer. */
export type TextUnit = Exclude<Unit, "tokens">;

/** What is usual on one side of a corpus. */
export interface UsualSide {
  /** The script most of its lines are in; null when no line has letters. */
  readonly script: Script | null;
  /** Lines by their main script. */
  readonly scripts: Readonly<Partial<Record<Script, number>>>;
  /** Words, but characters where words have no spaces between them or most lines are a single word. */
  readonly unit: TextUnit;
}

/** What is usual in a corpus, to hold its rows against. */
export interface Survey {
  readonly source: UsualSide;
  readonly target: UsualSide;
  readonly ratio: UsualRatio;
  /** Whether most targets are copies of their sources. */
  readonly isCopied: boolean;
}

const UNITS: readonly TextUnit[] = ["words", "characters"];
const MEASURES = { words: countWords, characters: countCharacters } as const;

/** The length of a text. */
export function measure(text: string, unit: TextUnit): number {
  return MEASURES[unit](text);
}

/** The two sides of a row that a training could use. */
export interface RowPair {
  readonly source: string;
  readonly target: string;
}

/** A row as a pair; undefined when a side is missing or blank. */
export function pairOf({ source, target }: Row): RowPair | undefined {
  if (source === undefined || target === undefined) return undefined;
  if (source.text.trim() === "" || target.text.trim() === "") return undefined;
  return { source: source.text, target: target.text };
}

/**
 * Reads a corpus once, to learn what is usual in it.
 *
 * @param onRows told how many rows have come; what it throws ends the reading
 */
export async function surveyCorpus(
  files: CorpusFiles,
  onRows: (rows: number) => void = () => {},
): Promise<Survey> {
  const source = new SideSurvey();
  const target = new SideSurvey();
  // Which units count is known only at the end.
  const ratios = UNITS.flatMap((from) => UNITS.map((to) => ({ from, to, learned: new LengthRatios() })));
  let [pairs, copies] = [0, 0];
  for await (const rows of readRows(files)) {
    onRows(rows.length);
    for (const row of rows) {
      const pair = pairOf(row);
      if (pair === undefined) continue;
      pairs++;
      if (pair.source.trim() === pair.target.trim()) copies++;
      const sourceLengths = source.add(pair.source);
      const targetLengths = target.add(pair.target);
      for (const { from, to, learned } of ratios) learned.add(sourceLengths[from], targetLengths[to]);
    }
  }
  const usual = { source: source.usual, target: target.usual };
  const { learned } = ratios.find(({ from, to }) => from === usual.source.unit && to === usual.target.unit)!;
  return { ...usual, ratio: learned.usual, isCopied: 2 * copies > pairs };
}

class SideSurvey {
  readonly #scripts = new Map<Script, number>();
  readonly #words = new Tally();

  add(text: string): Record<TextUnit, number> {
    const script = mainScript(text);
    if (script !== undefined) this.#scripts.set(script, (this.#scripts.get(script) ?? 0) + 1);
    const words = countWords(text);
    this.#words.add(words);
    return { words, characters: countCharacters(text) };
  }

  get usual(): UsualSide {
    const scripts = [...this.#scripts].sort(([, a], [, b]) => b - a);
    const script = scripts[0]?.[0] ?? null;
    const spaced = (script === null || !WITHOUT_SPACES.has(script)) && this.#words.quantile(0.5) > 1;
    return { script, scripts: Object.fromEntries(scripts), unit: spaced ? "words" : "characters" };
  }
}
