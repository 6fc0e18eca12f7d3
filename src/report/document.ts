/** How a text stands out: in bold, in grey, or because what it says is good, doubtful or bad. */
export type Tone = "strong" | "dim" | "good" | "warning" | "bad";

/** A text, and how it stands out. */
export type Span = string | { readonly text: string; readonly tone: Tone };

/** A part of a line, and how much it matters; those that matter least go first where there is no room. */
export type Part = readonly [text: string, rank: number];

/** How many sides have a length in some range. */
export interface Bar {
  readonly label: string;
  readonly count: number;
}

/** Bars under a title. */
export interface Histogram {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** Numbers from 0 to 1 with names for their rows and columns. */
export interface HeatMap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [rows, columns], row by row; there may be more columns in `stride` than are named. NaN is where nothing can be. */
  readonly values: ArrayLike<number>;
  readonly stride: number;
}

/** What a report is made of, from top to bottom; how it looks is for those who show it. */
export type Block =
  | { readonly kind: "heading"; readonly text: string }
  /** Spans side by side. */
  | { readonly kind: "line"; readonly spans: readonly Span[] }
  /** Something to be typed at the prompt of a shell. */
  | { readonly kind: "command"; readonly text: string }
  /** Long texts, each under its label; one without a label belongs to that of the row before. */
  | { readonly kind: "facts"; readonly rows: readonly (readonly [label: string, text: Span])[] }
  /** Columns that line up; those in `right`, from 0, are flush right. */
  | { readonly kind: "table"; readonly rows: readonly (readonly Span[])[]; readonly right: readonly number[] }
  | { readonly kind: "histograms"; readonly sides: readonly Histogram[] }
  | { readonly kind: "heatMap"; readonly map: HeatMap }
  /** Texts and what has become of them, as much of both as there is room for. */
  | { readonly kind: "pairs"; readonly rows: readonly { readonly left: string; readonly right: Span }[] }
  /** A line of somebody's text with where it stands and what is said of it. */
  | { readonly kind: "quote"; readonly place: string; readonly remark: string; readonly text: string }
  /** Blank space between two parts. */
  | { readonly kind: "gap" };

/** A line. */
export function line(...spans: readonly Span[]): Block {
  return { kind: "line", spans };
}

/** A table. */
export function table(rows: readonly (readonly Span[])[], right: readonly number[] = []): Block {
  return { kind: "table", rows, right };
}

/** Parts of a report one below the other, with space between them; what is empty is left out. */
export function apart(...parts: readonly (readonly Block[])[]): Block[] {
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, i): Block[] => (i === 0 ? [...part] : [{ kind: "gap" }, ...part]));
}

/** A text that stands out. */
export function toned(tone: Tone, text: string): Span {
  return { text, tone };
}
