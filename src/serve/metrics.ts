/** Labels of a series, in their order. */
type Labels = Readonly<Record<string, string>>;

/** A metric: what it is called, what it counts, and its lines. */
interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  lines(): string[];
}

/** Adds up what happens, a sum for each combination of labels. */
export interface Counter {
  add(amount: number, labels?: Labels): void;
}

/** Counts values by the bounds that they do not exceed. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/**
 * What a server counts, as Prometheus reads it.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/ version 0.0.4
 */
export class Metrics {
  static readonly CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
  readonly #metrics: Metric[] = [];

  counter(name: string, help: string): Counter {
    const sums = new Map<string, number>();
    const lines = (): string[] => [...sums].map(([labels, sum]) => `${name}${labels} ${sum}`);
    this.#metrics.push({ name, type: "counter", help, lines });
    return {
      add: (amount, labels = {}) => {
        const key = written(labels);
        sums.set(key, (sums.get(key) ?? 0) + amount);
      },
    };
  }

  /** A value that is asked for whenever somebody looks. */
  value(
    name: string,
    type: "gauge" | "counter",
    help: string,
    read: () => number,
    labels: Labels = {},
  ): void {
    const lines = (): string[] => [`${name}${written(labels)} ${read()}`];
    this.#metrics.push({ name, type, help, lines });
  }

  /** @param bounds rising; the last bucket has no bound */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    interface Series {
      readonly labels: Labels;
      /** Values up to each bound, and all of them. */
      readonly counts: number[];
      sum: number;
    }
    const all = new Map<string, Series>();
    const linesOf = ({ labels, counts, sum }: Series): string[] => [
      ...[...bounds, "+Inf"].map(
        (le, i) => `${name}_bucket${written({ ...labels, le: String(le) })} ${counts[i]}`,
      ),
      `${name}_sum${written(labels)} ${sum}`,
      `${name}_count${written(labels)} ${counts.at(-1)}`,
    ];
    this.#metrics.push({ name, type: "histogram", help, lines: () => [...all.values()].flatMap(linesOf) });
    return {
      observe: (value, labels = {}) => {
        const key = written(labels);
        const series = all.get(key) ?? { labels, counts: [...bounds.map(() => 0), 0], sum: 0 };
        all.set(key, series);
        series.sum += value;
        for (const [i, bound] of [...bounds, Number.POSITIVE_INFINITY].entries())
          if (value <= bound) series.counts[i]!++;
      },
    };
  }

  /** All of it as text. */
  render(): string {
    const parts = this.#metrics.map(({ name, type, help, lines }) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines()].join("\n"),
    );
    return `${parts.join("\n")}\n`;
  }
}

function written(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
