import { afterEach, expect, it, vi } from "vitest";
import { untilSignal } from "../../src/cli/exit.ts";

afterEach(() => void vi.restoreAllMocks());

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("the first %s aborts the work, whose result comes with exit code %i", async (name, exitCode) => {
  const told: string[] = [];
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve("saved"));
      process.emit(name, name);
    });
  const ended = await untilSignal(
    work,
    () => told.push("signal"),
    () => told.push("close"),
  );
  expect(ended).toEqual({ result: "saved", exitCode });
  expect(told).toEqual(["signal", "close"]);
});

it.each([
  ["SIGINT", "SIGINT", 130],
  ["SIGTERM", "SIGTERM", 143],
  ["SIGINT", "SIGTERM", 143],
] as const)(
  "%s and then %s dies of the second at once, exit listeners told %i, the terminal as it was",
  async (first, second, exitCode) => {
    const kill = vi.spyOn(process, "kill").mockImplementation((_, signal) => {
      throw new Error(`died of ${signal}`);
    });
    const emit = process.emit.bind(process);
    const exits: unknown[] = [];
    const told = (name: string, ...args: never[]) =>
      name === "exit" ? exits.push(...args) > 0 : emit(name as "SIGINT", ...args);
    vi.spyOn(process, "emit").mockImplementation(told as typeof process.emit);
    const close = vi.fn();
    const work = async (): Promise<void> => {
      process.emit(first, first);
      expect(kill).not.toHaveBeenCalled();
      process.emit(second, second);
    };
    await expect(untilSignal(work, () => {}, close)).rejects.toThrow(`died of ${second}`);
    expect(exits).toEqual([exitCode]);
    expect(close).toHaveBeenCalled();
  },
);

it("without a signal the exit code is 0, and no listener stays", async () => {
  const before = process.listenerCount("SIGINT");
  expect(
    await untilSignal(
      async () => 7,
      () => {},
      () => {},
    ),
  ).toEqual({ result: 7, exitCode: 0 });
  expect(process.listenerCount("SIGINT")).toBe(before);
});
