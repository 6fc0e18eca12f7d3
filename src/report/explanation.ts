import { attentionOf, type HeadsByLayer, type SublayerTrace } from "../decoding/pairTrace.ts";
import type { SentenceTrace, SideTrace, TracedToken } from "../decoding/sentenceTrace.ts";
import type { ModelConfig } from "../model/config.ts";
import { apart, type Block, line, type Span, table, toned } from "./document.ts";
import { count, counted, percent, scientific } from "./format.ts";

/** Tokens that a step names of those it looks at. */
const MOST_LOOKED_AT = 3;
/** What is looked at less than this is not named, unless it is what is looked at most. */
const LEAST_LOOKED_AT = 0.02;

/** The walk through a model with one sentence, in the order of figure 1 of the paper. */
export function explanationDocument(trace: SentenceTrace, model: ModelConfig): Block[] {
  const { source, target, steps, attention } = trace;
  const { nEncoderLayers, nDecoderLayers } = model;
  const read = source.tokens;
  const written = steps.map((step) => step.written);
  return apart(
    introduction(trace, model),
    part(
      "The source becomes vectors",
      `Each token is its row of the embedding table times the square root of the width, ${Math.sqrt(model.dModel).toFixed(1)}, plus the encoding of its position (Vaswani et al. 2017, sections 3.4 and 3.5). Three lengths of vectors:`,
      [vectors(source)],
    ),
    ...trace.encoder.map((sublayers, layer) =>
      part(
        `Encoder, layer ${layer + 1} of ${nEncoderLayers}`,
        layer === 0
          ? `Every token looks at every token. Lengths of the vectors that come in, and of what each sublayer adds, in percent of what it adds to (section 3.1); then the token that each head looks at most.`
          : "",
        [
          norms(read, sublayers),
          { kind: "gap" },
          headsTable(read, read, attention.encoder[layer]!, "looks from"),
        ],
      ),
    ),
    part(
      trace.isOwn ? "The target so far becomes vectors" : "The target becomes vectors",
      `The decoder reads ${target.tokens[0]!.text} and then, one by one, the tokens that it has written.`,
      [vectors(target)],
    ),
    ...trace.decoder.map((sublayers, layer) =>
      part(
        `Decoder, layer ${layer + 1} of ${nDecoderLayers}`,
        layer === 0
          ? "Every token looks at itself and at those before it, then at the source. The token that each head looks at most, first in the target, then in the source:"
          : "",
        [
          norms(target.tokens, sublayers),
          { kind: "gap" },
          headsTable(target.tokens, target.tokens, attention.decoder[layer]!, "self, from"),
          { kind: "gap" },
          headsTable(target.tokens, read, attention.cross[layer]!, "cross, from"),
        ],
      ),
    ),
    part(
      "Decoding, step by step",
      "What the last vector says comes next: softmax over the vocabulary (section 3.4). What it has looked at is that of the last layer, the mean of its heads.",
      apart(...written.map((_, t) => step(trace, t))),
    ),
    ending(trace),
  );
}

function introduction({ source, text, isOwn }: SentenceTrace, model: ModelConfig): Block[] {
  const { nEncoderLayers, nDecoderLayers, dModel, nHeads, dFF, sourceVocabSize, targetVocabSize } = model;
  const words = source.tokens.slice(0, -1).map((token) => token.text);
  return [
    {
      kind: "facts",
      rows: [
        ["source", words.join(" ")],
        [isOwn ? "translation" : "target", toned("strong", text)],
        ["model", `${nEncoderLayers} encoder and ${counted(nDecoderLayers, "decoder layer")}`],
        ["", `width ${dModel}, ${counted(nHeads, "head")} of ${dModel / nHeads}, feed-forward ${dFF}`],
        ["", `${count(sourceVocabSize)} source tokens, ${count(targetVocabSize)} target tokens`],
      ],
    },
  ];
}

function part(title: string, about: string, blocks: readonly Block[]): Block[] {
  return [
    { kind: "heading", text: title },
    ...(about === "" ? [] : [line(toned("dim", about))]),
    { kind: "gap" },
    ...blocks,
  ];
}

function vectors({ tokens, embedding, position, sum }: SideTrace): Block {
  const length = (norm: number): string => norm.toFixed(2);
  return table(
    [
      ["token", "place", "id", "embedding", "position", "sum"].map((title) => toned("dim", title)),
      ...tokens.map((token, i) => [
        nameOf(token),
        String(i),
        String(token.id),
        ...[embedding, position, sum].map((norms) => length(norms[i]!)),
      ]),
    ],
    [1, 2, 3, 4, 5],
  );
}

/** A token; of one that is not known, that it is read as another. */
function nameOf({ text, token, isUnknown }: TracedToken): Span {
  return isUnknown && text !== token ? toned("warning", `${text} (${token})`) : text;
}

function norms(tokens: readonly TracedToken[], sublayers: readonly SublayerTrace[]): Block {
  const added = ({ state, added }: SublayerTrace, i: number): string =>
    `${added[i]!.toFixed(2)} (${percent((100 * added[i]!) / Math.max(state[i]!, Number.MIN_VALUE), 0)})`;
  return table(
    [
      ["token", "comes in", ...sublayers.map(({ name }) => `${name} adds`)].map((title) =>
        toned("dim", title),
      ),
      ...tokens.map((token, i) => [
        token.text,
        sublayers[0]!.state[i]!.toFixed(2),
        ...sublayers.map((sublayer) => added(sublayer, i)),
      ]),
    ],
    sublayers.map((_, i) => i + 1).concat(sublayers.length + 1),
  );
}

/** What each head looks at most from each token. */
function headsTable(
  from: readonly TracedToken[],
  at: readonly TracedToken[],
  heads: HeadsByLayer[number],
  title: string,
): Block {
  return table(
    [
      [title, ...heads.map((_, head) => `head ${head + 1}`)].map((text) => toned("dim", text)),
      ...from.map((token, row) => [
        token.text,
        ...heads.map(({ columns, values }) => {
          const weights = values.subarray(row * columns, (row + 1) * columns);
          return lookedAt(weights, at, 1)[0]!;
        }),
      ]),
    ],
    heads.map((_, head) => head + 1),
  );
}

/** The tokens that weights are highest for, with these. */
function lookedAt(weights: Float32Array, tokens: readonly TracedToken[], most: number): string[] {
  return Array.from(weights, (weight, i) => ({ weight, text: tokens[i]!.text }))
    .sort((a, b) => b.weight - a.weight)
    .filter(({ weight }, rank) => rank === 0 || weight >= LEAST_LOOKED_AT)
    .slice(0, most)
    .map(({ weight, text }) => `${text} ${percent(100 * weight, 0)}`);
}

function step(trace: SentenceTrace, t: number): Block[] {
  const { steps, target, source, isOwn } = trace;
  const { written, candidates } = steps[t]!;
  const before = target.tokens.slice(0, t + 1).map((token) => token.text);
  const isChosen = candidates[0]!.id === written.id;
  const verb = isOwn ? "writes" : "is to write";
  const look = (kind: "cross" | "decoder", tokens: readonly TracedToken[]): string => {
    const { columns, values } = attentionOf(trace, {
      kind,
      layer: trace.attention[kind].length - 1,
      head: "mean",
    });
    const weights = values.subarray(t * columns, (t + 1) * columns);
    return lookedAt(weights, tokens, MOST_LOOKED_AT).join(", ");
  };
  const chances = candidates.map(({ text, probability }) => `${text} ${percent(100 * probability)}`);
  return [
    line(
      toned("strong", `Step ${t + 1}`),
      ` ${verb} `,
      toned(isChosen ? "good" : "warning", written.text),
      isChosen ? "" : ` (${percent(100 * written.probability)})`,
    ),
    {
      kind: "facts",
      rows: [
        ["has read", before.join(" ")],
        ["candidates", chances.join(", ")],
        ["looks at", `in the source ${look("cross", source.tokens)}`],
        ["", `in the target ${look("decoder", target.tokens)}`],
      ],
    },
  ];
}

function ending({ steps, text, ended, isOwn }: SentenceTrace): Block[] {
  const all = steps.reduce((product, { written }) => product * written.probability, 1);
  const likely = all < 1e-4 ? scientific(all) : percent(100 * all, 2);
  const cut = ended ? "" : " Its limit cuts it short: the end is not its own.";
  return [
    line(
      isOwn ? "The translation: " : "The target: ",
      toned("strong", text),
      ` All its steps together have a probability of ${likely}.${cut}`,
    ),
  ];
}
