import { expect, it } from "vitest";
import { fitSettings } from "../../../src/training/settings/fit.ts";
import { originOf, originsOf } from "../../../src/training/settings/origins.ts";

const shape = { pairs: 3600, sourceTokens: 40_000, targetTokens: 40_000, vocabulary: 40, validPairs: 0 };
const data = { train: "pairs.tsv" };

it("says where the values come from that are fitted where nobody gives them", () => {
  const options = { data, model: { norm: "post" }, training: { maxEpochs: 30 } } as const;
  const origins = originsOf(options, fitSettings(shape, options));
  expect(origins).toMatchObject({ norm: "given", maxEpochs: "given" });
  expect(origins).toMatchObject({ dropout: "fitted to 3,600 pairs", learningRate: "fitted to 3,600 pairs" });
});

it("a preset that is named has its sizes", () => {
  const origins = originsOf({ data, preset: "tiny" }, fitSettings(shape, { preset: "tiny" }));
  expect(origins).toMatchObject({ dModel: "preset tiny", dropout: "preset tiny" });
  expect(origins).toMatchObject({ norm: "fitted to 3,600 pairs" });
});

it("the bundled corpus has settings of its own", () => {
  const origins = originsOf({});
  expect(origins).toMatchObject({ maxEpochs: "bundled corpus", dModel: "preset small", norm: "default" });
});

it("before the data are read they are all that is known", () => {
  expect(originOf("training", "maxEpochs", { data })).toBe("fitted to the data");
  expect(originOf("training", "seed", { data })).toBe("default");
});
