import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { SMALLEST, xformer } from "../support/cli.ts";

const cwd = temporaryDirectory();

/** One step of a model of the smallest size. */
const ONE_STEP = [...SMALLEST, "--max-steps", "1", "--warmup", "1", "--threads", "1"];

describe("what nothing can be learned from", () => {
  const WARNING = "warning: nearly every source line is a single word that no other line has";

  it("is told before training: words of which each is a line's own; characters are fine", async () => {
    const made = await xformer(
      ["data", "make", "numbers", "--train", "300", "--valid", "20", "--test", "20"],
      {
        cwd,
      },
    );
    expect(made.stdout).toContain(" --tokenizer char --preset tiny ");
    const data = made.stdout.trim().split(" ").slice(2, made.stdout.split(" ").indexOf("--tokenizer"));
    const words = await xformer([...data, ...ONE_STEP, "--out", "words"], { cwd });
    expect(words.stderr).toContain(WARNING);
    expect(words.stderr.indexOf(WARNING)).toBeLessThan(words.stderr.indexOf("  model "));
    expect(words.stderr).toMatch(
      /^ {2}unknown {2}100\.00 % of source, \d+\.\d\d % of target in validation; 100\.00 % of source, \d+\.\d\d % of target held out$/m,
    );
    const characters = await xformer([...data, ...ONE_STEP, "--tokenizer", "char", "--out", "characters"], {
      cwd,
    });
    expect(characters.stderr).not.toContain("warning");
    expect(characters.stderr).toContain(
      "  unknown  0.00 % of source, 0.00 % of target in validation; 0.00 % of source",
    );
  });
});
