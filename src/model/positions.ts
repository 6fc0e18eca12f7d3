import type { Pointer } from "../kernels/kernels.ts";
import type { Computation } from "../tensor/computation.ts";
import { rotary } from "../tensor/operations/rotary.ts";
import { bucketBias, linearBias, relationBias } from "../tensor/operations/scoreBias.ts";
import type { HeadColumns, ScoreBias, ScoreLayout } from "../tensor/operations/scores.ts";
import type { Parameter, Ragged, Tensor } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Scope } from "./parameters.ts";

/** What positions do in a self-attention. */
export interface AttentionPositions {
  /** Turns queries and keys, the first `heads` heads of a projection, by their positions; uses the projection up. */
  rotate?(run: Computation, projection: Tensor, sentences: Ragged, heads: number): Tensor;
  /**
   * What is added to scores.
   *
   * @param scale what the sum of both is multiplied by afterwards
   */
  bias?(run: Computation, layout: ScoreLayout, q: HeadColumns, scale: number): ScoreBias;
}

/** The positions of a stack: what they do in each of its self-attentions, whose parameters may be its own. */
export type StackPositions = (attention: Scope) => AttentionPositions;

/** How far apart two tokens may be and still have a vector of their own (Shaw et al. 2018, section 4.1). */
const REACH = 16;
/** Buckets of distances, and the distance from which on all are in the last (Raffel et al. 2020). */
const BUCKETS = 32;
const FARTHEST = 128;

/**
 * What positions do in the self-attentions of a stack, by kind; those that are added to embeddings do nothing there. In
 * cross-attention there are none: source and target have no distance.
 *
 * @param isMasked whether a token sees only itself and those before it
 */
const KINDS: Partial<
  Record<ModelConfig["positions"], (stack: Scope, config: ModelConfig, isMasked: boolean) => StackPositions>
> = {
  /** Queries meet keys at an angle that grows with their distance (Su et al. 2021). */
  rotary: (_, { dModel, nHeads }) => {
    const dHead = dModel / nHeads;
    const tableFor = rotaryTable(dHead);
    const rotate: AttentionPositions["rotate"] = (run, projection, sentences, heads) =>
      rotary(run, projection, sentences, tableFor(run, sentences), { heads, dHead });
    return () => ({ rotate });
  },
  /** A penalty that grows with the distance, in each head at its own rate (Press et al. 2022). */
  alibi: (_, { nHeads }) => {
    const slopes = Array.from({ length: nHeads }, (_, head) => 2 ** ((-8 * (head + 1)) / nHeads));
    return () => ({
      bias: (run, layout, _, scale) =>
        linearBias(
          run,
          layout,
          slopes.map((slope) => slope / scale),
        ),
    });
  },
  /** A vector for each distance, up to {@link REACH}, in each layer (Shaw et al. 2018). */
  relative: (_, { dModel, nHeads }) => {
    return (attention) => {
      const table = attention.table("relative_keys.weight", 2 * REACH + 1, dModel / nHeads);
      return { bias: (run, layout, q) => relationBias(run, layout, q, table) };
    };
  },
  /** A number for each bucket of distances and each head, the same in all layers of a stack (Raffel et al. 2020). */
  t5: (stack, { nHeads }, isMasked) => {
    const table: Parameter = stack.table("relative_attention_bias.weight", BUCKETS, nHeads);
    const bucketOf = (distance: number): number => bucketOfDistance(distance, isMasked);
    return () => ({
      bias: (run, layout, _, scale) => bucketBias(run, layout, table, bucketOf, 1 / scale),
    });
  },
};

/** What positions do in the self-attentions of a stack. */
export function stackPositions(stack: Scope, config: ModelConfig, isMasked: boolean): StackPositions {
  return KINDS[config.positions]?.(stack, config, isMasked) ?? (() => ({}));
}

/**
 * The bucket of a distance: half of them for one distance each, the other half for ever more of them, and the last for all
 * from {@link FARTHEST} on (Raffel et al. 2020, section 2.1). Where keys may come after their query, these have half of all.
 *
 * @param distance the position of the key less that of the query
 */
function bucketOfDistance(distance: number, isMasked: boolean): number {
  const buckets = isMasked ? BUCKETS : BUCKETS / 2;
  const side = !isMasked && distance > 0 ? buckets : 0;
  const apart = isMasked ? Math.max(0, -distance) : Math.abs(distance);
  const exact = buckets / 2;
  if (apart < exact) return side + apart;
  const share = Math.log(apart / exact) / Math.log(FARTHEST / exact);
  return side + Math.min(buckets - 1, exact + Math.floor(share * (buckets - exact)));
}

/** Cosines and sines of the angles of all positions there are, in a table that is made when it is first asked for. */
function rotaryTable(dHead: number): (run: Computation, sentences: Ragged) => Pointer {
  let known: { readonly pointer: Pointer; readonly positions: number } | undefined;
  return ({ heap }, { positions, tokens }) => {
    const last = heap.integers(positions, tokens).reduce((most, position) => Math.max(most, position), 0);
    if (known === undefined || known.positions <= last) {
      const rows = Math.max(256, 2 * (last + 1));
      const pointer = heap.reserve(4 * rows * dHead);
      fillRotations(heap.floats(pointer, rows * dHead), dHead);
      known = { pointer, positions: rows };
    }
    return known.pointer;
  };
}

/**
 * The turns of rotary positions (Su et al. 2021, section 3.2.2): of each position p the cosines of p / 10000^(2i / dHead)
 * for i below dHead / 2, then the sines.
 *
 * @param table [positions, dHead], filled
 */
function fillRotations(table: Float32Array, dHead: number): void {
  const half = dHead / 2;
  for (let at = 0; at < table.length; at++) {
    const column = at % dHead;
    const angle = Math.floor(at / dHead) / 10_000 ** ((2 * (column % half)) / dHead);
    table[at] = column < half ? Math.cos(angle) : Math.sin(angle);
  }
}
