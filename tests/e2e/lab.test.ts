import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { finished, startXformer, writeFiles, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();
writeFiles(cwd, {
  "tiny.yaml": [
    "title: One head or two?",
    "task: { name: copy, train: 200, valid: 20, test: 30 }",
    "base:",
    "  model: { d_model: 16, ffn: 32, encoder_layers: 1, decoder_layers: 1 }",
    "  training: { max_steps: 20, lr: 0.01, warmup: 5, batch_tokens: 128, save_every: 5 }",
    "compare: { heads: [1, 2] }",
    "tests: [{ name: longer, task: { lengths: [13, 15], test: 10 } }]",
    "seeds: [1, 2]",
    "metrics: [loss, exact-match]",
    "by_length: true",
  ],
});

/** The table of a lab without times, which are the machine's, and without its own place. */
function results(out: string): unknown {
  const text = readFileSync(join(cwd, out, "results.json"), "utf8").replaceAll(out, "lab");
  return JSON.parse(text, (key, value) => (key === "seconds" ? undefined : value));
}

interface Event {
  readonly type: string;
  readonly run?: string;
  readonly step?: number;
  readonly done?: number;
  readonly runs?: number;
}

function eventsIn(stdout: string): Event[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}

describe("xformer lab", { timeout: 300_000 }, () => {
  it("goes on after a kill -9 and has the table of a lab that nobody disturbed, in another pace", async () => {
    const straight = await xformer(["lab", "tiny.yaml", "--out", "straight", "--at-once", "2"], { cwd });
    expect(straight.code, straight.stderr).toBe(0);
    expect(straight.stderr).toContain("4/4  heads ");
    expect(straight.stdout).toMatch(/^One head or two\?\n\n {2}heads +loss +exact match +longer: loss /);

    const page = readFileSync(join(cwd, "straight", "report.html"), "utf8");
    expect(page).toContain("One head or two?");

    const args = ["lab", "tiny.yaml", "--out", "killed", "--at-once", "1", "--json"];
    const child = startXformer(args, { cwd });
    const end = finished(child);
    let isSecond = false;
    for await (const line of createInterface({ input: child.stdout! })) {
      const { type, done } = JSON.parse(line) as Event;
      // In the midst of the second run.
      if (type === "progress" && isSecond) break;
      isSecond ||= type === "ended" && done === 1;
    }
    child.kill("SIGKILL");
    expect((await end).code).toBeNull();

    const again = await xformer(args, { cwd });
    expect(again.code, again.stderr).toBe(0);
    const events = eventsIn(again.stdout);
    expect(events[0]).toMatchObject({ type: "planned", runs: 4, done: 1, directory: "killed" });
    expect(events.filter(({ type }) => type === "ended").map(({ run }) => run)).toEqual([
      ...["heads 2, seed 1", "heads 1, seed 2", "heads 2, seed 2"],
    ]);
    expect(events.at(-1)).toMatchObject({ type: "result", done: 4, runs: 4, failed: 0, stopped: null });
    expect(results("killed")).toEqual(results("straight"));

    const [run] = readdirSync(join(cwd, "killed", "runs"));
    const file = (out: string): Buffer => readFileSync(join(cwd, out, "runs", run!, "last.safetensors"));
    expect(file("killed").equals(file("straight"))).toBe(true);
    // Each is a run as any other.
    const inspected = await xformer(["inspect", "--model", join("killed", "runs", run!)], { cwd });
    expect(inspected.code, inspected.stderr).toBe(0);

    const known = await xformer(["lab", "tiny.yaml", "--out", "killed", "--quiet"], { cwd });
    expect([known.code, known.stderr]).toEqual([0, ""]);
    expect(known.stdout).toContain("exact match");
  });

  it("lists the experiments that come along, and says what it cannot do in one line", async () => {
    const list = await xformer(["lab", "--list"], { cwd });
    expect(list.code).toBe(0);
    expect(list.stdout).toMatch(/^ {2}heads +\d+ min {2}One head or eight\?$/m);
    const json = await xformer(["lab", "--list", "--json"], { cwd });
    const names = (JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name);
    expect(names).toContain("heads");
    const complaint = async (...args: string[]): Promise<[string, number | null]> => {
      const { stderr, code } = await xformer(["lab", ...args], { cwd });
      return [stderr, code];
    };
    expect(await complaint()).toEqual([
      "no experiment is named. Name a file, or one of those that `npx xformer lab --list` shows.\n",
      2,
    ]);
    expect(await complaint("heads", "--hours", "1", "--steps", "5")).toEqual([
      "--hours: the steps are given by --steps. Give one of the two.\n",
      2,
    ]);
    expect(await complaint("haeds")).toEqual([
      "haeds: no such file, and no experiment that comes along is called so. Did you mean heads?\n",
      1,
    ]);
    expect(await complaint("heads", "--seeds", "1,x")).toEqual([
      '--seeds: expected different whole numbers, got "1,x". Put commas between them: 1,2,3.\n',
      2,
    ]);
  });
});
