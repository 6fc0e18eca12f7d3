import type { Checkpoint } from "../../training/checkpointFormat.ts";
import { ELEMENTS, Graph, type Value } from "./graph.ts";
import { type KeysValues, OnnxLayers } from "./layers.ts";

// The names of inputs, outputs and axes are those that Optimum gives to encoder-decoder models, by which its own
// runtime and transformers.js find them.

/**
 * The encoder:
 *
 *     input_ids      int64 [batch_size, encoder_sequence_length], each source and END, padded by anything
 *     attention_mask int64 [batch_size, encoder_sequence_length], 0 where there is padding and else 1
 *     last_hidden_state float [batch_size, encoder_sequence_length, D]
 */
export function encoderGraph(checkpoint: Checkpoint, positions: number): Graph {
  const graph = new Graph("encoder");
  const layers = new OnnxLayers(graph, checkpoint, positions);
  const axes = ["batch_size", "encoder_sequence_length"];
  const ids = graph.input("input_ids", "int64", axes);
  const mask = graph.input("attention_mask", "int64", axes);
  const none = graph.constant({ ints: 0 });
  const x = layers.embed("source", ids, range(graph, none, lengthOf(graph, ids, 1)));
  const output = layers.encode(x, overHeads(graph, layers.additive(mask)));
  graph.output("last_hidden_state", output, "float", [...axes, checkpoint.model.dModel]);
  return graph;
}

/**
 * The decoder, with the keys and values of the tokens before as its cache; H heads, N layers:
 *
 *     input_ids              int64 [batch_size, decoder_sequence_length]: BEGIN and the target, or its newest tokens
 *     encoder_attention_mask int64 [batch_size, encoder_sequence_length]
 *     encoder_hidden_states  float [batch_size, encoder_sequence_length, D]
 *     past_key_values.n.{decoder,encoder}.{key,value} float [batch_size, H, ..., D / H], of N layers
 *     use_cache_branch       bool [1]: whether these are there; at first they are not, and may be of any length
 *     logits                 float [batch_size, decoder_sequence_length, V]
 *     present.n.{decoder,encoder}.{key,value}: what the next call needs
 */
export function decoderGraph(checkpoint: Checkpoint, positions: number): Graph {
  const { dModel, nHeads, nDecoderLayers, targetVocabSize } = checkpoint.model;
  const makeLayers = (graph: Graph): OnnxLayers => new OnnxLayers(graph, checkpoint, positions);
  const graph = new Graph("decoder");
  const layers = makeLayers(graph);
  const axes = ["batch_size", "decoder_sequence_length"];
  const ids = graph.input("input_ids", "int64", axes);
  const mask = graph.input("encoder_attention_mask", "int64", ["batch_size", "encoder_sequence_length"]);
  const memory = graph.input("encoder_hidden_states", "float", [
    "batch_size",
    "encoder_sequence_length",
    dModel,
  ]);
  const heads = (length: string) => ["batch_size", nHeads, length, dModel / nHeads];
  const numbers = Array.from({ length: nDecoderLayers }, (_, i) => i);
  const past = (which: string, length: string): KeysValues => ({
    keys: graph.input(`past_key_values.${which}.key`, "float", heads(length)),
    values: graph.input(`past_key_values.${which}.value`, "float", heads(length)),
  });
  const pasts = numbers.map((i) => ({
    tokens: past(`${i}.decoder`, "past_decoder_sequence_length"),
    memory: past(`${i}.encoder`, "encoder_sequence_length_out"),
  }));
  const isLater = graph.input("use_cache_branch", "bool", [1]);

  // How many tokens there are before; none in the first call, whatever has been given.
  const given = lengthOf(graph, pasts[0]!.tokens.keys, 2);
  const later = graph.node("Squeeze", [graph.node("Cast", [isLater], { to: ELEMENTS.int64 })]);
  const before = graph.node("Mul", [given, later]);
  const all = graph.node("Add", [before, lengthOf(graph, ids, 1)]);
  const places = range(graph, before, all);
  const x = layers.embed("target", ids, places);

  // A token sees those up to its own place.
  const known = range(graph, graph.constant({ ints: 0 }), all);
  const rows = graph.node("Unsqueeze", [places, graph.constant({ ints: [1] })]);
  const causal = layers.additive(graph.node("LessOrEqual", [known, rows])); // [T, all]
  const cross = memoryOf(
    graph,
    makeLayers,
    memory,
    isLater,
    pasts.map((each) => each.memory),
  );

  const tokens: KeysValues[] = [];
  const self = (layer: number, newest: KeysValues): KeysValues => {
    const joined = (which: keyof KeysValues): Value => {
      const old = firstRows(graph, pasts[layer]!.tokens[which], before);
      return graph.node("Concat", [old, newest[which]], { axis: 2 });
    };
    tokens.push({ keys: joined("keys"), values: joined("values") });
    return tokens.at(-1)!;
  };
  const masks = { causal, source: overHeads(graph, layers.additive(mask)) };
  const output = layers.decode(x, masks, self, cross);
  graph.output("logits", layers.logits(output), "float", [...axes, targetVocabSize]);
  for (const i of numbers) {
    for (const [which, { keys, values }, length] of [
      ["decoder", tokens[i]!, "past_decoder_sequence_length + decoder_sequence_length"],
      ["encoder", cross[i]!, "encoder_sequence_length_out"],
    ] as const) {
      graph.output(`present.${i}.${which}.key`, keys, "float", heads(length));
      graph.output(`present.${i}.${which}.value`, values, "float", heads(length));
    }
  }
  return graph;
}

/** The keys and values of the encoder's output, by layer: made in the first call, and those of the cache after that. */
function memoryOf(
  graph: Graph,
  makeLayers: (graph: Graph) => OnnxLayers,
  memory: Value,
  isLater: Value,
  past: readonly KeysValues[],
): KeysValues[] {
  const [kept, made] = [new Graph("kept"), new Graph("made")];
  const layers = makeLayers(made);
  for (const [layer, old] of past.entries()) {
    const fresh = layers.memoryKeysValues(layer, memory);
    for (const which of ["keys", "values"] as const) {
      kept.result(`kept.${layer}.${which}`, old[which]);
      made.result(`made.${layer}.${which}`, fresh[which]);
    }
  }
  const branches = { then_branch: kept, else_branch: made };
  const chosen = graph.nodes("If", [isLater], branches, 2 * past.length);
  return past.map((_, layer) => ({ keys: chosen[2 * layer]!, values: chosen[2 * layer + 1]! }));
}

/** The rows 0 to `count` of the tokens of a cache [B, H, tokens, D / H]. */
function firstRows(graph: Graph, cache: Value, count: Value): Value {
  const [zero, two] = [graph.constant({ ints: [0] }), graph.constant({ ints: [2] })];
  return graph.node("Slice", [cache, zero, graph.node("Unsqueeze", [count, zero]), two]);
}

/** A mask of sources [B, S] for the scores of all heads and queries: [B, 1, 1, S]. */
function overHeads(graph: Graph, mask: Value): Value {
  return graph.node("Unsqueeze", [mask, graph.constant({ ints: [1, 2] })]);
}

/** The length of an axis, as a scalar. */
function lengthOf(graph: Graph, value: Value, axis: number): Value {
  return graph.node("Gather", [graph.node("Shape", [value]), graph.constant({ ints: axis })]);
}

/** The whole numbers from one to below another. */
function range(graph: Graph, from: Value, to: Value): Value {
  return graph.node("Range", [from, to, graph.constant({ ints: 1 })]);
}
