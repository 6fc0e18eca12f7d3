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
  const { kernels, tape, arena, dropThreshold } = run;
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
  tape?.record(out, (dOut) => {
    const dq = freshTarget(run, q.tensor);
    const dkv = k.tensor === q.tensor ? dq : freshTarget(run, k.tensor);
    run.temporarily(() => {
      const workspace = arena.allocate(workspaceSize);
      kernels.attentionBackward(
        ...[dq + 4 * q.first, dkv + 4 * k.first, dkv + 4 * v.first, dOut, out.pointer, logSumExp] as const,
        ...inputs,
        ...[queries.offsets, keys.offsets] as const,
        ...heads,
        workspace,
      );
    });
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
