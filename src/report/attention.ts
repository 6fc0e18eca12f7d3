import { type AttentionChoice, attentionOf } from "../decoding/pairTrace.ts";
import type { SentenceTrace, TracedToken } from "../decoding/sentenceTrace.ts";
import { type Block, type HeatMap, line, toned } from "./document.ts";

/** What is looked at, by kind. */
const TITLES = {
  encoder: "self-attention of the encoder",
  decoder: "masked self-attention of the decoder",
  cross: "cross-attention",
} as const;

/** What rows and columns are, by kind. */
const AXES = {
  encoder: "a row a source token, a column a source token that it looks at",
  decoder: "a row a target token that is written, a column a token before it that is looked at",
  cross: "a row a target token that is written, a column a source token that is looked at",
} as const;

/** A choice in words: cross-attention, layer 2 of 2, the mean of 4 heads. */
export function attentionTitle({ attention }: SentenceTrace, { kind, layer, head }: AttentionChoice): string {
  const layers = attention[kind].length;
  const heads = attention[kind][0]!.length;
  const which = (part: string, chosen: number | "mean", count: number): string =>
    chosen === "mean" && count > 1
      ? `the mean of ${count} ${part}s`
      : `${part} ${chosen === "mean" ? 1 : chosen + 1} of ${count}`;
  return [TITLES[kind], which("layer", layer, layers), which("head", head, heads)].join(", ");
}

/** The attention that is asked for, with the tokens that it is between. */
export function attentionMap(trace: SentenceTrace, choice: AttentionChoice): HeatMap {
  const { rows, columns, values } = attentionOf(trace, choice);
  const texts = (tokens: readonly TracedToken[]): string[] => tokens.map(({ text }) => text);
  const source = texts(trace.source.tokens);
  const written = texts(trace.steps.map((step) => step.written));
  const cells = Float32Array.from(values);
  // A state of the decoder cannot see what comes after it, which is more than seeing nothing of it.
  if (choice.kind === "decoder")
    for (let row = 0; row < rows; row++) cells.fill(Number.NaN, row * columns + row + 1, (row + 1) * columns);
  return {
    rows: choice.kind === "encoder" ? source : written,
    columns: choice.kind === "decoder" ? texts(trace.target.tokens) : source,
    values: cells,
    stride: columns,
  };
}

/** The attention that is asked for, for people. */
export function attentionDocument(trace: SentenceTrace, choice: AttentionChoice): Block[] {
  return [
    line(toned("strong", attentionTitle(trace, choice))),
    line(toned("dim", AXES[choice.kind])),
    { kind: "gap" },
    { kind: "heatMap", map: attentionMap(trace, choice) },
  ];
}

/** All attention of a trace for programs: `attention.cross[layer][head][row][column]`, with the tokens of both sides. */
export function attentionJson(trace: SentenceTrace, model: string): object {
  const { source, target, steps, attention, text, isOwn, ended } = trace;
  const tokens = (side: readonly TracedToken[]): object[] =>
    side.map(({ id, token, text, isUnknown }) => ({ id, token, text, unknown: isUnknown }));
  const matrices = (layers: SentenceTrace["attention"]["cross"]): number[][][][] =>
    layers.map((heads) =>
      heads.map(({ rows, columns, values }) =>
        Array.from({ length: rows }, (_, row) =>
          Array.from(values.subarray(row * columns, (row + 1) * columns), rounded),
        ),
      ),
    );
  return {
    model,
    source: tokens(source.tokens),
    read: tokens(target.tokens),
    written: tokens(steps.map((step) => step.written)),
    translation: text,
    own: isOwn,
    ended,
    attention: {
      encoder: matrices(attention.encoder),
      decoder: matrices(attention.decoder),
      cross: matrices(attention.cross),
    },
  };
}

/** As many digits as a 32-bit float has. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}
