import type { PairScore } from "../decoding/scorer.ts";
import { OWN_VERSION, type Scoring } from "./metric.ts";

/** What can be said of a model's predictions under teacher forcing. */
export type LikelihoodName = "loss" | "perplexity" | "token-accuracy";

/** The statistics of a pair: cross-entropy in nats, target tokens with END, and those predicted right. */
export function likelihoodStatistics({ logProbability, tokens, correct }: PairScore): number[] {
  return [-logProbability, tokens, correct];
}

const SCALES: Readonly<
  Record<LikelihoodName, Pick<Scoring, "name" | "lowerIsBetter"> & { readonly of: (sums: Sums) => number }>
> = {
  loss: { name: "loss", lowerIsBetter: true, of: ([nats, tokens]) => nats / tokens },
  perplexity: { name: "perplexity", lowerIsBetter: true, of: ([nats, tokens]) => Math.exp(nats / tokens) },
  "token-accuracy": {
    name: "token accuracy",
    lowerIsBetter: false,
    of: ([, tokens, correct]) => (100 * correct) / tokens,
  },
};

type Sums = readonly [nats: number, tokens: number, correct: number];

/** Cross-entropy a target token in nats, e to that power, or the percentage of tokens predicted right. */
export function likelihood(name: LikelihoodName): Scoring {
  const { of, ...scale } = SCALES[name];
  return {
    ...scale,
    score: (sums) => of([sums[0]!, sums[1]!, sums[2]!]),
    // Tokens are the model's own, so these compare models of one vocabulary only.
    signature: () => `nrefs:1|unit:token|version:${OWN_VERSION}`,
  };
}
