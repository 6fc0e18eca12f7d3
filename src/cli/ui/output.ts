/** Writes data to stdout, and waits when its reader is slower than we are. */
export async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  // Not `once` of node:events, which listens for errors too: those are main's.
  await new Promise((resolve) => process.stdout.once("drain", resolve));
}
