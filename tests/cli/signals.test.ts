import { afterEach, expect, it, vi } from "vitest";
import { untilSignal } from "../../src/cli/signals.ts";

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

it("a second one leaves at once, with the terminal as it was", async () => {
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`left with ${code}`);
  });
  const close = vi.fn();
  const work = async (): Promise<void> => {
    process.emit("SIGINT", "SIGINT");
    expect(exit).not.toHaveBeenCalled();
    process.emit("SIGINT", "SIGINT");
  };
  await expect(untilSignal(work, () => {}, close)).rejects.toThrow("left with 130");
  expect(close).toHaveBeenCalled();
});

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
