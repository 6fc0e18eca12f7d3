// The part of a contender's process that is the same for all: one JSON line in, one JSON line out. `serve.py` says the
// same in Python.
import { createInterface } from "node:readline";

/**
 * Says "loaded"; takes the work, prepares and warms up, and answers with what the last warm-up made; then does a step
 * for every line, and answers with the milliseconds it took. Ends with its input, so that it never outlives its parent.
 *
 * @param prepare makes the step of a work; a step may return something that can be JSON
 */
export async function serve(prepare) {
  const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  answer("loaded");
  let step;
  for await (const line of createInterface({ input: process.stdin })) {
    if (step === undefined) {
      const work = JSON.parse(line);
      step = await prepare(work);
      let made = null;
      for (let i = 0; i < work.warmUps; i++) made = (await step()) ?? null;
      answer(made);
      continue;
    }
    const start = performance.now();
    await step();
    answer(performance.now() - start);
  }
  process.exit(0); // threads of the contender may still wait for jobs
}
