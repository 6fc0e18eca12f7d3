import { expect, it } from "vitest";
import { sparkline } from "../../../src/cli/ui/sparkline.ts";

it.each<[readonly number[], string]>([
  [[0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"],
  [[9.5, 3, 2.5], "█▂▁"],
  [[4, 4], "▁▁"],
  [[-1, 1], "▁█"],
  [[], ""],
])("%j is %s", (values, expected) => {
  expect(sparkline(values)).toBe(expected);
});
