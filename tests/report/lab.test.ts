import { Chalk } from "chalk";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/cli/ui/layout.ts";
import { render } from "../../src/cli/ui/render.ts";
import type { LabEnd } from "../../src/lab/lab.ts";
import type { ResultRow, Score } from "../../src/lab/results.ts";
import { summarise } from "../../src/lab/statistics.ts";
import { endedParts, labDocument, labReport, paceText } from "../../src/report/lab.ts";

function row(value: string, exact: readonly number[], p: number | null, state = "done" as const): ResultRow {
  const against = p === null ? null : { difference: 1, pSeeds: p, pSentences: 0.0001, significant: p < 0.05 };
  const scores: Score[] = [
    { metric: "exact-match", ...summarise(exact), against },
    { metric: "loss", ...summarise(exact.map((score) => 1 - score / 100)), against: null },
  ];
  return {
    cells: [{ name: "heads", value, trains: true }],
    scores: exact.length === 0 ? [[]] : [scores],
    byLength: [
      [
        { from: 1, to: 5, ...summarise(exact) },
        { from: 6, to: null, ...summarise(exact) },
      ].filter(() => exact.length > 0),
    ],
    parameters: exact.length === 0 ? null : 70_948,
    seconds: exact.length === 0 ? null : summarise([12, 14, 13]),
    runs: [1, 2, 3].map((seed) => ({ directory: `runs/${value}-${seed}`, seed, state })),
  };
}

const END: LabEnd = {
  directory: "runs/lab/heads",
  runs: 9,
  done: 9,
  failed: 0,
  stopped: null,
  results: {
    name: "heads",
    title: "One head or eight?",
    about: null,
    seeds: [1, 2, 3],
    metrics: [
      { metric: "exact-match", name: "exact match", lowerIsBetter: false },
      { metric: "loss", name: "loss", lowerIsBetter: true },
    ],
    tests: ["test"],
    groups: [
      {
        cells: [{ name: "task", value: "reverse", trains: true }],
        rows: [row("1", [60, 64, 62], null), row("4", [90, 92, 91], 0.0004), row("8", [63, 60, 66], 0.6)],
      },
    ],
  },
};

function shown(end: LabEnd, width = 100): string {
  return render(labDocument(end), { width, breaks: true, colours: new Chalk({ level: 0 }), bar: "#" });
}

describe("the table of a lab", () => {
  it("has means with their intervals, a star where a difference is none of chance, parameters and time", () => {
    expect(shown(END).split("\n").slice(0, 8)).toEqual([
      "One head or eight?",
      "",
      "  heads         exact match            loss  p seeds  p sentences  parameters  time",
      "  task reverse",
      "  1             62.0 ± 5.0   0.380 ± 0.050      base                   70,948  13 s",
      "  4             91.0 ± 2.5*  0.090 ± 0.025    <0.001       <0.001      70,948  13 s",
      "  8             63.0 ± 7.5   0.370 ± 0.075     0.600       <0.001      70,948  13 s",
      "",
    ]);
  });

  it("says by which tests, how far it is and where everything lies", () => {
    const text = shown(END, 1000);
    expect(text).toContain(
      "Means over the seeds 1, 2, 3, ± half of the 95 % confidence interval (Student's t).",
    );
    expect(text).toContain("both over seeds (Welch's t-test) and over test sentences");
    expect(text).toContain("exact match by length of the target\n");
    expect(text).toContain(
      "The runs, results.json and the page with the curves, report.html, are in runs/lab/heads.",
    );
    expect(text).not.toContain("The same command goes on");
    const stopped = shown({ ...END, done: 4, stopped: "signal" }, 1000);
    expect(stopped).toContain("Stopped: 4 of 9 runs are done. The same command goes on.");
    expect(shown({ ...END, done: 8, failed: 1 }, 1000)).toContain("1 failed: 8 of 9 runs are done.");
  });

  it("shows rows without a run, and those whose loss was not finite", () => {
    const [group] = END.results.groups;
    const diverged = {
      ...row("8", [], null),
      runs: [{ directory: "x", seed: 1, state: "diverged" as const }],
    };
    const groups = [{ ...group!, rows: [row("1", [60, 64, 62], null), row("4", [], null), diverged] }];
    const text = shown({ ...END, results: { ...END.results, groups } }, 1000);
    expect(text).toMatch(/ {2}4 +– +– +– +– +– +–\n/);
    expect(text).toMatch(/ {2}8 +diverged +diverged +– +– +– +–\n/);
    expect(text).toContain("8: 1 of 1 run diverged and is left out.");
  });

  it.each([48, 80, 200])("fits into %d columns", (width) => {
    for (const line of shown(END, width).split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });
});

it("the page has the table in numbers, and a curve a row: the mean of its seeds where all have a point", () => {
  const records = (directory: string): object[] => {
    const seed = Number(directory.at(-1));
    return [10, 20, 30].slice(0, seed === 3 ? 2 : 3).map((step) => ({ step, loss: step + seed }));
  };
  const { question, runs, table } = labReport(END.results, records);
  expect(question?.text).toBe("One head or eight?");
  expect(runs.map(({ name }) => name)).toEqual([
    ...["task reverse, heads 1", "task reverse, heads 4", "task reverse, heads 8"],
  ]);
  expect(runs[0]!.curves).toEqual({
    loss: [
      [10, 12],
      [20, 22],
    ],
  });
  expect(table.columns.map(({ name }) => name)).toEqual([
    ...["exact match", "± exact match", "loss", "± loss", "p seeds", "p sentences", "parameters", "seconds"],
  ]);
  expect(table.columns.map(({ better }) => better)).toEqual([
    ...["higher", undefined, "lower", undefined, undefined, undefined, undefined, undefined],
  ]);
  expect(table.rows[1]!.cells[0]).toBe(91);
  expect(table.rows[0]!.cells.slice(4)).toEqual([null, null, 70_948, 13]);
});

it("a run that has ended is told by its scores, the first of which stays longest", () => {
  const scores = [
    { test: "test", metric: "exact-match", name: "exact match", score: 97.25 },
    { test: "longer", metric: "exact-match", name: "exact match", score: 3 },
  ] as const;
  const outcome = { kind: "trained", steps: 5, parameters: 7, best: null } as const;
  const event = { type: "ended", run: "heads 1, seed 2", outcome, scores, done: 3, runs: 9 } as const;
  expect(endedParts(event).map(([text]) => text)).toEqual([
    ...["3/9", "heads 1, seed 2", "test exact match 97.2", "longer exact match 3.0"],
  ]);
  const diverged = { ...event, outcome: { kind: "diverged", message: "" } as const };
  expect(endedParts(diverged).map(([text]) => text)).toEqual(["3/9", "heads 1, seed 2", "diverged"]);
});

it("how runs are carried out is told with what was measured", () => {
  const measured = { onAll: 0.0081, onOne: 0.0127 };
  expect(paceText({ type: "pace", atOnce: 2, threads: 1, measured })).toBe(
    "2 runs at a time on 1 thread each: a step takes 8.1 ms on all threads, 12.7 ms on one beside others",
  );
  expect(paceText({ type: "pace", atOnce: 1, threads: 2, measured: null })).toBe(
    "one run after the other on 2 threads",
  );
});
