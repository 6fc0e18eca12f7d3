import type { Flag, Pointer } from "../../kernels/kernels.ts";
import type { Computation } from "../computation.ts";
import type { Ragged, Tensor } from "../tensor.ts";

/** A band of columns of a tensor: where queries, keys or values start in a projection that holds several. */
export interface Columns {
  readonly tensor: Tensor;
  readonly first: number;
}

/**
 * Scaled dot-product attention in every head of every sentence, heads concatenated (Vaswani et al. 2017,
 * sections 3.2.1 and 3.2.2), with dropout on the attention weights.
 *
 * @param q [Tq, ...]: dModel columns of queries, of the sentences `queries`
 * @param k, v [Tk, ...]: as many of keys and values, of the sentences `keys`, in one tensor
 * @param causal whether a token sees only itself and those before it
 * @returns [Tq, dModel]
 */
export function attention(
  run: Computation,
  q: Columns,
  k: Columns,
  v: Columns,
  queries: Ragged,
  keys: Ragged,
  nHeads: number,
  dModel: number,
  causal: boolean,
): Tensor {
  const { kernels, tape, arena } = run;
  const dropThreshold = run.dropThresholds.attention;
  run.begin("attention");
  const dHead = dModel / nHeads;
  const out = run.tensor(queries.tokens, dModel);
  const logSumExp = arena.allocate(queries.tokens * nHeads);
  const site = run.dropoutSites(nHeads);
  const mask: Flag = causal ? 1 : 0;
  const inputs = [at(q), q.tensor.columns, at(k), at(v), k.tensor.columns] as const;
  const heads = [queries.sentences, nHeads, dHead, mask, queries.rowKeys, site, dropThreshold] as const;
  const workspaceSize = kernels.attentionWorkspace(queries.longest, keys.longest, dHead);
  run.temporarily(() => {
    const workspace = arena.allocate(workspaceSize);
    const sentences = [queries.offsets, keys.offsets, keys.offsets + 4] as const;
    kernels.attentionForward(out.pointer, logSumExp, ...inputs, ...sentences, ...heads, 0, workspace);
  });
  tape?.record("attention", out, (dOut) => {
    const dq = freshTarget(run, q.tensor);
    const dkv = k.tensor === q.tensor ? dq : freshTarget(run, k.tensor);
    run.temporarily(() => {
      const workspace = arena.allocate(workspaceSize);
      kernels.attentionBackward(
        ...([dq + 4 * q.first, dkv + 4 * k.first, dkv + 4 * v.first, dOut, out.pointer, logSumExp] as const),
        ...inputs,
        ...([queries.offsets, keys.offsets] as const),
        ...heads,
        workspace,
      );
    });
  });
  return out;
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
 * @param keysValues [..., 2 dModel]: keys, then values
 * @param weights where to leave the attention weights, for each sentence [heads, Lq, Lk]; or 0
 * @returns [Tq, dModel]
 */
export function cachedAttention(
  run: Computation,
  q: Columns,
  keysValues: Tensor,
  queries: Ragged,
  keys: CachedKeys,
  nHeads: number,
  dModel: number,
  weights: Pointer = 0,
): Tensor {
  const { kernels, arena } = run;
  run.begin("attention");
  const dHead = dModel / nHeads;
  const out = run.tensor(queries.tokens, dModel);
  run.temporarily(() => {
    const logSumExp = arena.allocate(queries.tokens * nHeads);
    const workspace = arena.allocate(kernels.attentionWorkspace(queries.longest, keys.longest, dHead));
    const k = keysValues.pointer;
    kernels.attentionForward(
      ...([out.pointer, logSumExp, at(q), q.tensor.columns, k, k + 4 * dModel, keysValues.columns] as const),
      ...([queries.offsets, keys.starts, keys.ends, queries.sentences, nHeads, dHead, 0] as const),
      ...([0, 0, 0, weights, workspace] as const),
    );
  });
  return out;
}

function at(columns: Columns): Pointer {
  return columns.tensor.pointer + 4 * columns.first;
}

/** The kernel writes its gradients and does not add: the projections feed attention and nothing else. */
function freshTarget(run: Computation, projection: Tensor): Pointer {
  const target = run.tape!.target(projection);
  if (target.accumulate) throw new Error("the projections of an attention have another reader");
  return target.pointer;
}
