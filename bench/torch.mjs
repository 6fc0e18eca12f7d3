// PyTorch as a contender of the training benchmark: a Python process that does a step whenever it is told to.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PYTHON = process.env.PYTHON ?? "python3";

/** The version of PyTorch that `PYTHON` (by default python3) can import, if any. */
export function torchVersion() {
  const { status, stdout } = spawnSync(PYTHON, ["-c", "import torch; print(torch.__version__)"], {
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param work `{ sentences }` of the size's length each, or `{ batches }`, a file of JSON */
export async function prepareTorch(size, threads, work) {
  const { dModel, nHeads, dFF, layers, vocabulary, length } = size;
  const config = { dModel, nHeads, dFF, layers, vocabulary, length, threads, ...work };
  const script = fileURLToPath(new URL("torch_training.py", import.meta.url));
  const python = spawn(PYTHON, ["-W", "ignore", script, JSON.stringify(config)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const { value: ready } = await lines.next();
  if (!ready?.startsWith("ready")) throw new Error("PyTorch did not start");
  const milliseconds = [];
  let memory = 0;
  const measure = async () => {
    python.stdin.write("step\n");
    const [time, megabytes] = (await lines.next()).value.split(" ").map(Number);
    milliseconds.push(time);
    memory = megabytes;
  };
  const close = async () => {
    python.stdin.end();
    await once(python, "exit");
  };
  return { who: "PyTorch", threads, milliseconds, measure, close, memory: () => memory };
}
