import type { ChalkInstance } from "chalk";
import { revealed } from "../../data/check/characters.ts";
import type { CheckReport, CorpusReport } from "../../data/check/check.ts";
import type { Example, Finding, FindingKind } from "../../data/check/findings.ts";
import type { SideReport } from "../../data/check/sideStatistics.ts";
import { histograms } from "./checkHistogram.ts";
import { clip } from "./clip.ts";
import { count, counted, percent, printable } from "./format.ts";
import { type Cell, table } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Where a text is shown. */
export interface Canvas {
  /** In columns. */
  readonly width: number;
  /** The character that bars are made of. */
  readonly bar: string;
}

const TITLES: Readonly<Record<FindingKind, string>> = {
  "no-pairs": "nothing to train on",
  columns: "not two columns",
  uneven: "a line that only one file has",
  empty: "an empty side",
  encoding: "not text in UTF-8",
  duplicate: "the same pair again",
  "other-target": "the same source again with another target",
  "seen-pair": "a pair that is in a corpus before this one",
  "seen-source": "a source that is in a corpus before this one, with another target",
  "length-ratio": "sides of unlike length",
  script: "another script than on the other lines",
  characters: "invisible or lost characters",
};

const PARTS = { train: "to train on", valid: "to validate on", test: "held out" } as const;

/** What was found in corpora, for people. */
export function checkText(
  { corpora, errors, warnings }: CheckReport,
  canvas: Canvas,
  colours: ChalkInstance,
): string {
  const summary =
    errors > 0
      ? colours.red(`Training would stop: ${counted(errors, "error")}, ${counted(warnings, "warning")}.`)
      : warnings > 0
        ? colours.yellow(`No errors, ${counted(warnings, "warning")}.`)
        : colours.green("Nothing is wrong.");
  return [...corpora.map((corpus) => corpusText(corpus, canvas, colours)), `${summary}\n`].join("\n");
}

function corpusText(corpus: CorpusReport, canvas: Canvas, colours: ChalkInstance): string {
  const { path, part, pairs, source, target } = corpus;
  return [
    `${colours.bold(printable(path))}  ${counted(pairs, "pair")} ${PARTS[part]}\n`,
    facts(corpus, canvas.width, colours),
    ...(pairs === 0
      ? []
      : [
          "\n",
          histograms(
            [
              ["source", source],
              ["target", target],
            ],
            canvas.width,
            canvas.bar,
          ),
        ]),
    ...corpus.findings.map((finding) => findingText(finding, canvas.width, colours)),
  ].join("");
}

function facts(
  { source, target, lengthRatio, pairs }: CorpusReport,
  width: number,
  colours: ChalkInstance,
): string {
  if (pairs === 0) return "";
  const { median, factor } = lengthRatio;
  const rows: [label: string, text: string][] = [
    ["source", sideFacts(source)],
    ["target", sideFacts(target)],
    ["ratio", `target to source usually ${median.toFixed(2)}; unlike beyond ${factor.toFixed(1)} times that`],
    ...unknownFacts("source", source),
    ...unknownFacts("target", target),
  ];
  const lines = rows.flatMap(([label, text]) =>
    wrap(text, width - "unknown".length - 4).map((line, i): Cell[] => [
      i === 0 ? { text: label, shown: colours.dim(label) } : "",
      line,
    ]),
  );
  return table(lines);
}

function sideFacts({ script, unit, lengths, total }: SideReport): string {
  const { least, most, median, mean } = lengths;
  return `${script ?? "no letters"}, ${count(least)} to ${count(most)} ${unit}, median ${count(median)}, mean ${mean.toFixed(1)}, ${count(total)} in all`;
}

function unknownFacts(name: string, { unknown, total }: SideReport): [label: string, text: string][] {
  if (unknown === null) return [];
  const share = `${count(unknown.tokens)} of ${count(total)} ${name} tokens (${percent(100 * unknown.rate, 2)})`;
  const words = unknown.words.map(({ word, lines }) => `${printable(word)} (${count(lines)})`);
  return [["unknown", words.length === 0 ? share : `${share}: ${words.join(", ")}`]];
}

function findingText(
  { kind, severity, count: found, examples }: Finding,
  width: number,
  colours: ChalkInstance,
): string {
  const colour = severity === "error" ? colours.red : colours.yellow;
  const heading = `${colour(severity)}  ${TITLES[kind]}: ${colours.bold(count(found))}\n`;
  const rest = found - examples.length;
  const more = rest > 0 && examples.length > 0 ? colours.dim(`  and ${count(rest)} more\n`) : "";
  return `\n${heading}${examples.map((example) => exampleText(example, width, colours)).join("")}${more}`;
}

function exampleText({ file, line, detail, text }: Example, width: number, colours: ChalkInstance): string {
  const place = printable(line === undefined ? file : `${file}:${line}`);
  const head = `  ${place}  ${colours.dim(detail)}`;
  const room = width - `  ${place}  ${detail}`.length - 2;
  if (text === undefined || text === "") return `${head}\n`;
  const shown = revealed(text);
  // Where little of the text would be seen, it has a line of its own.
  return room >= 30 ? `${head}  ${clip(shown, room)}\n` : `${head}\n    ${clip(shown, width - 4)}\n`;
}
