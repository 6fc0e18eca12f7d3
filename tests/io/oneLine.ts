import { XformerError } from "../../src/errors.ts";

/** The one line a user would see when `action` fails; anything but an XformerError passes through. */
export function oneLine(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof XformerError) return error.oneLine;
    throw error;
  }
  return "no error";
}

/** The same for an action that is awaited. */
export async function oneLineAsync(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof XformerError) return error.oneLine;
    throw error;
  }
  return "no error";
}
