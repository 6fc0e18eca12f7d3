// Trains the first steps of every recipe in examples/ on a small corpus and prints the hashes of what is saved: the same
// bytes before and after a change that is not meant to change results. Needs a built dist/.
//   node scripts/fingerprints.mjs [--steps 60] [--only zh-en] [--threads 2] [--check tests/fixtures/fingerprints.json]
// With --check it compares with the hashes in that file and fails where they differ; with --write it writes them there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse, stringify } from "yaml";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The corpus that stands in for all others: the first pairs of the bundled one. */
const [TRAIN_PAIRS, VALID_PAIRS] = [1500, 24];

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "60" },
    only: { type: "string" },
    threads: { type: "string", default: "2" },
    check: { type: "string" },
    write: { type: "string" },
  },
});

const directory = mkdtempSync(join(tmpdir(), "xformer-fingerprints-"));
try {
  writePart("train", TRAIN_PAIRS);
  writePart("valid", VALID_PAIRS);
  const recipes = readdirSync(join(ROOT, "examples"))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.replace(/\.yaml$/, ""))
    .filter((name) => values.only === undefined || name === values.only)
    .filter((name) => recipeOf(name).from === undefined); // there is no model here to start from
  const hashes = Object.fromEntries(recipes.map((name) => [name, fingerprint(name)]));
  process.stdout.write(`${JSON.stringify(hashes, null, 2)}\n`);
  if (values.write !== undefined) writeFileSync(values.write, `${JSON.stringify(hashes, null, 2)}\n`);
  if (values.check !== undefined) check(hashes, JSON.parse(readFileSync(values.check, "utf8")));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** The first pairs of a part of the bundled corpus. */
function writePart(part, pairs) {
  for (const language of ["zh", "en"]) {
    const lines = readFileSync(join(ROOT, "data", "zh-en", `${part}.${language}`), "utf8").split("\n");
    writeFileSync(join(directory, `${part}.${language}`), `${lines.slice(0, pairs).join("\n")}\n`);
  }
}

function recipeOf(name) {
  return parse(readFileSync(join(ROOT, "examples", `${name}.yaml`), "utf8"));
}

/** The hashes of the last and the best checkpoint of a recipe's first steps. */
function fingerprint(name) {
  const recipe = recipeOf(name);
  const config = join(directory, `${name}.yaml`);
  const out = join(directory, name);
  const data = { train: join(directory, "train"), valid: join(directory, "valid") };
  const training = {
    ...recipe.training,
    max_steps: Number(values.steps),
    validate_every: Number(values.steps) / 2,
  };
  delete training.average;
  delete training.average_of;
  writeFileSync(
    config,
    stringify({ ...recipe, out, data: { ...data, source_lang: "zh", target_lang: "en" }, training }),
  );
  const binary = join(ROOT, "bin", "xformer.js");
  const train = ["train", "--config", config, "--quiet", "--threads", values.threads];
  const { status, stderr } = spawnSync(process.execPath, [binary, ...train], {
    encoding: "utf8",
    cwd: directory,
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return { last: sha256(join(out, "last.safetensors")), best: sha256(join(out, "best.safetensors")) };
}

function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Says which recipes differ, and sets the exit code. */
function check(hashes, expected) {
  const other = Object.keys(hashes).filter(
    (name) => JSON.stringify(hashes[name]) !== JSON.stringify(expected[name]),
  );
  process.stderr.write(other.length === 0 ? "the same bytes\n" : `other bytes: ${other.join(", ")}\n`);
  if (other.length > 0) process.exitCode = 1;
}
