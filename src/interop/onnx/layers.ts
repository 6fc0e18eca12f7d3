import type { ModelConfig } from "../../model/config.ts";
import { floatsIn } from "../../model/parameters.ts";
import { fillSinusoids, Transformer } from "../../model/transformer.ts";
import { type Checkpoint, tensorIn } from "../../training/checkpointFormat.ts";
import { ELEMENTS, type Graph, type Value } from "./graph.ts";

/** A score that no softmax leaves anything of. */
const MASKED = -1e9;
/** What PyTorch's LayerNorm and ours add to the variance. */
const EPSILON = 1e-5;

/** Keys and values of an attention: [B, H, S, D / H] each. */
export interface KeysValues {
  readonly keys: Value;
  readonly values: Value;
}

/** The activation of the feed-forward network, by kind; models of others are refused. */
const ACTIVATIONS: Partial<Record<ModelConfig["activation"], (graph: Graph, x: Value) => Value>> = {
  relu: (graph, x) => graph.node("Relu", [x]),
  /** x (1 + erf(x / sqrt 2)) / 2 */
  gelu: (graph, x) => {
    const scaled = graph.node("Mul", [x, graph.constant({ float: Math.SQRT1_2 })]);
    const twice = graph.node("Add", [graph.node("Erf", [scaled]), graph.constant({ float: 1 })]);
    return graph.node("Mul", [graph.node("Mul", [x, twice]), graph.constant({ float: 0.5 })]);
  },
};

/**
 * The parts of the model of a checkpoint as nodes of a graph, in the order of the paper, as `src/model/layers.ts` has
 * them; but batches are padded here: x is [B, T, D], and masks say what is there. Weights have their names and shapes.
 */
export class OnnxLayers {
  readonly #graph: Graph;
  readonly #checkpoint: Checkpoint;
  readonly #parameters: Transformer["parameters"];
  readonly #positions: number;

  /** @param positions how many the table of sinusoids has */
  constructor(graph: Graph, checkpoint: Checkpoint, positions: number) {
    this.#graph = graph;
    this.#checkpoint = checkpoint;
    this.#parameters = new Transformer(checkpoint.model).parameters;
    this.#positions = positions;
  }

  /**
   * Embeddings and positions (Vaswani et al. 2017, sections 3.4 and 3.5).
   *
   * @param ids [B, T]
   * @param positions [T]
   * @returns [B, T, D]
   */
  embed(side: "source" | "target", ids: Value, positions: Value): Value {
    const graph = this.#graph;
    const { dModel } = this.#checkpoint.model;
    const rows = graph.node("Gather", [this.#table(side), ids]);
    const scaled = graph.node("Mul", [rows, graph.constant({ float: Math.sqrt(dModel) })]);
    return graph.node("Add", [scaled, this.#positionRows(side, positions)]);
  }

  /** The layers of the encoder: [B, S, D] to [B, S, D]. */
  encode(x: Value, mask: Value): Value {
    const { nEncoderLayers, norm } = this.#checkpoint.model;
    let state = x;
    for (let i = 0; i < nEncoderLayers; i++) {
      const name = `encoder.layers.${i}`;
      state = this.#around(`${name}.norm1`, state, (y) => {
        const { query, keys, values } = this.queryKeysValues(`${name}.self_attn`, y);
        return this.#attention(`${name}.self_attn`, query, { keys, values }, mask);
      });
      state = this.#around(`${name}.norm2`, state, (y) => this.#feedForward(name, y));
    }
    return norm === "pre" ? this.#layerNorm("encoder.norm", state) : state;
  }

  /**
   * The layers of the decoder: [B, T, D] to [B, T, D].
   *
   * @param self the keys and values that a layer's tokens see, from those of the newest
   * @param cross those of the encoder's output, by layer
   */
  decode(
    x: Value,
    masks: { readonly causal: Value; readonly source: Value },
    self: (layer: number, newest: KeysValues) => KeysValues,
    cross: readonly KeysValues[],
  ): Value {
    const { nDecoderLayers, norm } = this.#checkpoint.model;
    let state = x;
    for (let i = 0; i < nDecoderLayers; i++) {
      const name = `decoder.layers.${i}`;
      state = this.#around(`${name}.norm1`, state, (y) => {
        const { query, keys, values } = this.queryKeysValues(`${name}.self_attn`, y);
        return this.#attention(`${name}.self_attn`, query, self(i, { keys, values }), masks.causal);
      });
      state = this.#around(`${name}.norm2`, state, (y) => {
        const [query] = this.#project(`${name}.multihead_attn`, y, "query", 1);
        return this.#attention(`${name}.multihead_attn`, query!, cross[i]!, masks.source);
      });
      state = this.#around(`${name}.norm3`, state, (y) => this.#feedForward(name, y));
    }
    return norm === "pre" ? this.#layerNorm("decoder.norm", state) : state;
  }

  /** The logits of the tokens after: [B, T, D] to [B, T, V]. */
  logits(x: Value): Value {
    const { tie } = this.#checkpoint.model;
    const weight = tie === "none" ? this.#weight("output_projection.weight") : this.#table("target");
    return this.#linear(x, weight, this.#weight("output_projection.bias"));
  }

  /** What attention to the encoder's output [B, S, D] needs of it in a layer of the decoder. */
  memoryKeysValues(layer: number, memory: Value): KeysValues {
    const [keys, values] = this.#project(`decoder.layers.${layer}.multihead_attn`, memory, "keysValues", 2);
    return { keys: keys!, values: values! };
  }

  /** Queries, keys and values of x, a head each: [B, H, T, D / H]. */
  queryKeysValues(name: string, x: Value): KeysValues & { readonly query: Value } {
    const [query, keys, values] = this.#project(name, x, "all", 3);
    return { query: query!, keys: keys!, values: values! };
  }

  /** What is added to scores: 0 where a mask is 1, and where it is 0 so much less that nothing is left. */
  additive(mask: Value): Value {
    const graph = this.#graph;
    const missing = graph.node("Sub", [
      graph.constant({ float: 1 }),
      graph.node("Cast", [mask], { to: ELEMENTS.float }),
    ]);
    return graph.node("Mul", [missing, graph.constant({ float: MASKED })]);
  }

  /** Bands of x W^T + b, a head each; W is all of the projections, or those for queries or for keys and values. */
  #project(name: string, x: Value, part: "all" | "query" | "keysValues", bands: number): Value[] {
    const graph = this.#graph;
    const { dModel, nHeads } = this.#checkpoint.model;
    const first = part === "keysValues" ? dModel : 0;
    const rows = [first, first + bands * dModel] as const;
    const suffix = part === "all" ? "" : `.${part}`;
    const weight = this.#weight(`${name}.in_proj_weight`, suffix, rows);
    const projected = this.#linear(x, weight, this.#weight(`${name}.in_proj_bias`, suffix, rows));
    const parts = bands === 1 ? [projected] : graph.nodes("Split", [projected], { axis: -1 }, bands);
    const heads = graph.constant({ ints: [0, 0, nHeads, dModel / nHeads] });
    return parts.map((each) =>
      graph.node("Transpose", [graph.node("Reshape", [each, heads])], { perm: [0, 2, 1, 3] }),
    );
  }

  /** softmax(Q K^T / sqrt(D / H) + mask) V W_O (Vaswani et al. 2017, equation 1 and section 3.2.2). */
  #attention(name: string, query: Value, { keys, values }: KeysValues, mask: Value): Value {
    const graph = this.#graph;
    const { dModel, nHeads } = this.#checkpoint.model;
    const scale = graph.constant({ float: (dModel / nHeads) ** -0.5 });
    const turned = graph.node("Transpose", [keys], { perm: [0, 1, 3, 2] });
    const scores = graph.node("MatMul", [graph.node("Mul", [query, scale]), turned]); // [B, H, T, S]
    const weights = graph.node("Softmax", [graph.node("Add", [scores, mask])], { axis: -1 });
    const heads = graph.node("Transpose", [graph.node("MatMul", [weights, values])], { perm: [0, 2, 1, 3] });
    const joined = graph.node("Reshape", [heads, graph.constant({ ints: [0, 0, dModel] })]);
    return this.#linear(
      joined,
      this.#weight(`${name}.out_proj.weight`),
      this.#weight(`${name}.out_proj.bias`),
    );
  }

  #feedForward(name: string, x: Value): Value {
    const linear = (which: 1 | 2, y: Value): Value =>
      this.#linear(
        y,
        this.#weight(`${name}.linear${which}.weight`),
        this.#weight(`${name}.linear${which}.bias`),
      );
    return linear(2, ACTIVATIONS[this.#checkpoint.model.activation]!(this.#graph, linear(1, x)));
  }

  /** The residual connection and the normalisation around a sublayer (Vaswani et al. 2017, section 3.1). */
  #around(norm: string, x: Value, sublayer: (x: Value) => Value): Value {
    const graph = this.#graph;
    if (this.#checkpoint.model.norm === "pre")
      return graph.node("Add", [x, sublayer(this.#layerNorm(norm, x))]);
    return this.#layerNorm(norm, graph.node("Add", [x, sublayer(x)]));
  }

  #layerNorm(name: string, x: Value): Value {
    const inputs = [x, this.#weight(`${name}.weight`), this.#weight(`${name}.bias`)];
    return this.#graph.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: EPSILON } });
  }

  /** x W^T + b; W is turned once, when the graph is loaded. */
  #linear(x: Value, weight: Value, bias: Value): Value {
    const graph = this.#graph;
    const turned = graph.node("Transpose", [weight], { perm: [1, 0] });
    return graph.node("Add", [graph.node("MatMul", [x, turned]), bias]);
  }

  #table(side: "source" | "target"): Value {
    const isOwn = side === "target" || this.#checkpoint.model.tie !== "all";
    return this.#weight(`${isOwn ? side : "target"}_embedding.weight`);
  }

  /** The rows of the positions: [T, D]. */
  #positionRows(side: "source" | "target", positions: Value): Value {
    const graph = this.#graph;
    const { positions: kind, maxLength, dModel } = this.#checkpoint.model;
    if (kind === "learned") {
      // Later tokens share the last row.
      const known = graph.node("Min", [positions, graph.constant({ ints: maxLength })]);
      return graph.node("Gather", [this.#weight(`${side}_positions.weight`), known]);
    }
    const table = new Float32Array(this.#positions * dModel);
    fillSinusoids(table, dModel);
    return graph.node("Gather", [graph.weight("sinusoids", [this.#positions, dModel], table), positions]);
  }

  /** A tensor of the checkpoint, or some rows of it under its name and a suffix. */
  #weight(name: string, suffix = "", rows?: readonly [first: number, end: number]): Value {
    const [count, ...columns] = this.#parameters.get(name).shape;
    const data = tensorIn(this.#checkpoint, name, [count, ...columns]);
    const [first, end] = rows ?? [0, count];
    const width = floatsIn(columns);
    return this.#graph.weight(
      `${name}${suffix}`,
      [end - first, ...columns],
      data.subarray(first * width, end * width),
    );
  }
}
