import type { Computation } from "../tensor/computation.ts";
import { headLinear, unitHeads } from "../tensor/operations/heads.ts";
import type { HeadColumns, PairNetwork } from "../tensor/operations/scores.ts";
import type { ModelConfig } from "./config.ts";
import type { Scope } from "./parameters.ts";

/** How queries and keys are scored. */
export interface Scoring {
  /** What becomes of queries before they meet keys. */
  queries?(run: Computation, q: HeadColumns): HeadColumns;
  /** What becomes of keys, and is what a cache holds. */
  keys?(run: Computation, k: HeadColumns): HeadColumns;
  /** What scores queries and keys, where that is not their product. */
  readonly network?: PairNetwork;
}

/** The heads that are scored. */
interface Heads {
  readonly heads: number;
  /** Heads of keys. */
  readonly keyHeads: number;
  readonly dHead: number;
}

/** Where the gains of cosines start: a softmax of cosines themselves could prefer nothing. */
const FIRST_GAIN = 10;

/**
 * The kinds of scores, each with its parameters and with what scores are multiplied by before the softmax. What they are
 * made of stands in `tensor/operations`.
 */
const SCORES: Record<
  ModelConfig["scores"],
  { readonly scale: (dHead: number) => number; readonly of: (scope: Scope, heads: Heads) => Scoring }
> = {
  /** q k / sqrt(dHead) (Vaswani et al. 2017, equation 1) */
  "scaled-dot": { scale: (dHead) => dHead ** -0.5, of: () => ({}) },
  /** q k (Luong et al. 2015, "dot") */
  dot: { scale: () => 1, of: () => ({}) },
  /** The cosine of q and k times a learned gain of the head: one over a temperature (Henry et al. 2020). */
  cosine: {
    scale: (dHead) => 1 / dHead,
    of: (scope, { heads }) => {
      const gain = scope.vector("score_gain", heads, FIRST_GAIN);
      return { queries: (run, q) => unitHeads(run, q, gain), keys: (run, k) => unitHeads(run, k) };
    },
  },
  /** q W k / sqrt(dHead), with a matrix W of the head (Luong et al. 2015, "general") */
  bilinear: {
    scale: (dHead) => dHead ** -0.5,
    of: (scope, { heads, dHead }) => {
      const weight = scope.matrix("score_weight", heads * dHead, dHead);
      return { queries: (run, q) => headLinear(run, q, weight) };
    },
  },
  /** v tanh(q + k), with a vector v of the head (Bahdanau et al. 2015, appendix A.1.2) */
  additive: {
    scale: () => 1,
    of: (scope, { heads, dHead }) => ({
      network: { weight: scope.matrix("score_weight", heads, dHead), relu: false },
    }),
  },
  /** v max(0, U q + W k + b), a network of one hidden layer over q and k, for each head its own */
  network: {
    scale: () => 1,
    of: (scope, { heads, keyHeads, dHead }) => {
      const ofQueries = scope.matrix("score_queries.weight", heads * dHead, dHead);
      const bias = scope.vector("score_queries.bias", heads * dHead, 0);
      const ofKeys = scope.matrix("score_keys.weight", keyHeads * dHead, dHead);
      return {
        queries: (run, q) => headLinear(run, q, ofQueries, bias),
        keys: (run, k) => headLinear(run, k, ofKeys),
        network: { weight: scope.matrix("score_weight", heads, dHead), relu: true },
      };
    },
  },
};

/** How the heads of an attention are scored. */
export function scoringOf(scope: Scope, { scores }: ModelConfig, heads: Heads): Scoring {
  return SCORES[scores].of(scope, heads);
}

/** What scores are multiplied by before the softmax. */
export function scoreScale({
  scores,
  dModel,
  nHeads,
}: Pick<ModelConfig, "scores" | "dModel" | "nHeads">): number {
  return SCORES[scores].scale(dModel / nHeads);
}
