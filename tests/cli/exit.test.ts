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
  "%s and then %s leaves at once with %i, the terminal as it was",
  async (first, second, exitCode) => {
    const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`left with ${code}`);
    });
    const close = vi.fn();
    const work = async (): Promise<void> => {
      process.emit(first, first);
      expect(exit).not.toHaveBeenCalled();
      process.emit(second, second);
    };
    await expect(untilSignal(work, () => {}, close)).rejects.toThrow(`left with ${exitCode}`);
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
