import { once } from "node:events";

/** Writes data to stdout, and waits when its reader is slower than we are. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}
