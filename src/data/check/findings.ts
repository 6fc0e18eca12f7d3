/** What can be wrong with a row. */
export type FindingKind = keyof typeof SEVERITIES;

/** An error stops a training, a warning does not. */
type Severity = "error" | "warning";

const SEVERITIES = {
  "no-pairs": "error",
  columns: "error",
  uneven: "error",
  empty: "error",
  encoding: "error",
  duplicate: "warning",
  "other-target": "warning",
  "seen-pair": "warning",
  "seen-source": "warning",
  length: "warning",
  "too-long": "warning",
  "length-ratio": "warning",
  identical: "warning",
  script: "warning",
  characters: "warning",
} as const satisfies Record<string, Severity>;

/** A row where something was found. */
export interface Example {
  readonly file: string;
  /** One-based; undefined where the whole corpus is meant. */
  readonly line?: number;
  /** What is wrong with it, in a few words. */
  readonly detail: string;
  /** The text that is meant, cut where it is long. */
  readonly text?: string;
}

/** One kind of thing that was found, with the first rows where it was. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** Rows, or sides of rows where only one is meant. */
  readonly count: number;
  readonly examples: readonly Example[];
}

/** Longer texts are cut in examples, in code units. */
const LONGEST_TEXT = 200;

/** Gathers findings; of every kind it keeps the first few and counts the rest. */
export class Findings {
  readonly #limit: number;
  readonly #found = new Map<FindingKind, { count: number; readonly examples: Example[] }>();

  /** @param limit examples of a kind */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(kind: FindingKind, example: Example): void {
    const found = this.#found.get(kind) ?? { count: 0, examples: [] };
    this.#found.set(kind, found);
    found.count++;
    if (found.examples.length < this.#limit) found.examples.push(shortened(example));
  }

  /** Errors before warnings, in the order of {@link FindingKind}. */
  get all(): Finding[] {
    return (Object.keys(SEVERITIES) as FindingKind[]).flatMap((kind) => {
      const found = this.#found.get(kind);
      return found === undefined ? [] : [{ kind, severity: SEVERITIES[kind], ...found }];
    });
  }
}

function shortened(example: Example): Example {
  const { text } = example;
  if (text === undefined || text.length <= LONGEST_TEXT) return example;
  return { ...example, text: `${text.slice(0, LONGEST_TEXT).replace(/[\ud800-\udbff]$/, "")}...` };
}
