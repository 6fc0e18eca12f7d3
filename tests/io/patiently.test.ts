import { expect, it } from "vitest";
import { patiently } from "../../src/io/patiently.ts";

/** An action that fails so many times, and counts. */
function refusing(code: string, times: number) {
  const counted = { attempts: 0 };
  const action = (): void => {
    if (++counted.attempts <= times) throw Object.assign(new Error(code), { code });
  };
  return { counted, action };
}

it.each(["EPERM", "EACCES", "EBUSY"])("on Windows %s is waited out", (code) => {
  const { counted, action } = refusing(code, 2);
  patiently(action, "win32");
  expect(counted.attempts).toBe(3);
});

it("other errors are told at once, and so are these elsewhere", () => {
  const full = refusing("ENOSPC", 1);
  expect(() => patiently(full.action, "win32")).toThrow("ENOSPC");
  const denied = refusing("EPERM", 1);
  expect(() => patiently(denied.action, "linux")).toThrow("EPERM");
  expect([full.counted.attempts, denied.counted.attempts]).toEqual([1, 1]);
});
