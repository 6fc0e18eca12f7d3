import { spawnSync } from "node:child_process";

/** The Python whose PyTorch is the contender. */
export const PYTHON = process.env.PYTHON ?? "python3";

/**
 * The version of PyTorch that {@link PYTHON} can import.
 *
 * @throws Error when there is none
 */
export function torchVersion() {
  const { status, stdout } = spawnSync(PYTHON, ["-c", "import torch; print(torch.__version__)"], {
    encoding: "utf8",
  });
  if (status === 0) return stdout.trim();
  throw new Error(`--torch: ${PYTHON} cannot import torch. Set PYTHON to a Python that can.`);
}
