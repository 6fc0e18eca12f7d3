// Milliseconds and tokens per second of whole training steps (forward, backward, clipping, Adam) on 64 pairs of random
// sentences of one length, on one and on all threads; beside PyTorch on the same sentences when asked for. Every token
// counted is a real one: there is no padding, which is PyTorch's best case.
import { alternate, withContenders } from "./processes.mjs";
import { randomPairs, SENTENCES, SIZES, sizesNamed } from "./sizes.mjs";
import { rounded, speedRows } from "./table.mjs";

const OURS = new URL("./contenders/training.mjs", import.meta.url);
const PYTORCH = new URL("./contenders/training.py", import.meta.url);
const CHOICES = SIZES.map(({ name }) => name);
/** Steps of a turn: about half a second. */
const STEPS = { tiny: 10, small: 4 };
/** All but large, which takes minutes. */
const USUAL = ["tiny", "small", "medium"];

export async function measureTraining({ threads, torch, sizes = USUAL, rounds }) {
  const rows = [];
  for (const size of sizesNamed(sizes, CHOICES)) {
    const work = { size, warmUps: 3, batches: [randomPairs(size, SENTENCES)] };
    const works = [...new Set([1, threads])].map((count) => trainingWork("xformer", count, work));
    if (torch) works.push(trainingWork("PyTorch", threads, work));
    const tokens = 2 * SENTENCES * size.length;
    await withContenders(works, async (contenders) => {
      const steps = STEPS[size.name] ?? 1;
      await alternate(contenders, rounds ?? Math.ceil(size.rounds / steps), steps);
      const describe = (best, median) => ({
        "ms best": rounded(best),
        "ms median": rounded(median),
        "tokens/s best": Math.round((1000 * tokens) / best),
        "tokens/s median": Math.round((1000 * tokens) / median),
      });
      rows.push(...speedRows({ size: size.name }, contenders, describe));
    });
  }
  return rows;
}

/** What `withContenders` needs to start a contender that trains. */
export function trainingWork(who, threads, work) {
  return { who, threads, script: who === "PyTorch" ? PYTORCH : OURS, ...work };
}
