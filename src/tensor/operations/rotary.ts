import type { Pointer } from "../../kernels/kernels.ts";
import { copy, rotate } from "../calls.ts";
import type { Computation } from "../computation.ts";
import { type Ragged, sizeOf, type Tensor } from "../tensor.ts";

/**
 * Rotary positions (Su et al. 2021): turns the pairs of columns of every head by angles that grow with the token's
 * position, so that a query's product with a key depends on how far they are apart. Uses `x` up: its place is the result's.
 *
 * @param x [T, ...]: its first `heads` dHead columns are turned, the others stay
 * @param table [positions, dHead]: of each position dHead / 2 cosines, then as many sines
 */
export function rotary(
  run: Computation,
  x: Tensor,
  { positions }: Ragged,
  table: Pointer,
  { heads, dHead }: { readonly heads: number; readonly dHead: number },
): Tensor {
  const turn = { table, positions, heads, dHead };
  return run.record(
    "rotary",
    { ...x },
    {
      forward: () => rotate(run, { ...turn, x, back: false }),
      backward: (dy) =>
        run.giveGradients([x], ([dx]) => {
          copy(run, { to: dx!, from: dy, count: sizeOf(x) });
          rotate(run, { ...turn, x: { ...x, pointer: dx! }, back: true });
        }),
    },
  );
}
