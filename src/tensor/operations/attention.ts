import { at, type Pointer } from "../../kernels/kernels.ts";
import { attentionBackward, attentionForward, attentionWorkspace, type Band } from "../calls.ts";
import type { Computation } from "../computation.ts";
import type { Ragged, Tensor } from "../tensor.ts";

/** A band of columns of a tensor: where queries, keys or values start in a projection that holds several. */
export interface Columns {
  readonly tensor: Tensor;
  readonly first: number;
}

/** Queries, keys and values, as projections give them; keys and values are columns of one tensor. */
export interface Projections {
  /** [Tq, ...]: dModel columns of queries */
  readonly q: Columns;
  /** [Tk, ...]: dModel columns of keys */
  readonly k: Columns;
  /** [Tk, ...]: dModel columns of values */
  readonly v: Columns;
}

/** How dModel columns are split into heads. */
export interface HeadSizes {
  readonly nHeads: number;
  readonly dModel: number;
}

/**
 * Scaled dot-product attention in every head of every sentence, heads concatenated (Vaswani et al. 2017,
 * sections 3.2.1 and 3.2.2), with dropout on the attention weights.
 *
 * @param queries the sentences of the queries
 * @param keys the sentences of the keys and values
 * @param causal whether a token sees only itself and those before it
 * @returns [Tq, dModel]
 */
export function attention(
  run: Computation,
  { q, k, v }: Projections,
  queries: Ragged,
  keys: Ragged,
  { nHeads, dModel }: HeadSizes,
  causal: boolean,
): Tensor {
  const { arena } = run;
  const dHead = dModel / nHeads;
  const out = run.tensor(queries.tokens, dModel);
  const logSumExp = arena.allocate(queries.tokens * nHeads);
  const mask = run.dropoutMask("attention", queries, nHeads); // a site a head
  const heads = { sentences: queries.sentences, heads: nHeads, dHead, causal, mask };
  const inputs = { q: bandOf(q), k: startOf(k), v: startOf(v), keyStride: k.tensor.columns };
  const queryOffsets = queries.offsets;
  const workspaceSize = attentionWorkspace(run, { queries: queries.longest, keys: keys.longest, dHead });
  return run.record("attention", out, {
    forward: () =>
      run.temporarily(() =>
        attentionForward(run, {
          out: out.pointer,
          logSumExp,
          ...inputs,
          ...heads,
          queryOffsets,
          keyStarts: keys.offsets,
          keyEnds: at(keys.offsets, 1),
          workspace: arena.allocate(workspaceSize),
        }),
      ),
    backward: (dOut) =>
      run.giveGradients([q.tensor, k.tensor], ([dQueries, dKeys]) => {
        const dq = at(dQueries!, q.first);
        const [dk, dv] = [at(dKeys!, k.first), at(dKeys!, v.first)];
        attentionBackward(run, {
          dq,
          dk,
          dv,
          dOut,
          out: out.pointer,
          logSumExp,
          ...inputs,
          ...heads,
          queryOffsets,
          keyOffsets: keys.offsets,
          workspace: arena.allocate(workspaceSize),
        });
      }),
  });
}

/** Where the keys of some sentences lie among the rows of a cache that has room to grow. */
export interface CachedKeys {
  /** Int32[sentences]: the first row of each. */
  readonly starts: Pointer;
  /** Int32[sentences]: one past the last row of each. */
  readonly ends: Pointer;
  /** Rows of the longest. */
  readonly longest: number;
}

/**
 * {@link attention} over keys and values in a cache, without a gradient: what a decoder does when it generates.
 *
 * @param q [Tq, ...]: dModel columns of queries
 * @param keysValues dModel columns of keys and as many of values, of one tensor
 * @param weights where to leave the attention weights, for each sentence [heads, Lq, Lk]; or none
 * @returns [Tq, dModel]
 */
export function cachedAttention(
  run: Computation,
  q: Columns,
  { k, v }: Pick<Projections, "k" | "v">,
  queries: Ragged,
  keys: CachedKeys,
  { nHeads, dModel }: HeadSizes,
  weights?: Pointer,
): Tensor {
  const { arena } = run;
  run.profile?.begin("attention");
  const dHead = dModel / nHeads;
  const out = run.tensor(queries.tokens, dModel);
  const mask = { rowKeys: queries.rowKeys, site: 0, threshold: 0 };
  run.temporarily(() =>
    attentionForward(run, {
      out: out.pointer,
      logSumExp: arena.allocate(queries.tokens * nHeads),
      q: bandOf(q),
      k: startOf(k),
      v: startOf(v),
      keyStride: k.tensor.columns,
      queryOffsets: queries.offsets,
      keyStarts: keys.starts,
      keyEnds: keys.ends,
      sentences: queries.sentences,
      heads: nHeads,
      dHead,
      causal: false,
      mask,
      weights,
      workspace: arena.allocate(
        attentionWorkspace(run, { queries: queries.longest, keys: keys.longest, dHead }),
      ),
    }),
  );
  return out;
}

function startOf({ tensor, first }: Columns): Pointer {
  return at(tensor.pointer, first);
}

function bandOf(columns: Columns): Band {
  return { pointer: startOf(columns), stride: columns.tensor.columns };
}
