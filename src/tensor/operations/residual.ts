import { add, copy, dropout, residualForward } from "../calls.ts";
import type { Computation } from "../computation.ts";
import { type Ragged, sizeOf, type Tensor } from "../tensor.ts";

/**
 * x + dropout(sublayer): the residual connection (He et al. 2016) with the dropout of Vaswani et al. 2017,
 * section 5.4. Uses `sublayer` up: it holds its dropped self afterwards.
 *
 * @param x, sublayer [T, D]
 * @param sentences whose tokens the rows are
 * @returns [T, D]
 */
export function residual(run: Computation, x: Tensor, sublayer: Tensor, sentences: Ragged): Tensor {
  const mask = run.dropoutMask("residual", sentences);
  const sum = run.tensor(x.rows, x.columns);
  const count = sizeOf(sum);
  return run.record("residual", sum, {
    forward: () => residualForward(run, { sum, x, sublayer, mask }),
    backward: (dSum) => {
      const dx = run.tape!.target(x);
      if (dx.accumulate) add(run, { to: dx.pointer, from: dSum, count });
      else copy(run, { to: dx.pointer, from: dSum, count });
      run.giveGradients([sublayer], ([dSublayer]) => {
        copy(run, { to: dSublayer!, from: dSum, count });
        dropout(run, { ...sum, pointer: dSublayer! }, mask);
      });
    },
  });
}
