import { XformerError } from "../errors.ts";
import { bleuTokenizerFor, evaluate } from "../evaluation/evaluate.ts";
import { startModel } from "../loadedModel.ts";
import { Transformer } from "../model/transformer.ts";
import { type Block, line, table } from "../report/document.ts";
import { counted, percent } from "../report/format.ts";
import { type Checkpoint, tensorIn } from "../training/checkpointFormat.ts";
import { BEYOND_HALF, rounded } from "../web/half.ts";
import type { TestPairs } from "./runReport.ts";

/** Pairs on which the two are held against each other: a moment's work. */
const MOST_PAIRS = 200;

/**
 * A model whose weights are the half floats nearest to its own.
 *
 * @throws XformerError CHECKPOINT naming a tensor with numbers that are too large for them
 */
export function withHalfWeights(checkpoint: Checkpoint): Checkpoint {
  const { list } = new Transformer(checkpoint.model).parameters;
  const tensors = list.map(({ name, shape }) => {
    const tensor = { dtype: "F32" as const, shape, data: tensorIn(checkpoint, name, shape) };
    if (tensor.data.some((value) => Math.abs(value) >= BEYOND_HALF)) {
      throw new XformerError("CHECKPOINT", `tensor ${name} has numbers that are too large for half floats`, {
        file: checkpoint.file,
        hint: "Leave out --half.",
      });
    }
    return [name, { ...tensor, data: rounded(tensor.data) }] as const;
  });
  return { ...checkpoint, tensors: new Map(tensors) };
}

/**
 * What half floats do to a model's scores: on held-out pairs, or, where there are none, on one sentence and the
 * translation that the model itself gives it.
 */
export async function halfScoresDocument(
  whole: Checkpoint,
  half: Checkpoint,
  pairs: TestPairs | null,
  sentence: string,
): Promise<Block[]> {
  const [sources, references] =
    pairs === null ? [[sentence], [await translationOf(whole, sentence)]] : some(pairs);
  const measure = async (checkpoint: Checkpoint) => {
    const model = startModel(checkpoint).finish();
    try {
      return await evaluate(model.translator, sources, references, {
        bleuTokenizer: bleuTokenizerFor(checkpoint.targetLanguage),
        lowercase: checkpoint.targetTokenizer.lowercase,
      });
    } finally {
      await model.close();
    }
  };
  const [before, after] = [await measure(whole), await measure(half)];
  const differing = before.translations.filter(({ text }, i) => text !== after.translations[i]!.text).length;
  const row = (name: string, of: (evaluation: typeof before) => string): string[] => [
    name,
    of(before),
    of(after),
  ];
  const on =
    pairs === null
      ? `one sentence (no held-out pairs were found): ${sentence}`
      : `${counted(sources.length, "pair")} (${pairs.from})`;
  return [
    line(`Weights as half floats, on ${on}`),
    table(
      [
        ["", "32 bits", "16 bits"],
        row("BLEU", ({ bleu }) => bleu.score.toFixed(2)),
        row("exact match", ({ exactMatch }) => percent(exactMatch)),
        row("log-probability of a token", ({ loss }) => (-loss).toFixed(5)),
      ],
      [1, 2],
    ),
    line(
      `${differing} of ${counted(sources.length, "translation")} ${differing === 1 ? "differs" : "differ"}.`,
    ),
  ];
}

async function translationOf(checkpoint: Checkpoint, sentence: string): Promise<string> {
  const model = startModel(checkpoint).finish();
  try {
    return (await model.translator.translate([sentence]))[0]!.text;
  } finally {
    await model.close();
  }
}

/** Pairs spread evenly over all of them. */
function some({ source, target }: TestPairs): [sources: string[], references: string[]] {
  const count = Math.min(MOST_PAIRS, source.length);
  const indices = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * source.length) / count));
  return [indices.map((i) => source[i]!), indices.map((i) => target[i]!)];
}
