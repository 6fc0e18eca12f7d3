import { expect, it } from "vitest";
import { fairSteps, onlyPace, soonest } from "../../src/lab/pace.ts";

it("runs go one after the other where a thread more is worth it, and side by side where it is not", () => {
  expect(soonest(12, 2, { onAll: 0.006, onOne: 0.01 })).toEqual({ atOnce: 2, threads: 1 });
  expect(soonest(12, 2, { onAll: 0.004, onOne: 0.01 })).toEqual({ atOnce: 1, threads: 2 });
  // The last round of three is as long for one run as for two.
  expect(soonest(3, 2, { onAll: 0.006, onOne: 0.01 })).toEqual({ atOnce: 1, threads: 2 });
});

it("there is nothing to choose with one run or one thread, or when it was said", () => {
  expect(onlyPace(1, 4, undefined)).toEqual({ atOnce: 1, threads: 4 });
  expect(onlyPace(9, 1, undefined)).toEqual({ atOnce: 1, threads: 1 });
  expect(onlyPace(9, 8, 3)).toEqual({ atOnce: 3, threads: 2 });
  expect(onlyPace(9, 2, 4)).toEqual({ atOnce: 4, threads: 1 });
  expect(onlyPace(9, 2, undefined)).toBeUndefined();
});

it("steps are so many that runs of unlike speed take their time together", () => {
  expect(fairSteps([100, 100])).toBe(100);
  expect(fairSteps([200, 100])).toBe(133);
  expect(fairSteps([0.2])).toBe(1);
});
