import type { TokenBatch } from "../model/raggedInMemory.ts";
import type { SpecialIds } from "../model/teacherForcing.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Workbench } from "../tensor/computation.ts";
import { DecodingSession } from "./session.ts";

/**
 * Greedy decoding: from BEGIN on, the most probable token each time, until END or `maxLength` tokens.
 *
 * @param source source tokens with END
 * @returns the target ids of each sentence, without BEGIN and END
 */
export function greedyDecode(
  model: Transformer,
  workbench: Workbench,
  source: TokenBatch,
  { bosId, eosId }: SpecialIds,
  maxLength: number,
): number[][] {
  const { kernels } = workbench;
  const session = new DecodingSession(model, workbench, source);
  const outputs: number[][] = Array.from({ length: source.offsets.length - 1 }, () => []);
  let open = Int32Array.from(outputs.keys());
  let newest = new Int32Array(open.length).fill(bosId);
  for (let length = 0; length < maxLength && open.length > 0; length++) {
    const best = session.step(open, newest, ({ pointer, rows, columns }) =>
      Int32Array.from({ length: rows }, (_, i) => kernels.argmax(pointer + 4 * i * columns, columns)),
    );
    for (const [i, id] of best.entries()) if (id !== eosId) outputs[open[i]!]!.push(id);
    open = open.filter((_, i) => best[i] !== eosId);
    newest = best.filter((id) => id !== eosId);
  }
  session.close();
  return outputs;
}
