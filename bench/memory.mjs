// Peak resident memory of training: a few steps in a process that does nothing else, ours and PyTorch's, one after the
// other. "loaded" is what the process holds when its modules are imported (for PyTorch mostly libraries, for us Node),
// "net" what training adds: parameters, gradients, moments, activations. A user pays the peak.
import { alternate, withContenders } from "./processes.mjs";
import { randomPairs, SENTENCES, SIZES, sizesNamed } from "./sizes.mjs";
import { rounded } from "./table.mjs";
import { trainingWork } from "./training.mjs";

const CHOICES = SIZES.map(({ name }) => name);
const USUAL = ["medium", "large"];
/** After the first steps nothing grows any more. */
const STEPS = 3;
const MEGABYTE = 2 ** 20;

/** @throws Error where the system does not count the peak of a process */
export async function measureMemory({ threads, torch, sizes = USUAL, rounds = STEPS }) {
  if (process.platform !== "linux") throw new Error("--only memory reads /proc, which only Linux has.");
  const rows = [];
  for (const size of sizesNamed(sizes, CHOICES)) {
    const work = { size, warmUps: 1, batches: [randomPairs(size, SENTENCES)] };
    const measured = [];
    for (const who of torch ? ["xformer", "PyTorch"] : ["xformer"]) {
      await withContenders([trainingWork(who, threads, work)], async ([contender]) => {
        await alternate([contender], rounds);
        const [peak, loaded] = [contender.peakBytes() / MEGABYTE, contender.loadedBytes / MEGABYTE];
        measured.push({ who, peak, loaded, net: peak - loaded });
      });
    }
    const theirs = measured.find(({ who }) => who === "PyTorch");
    for (const { who, peak, loaded, net } of measured) {
      rows.push({
        size: size.name,
        who,
        threads,
        "peak MB": Math.round(peak),
        "loaded MB": Math.round(loaded),
        "net MB": Math.round(net),
        ...(theirs === undefined || who === "PyTorch"
          ? {}
          : {
              "of PyTorch's peak": rounded(peak / theirs.peak, 2),
              "of its net": rounded(net / theirs.net, 2),
            }),
      });
    }
  }
  return rows;
}
