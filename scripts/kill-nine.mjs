// Kills a training with SIGKILL, again and again, and resumes it each time on another number of threads:
//   node scripts/kill-nine.mjs [--times 50] [--seed 1] [--save-every 5]
// It is killed at any moment, while it writes a checkpoint, and while it builds the cache of its corpus. After every
// kill the run has to go on from a step no more than --save-every before the last one it logged, and at the end its
// files have to be those of a run nobody disturbed, byte for byte. Needs a built dist/.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readSafetensorsHeader } from "../dist/io/safetensors.js";
import { createRandom } from "../dist/random.js";

const BINARY = fileURLToPath(new URL("../bin/xformer.js", import.meta.url));
/** Steps of a run: enough for several kills, and a run that ends is followed by another. */
const STEPS = 250;
const [TIMES, SEED, SAVE_EVERY] = numbersOf({ times: "50", seed: "1", "save-every": "5" });
const TRAIN = [
  ...["train", "--train", "train.tsv", "--valid", "valid.tsv", "--max-steps", String(STEPS)],
  ...["--d-model", "16", "--heads", "2", "--ffn", "32", "--encoder-layers", "1", "--decoder-layers", "1"],
  ...["--batch-tokens", "256", "--lr", "0.005", "--warmup", "20"],
  ...["--validate-every", "60", "--save-every", String(SAVE_EVERY), "--log-every", "1"],
];

/** What is written when a kill comes; any moment is as likely as the other in the first. */
const MOMENTS = ["anything", "a checkpoint", "the cache"];

const random = createRandom(SEED);
const directory = mkdtempSync(join(tmpdir(), "xformer-kill-nine-"));
try {
  process.exitCode = await killNine();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** The whole experiment; gives the exit code. */
async function killNine() {
  writeCorpus();
  const straight = await session([...TRAIN, "--threads", "2", "--out", "straight"]);
  if (straight.code !== 0) throw new Error(`the undisturbed run failed: ${straight.stderr}`);
  console.log(`undisturbed: ${STEPS} steps in ${(straight.milliseconds / 1000).toFixed(1)} s`);

  const failures = [];
  const fail = (what) => {
    failures.push(what);
    console.log(`  FAILED: ${what}`);
  };
  let [finished, farthestBack] = [0, 0];
  const finish = () => {
    const [other] = ["last.safetensors", "best.safetensors"].filter((name) => !isLikeStraight(name));
    if (other !== undefined) fail(`${other} is not that of the undisturbed run`);
    finished++;
    const left = temporaryFiles();
    if (left.length > 0) fail(`temporary files are left behind: ${left.join(", ")}`);
    rmSync(join(directory, "run"), { recursive: true });
  };

  for (let kill = 1; kill <= TIMES; kill++) {
    const during = random.pick(MOMENTS);
    // From the start of the process to well into the training; the next file that is then begun is not finished.
    const moment = random.below(Math.round(straight.milliseconds * (during === "the cache" ? 0.1 : 0.6)));
    if (during === "the cache") rmSync(join(directory, ".cache"), { recursive: true, force: true });
    const { code, stderr, milliseconds } = await session(nextSession(), moment, during);
    if (code === 0) {
      finish();
      kill--; // it was done before it could be killed
      continue;
    }
    if (code !== null) {
      fail(`kill ${kill}: the run could not go on: ${stderr}`);
      rmSync(join(directory, "run"), { recursive: true, force: true });
      continue;
    }
    const [reached, resumedAt] = [lastLogged(), savedStep()];
    const lost = reached - resumedAt;
    console.log(
      `kill ${kill} during ${during} after ${(milliseconds / 1000).toFixed(2)} s: logged step ${reached}, goes on from ${resumedAt}`,
    );
    if (lost > SAVE_EVERY) {
      fail(`kill ${kill}: ${lost} steps are lost, more than the ${SAVE_EVERY} between two saves`);
    } else {
      farthestBack = Math.max(farthestBack, lost);
    }
  }

  const last = await session(nextSession());
  if (last.code === 0) finish();
  else fail(`the last run could not be finished: ${last.stderr}`);
  console.log(
    `${TIMES} kills, ${finished} runs finished, at most ${farthestBack} of ${SAVE_EVERY} steps to do again: ` +
      (failures.length === 0 ? "nothing was lost." : `${failures.length} failures.`),
  );
  return failures.length === 0 ? 0 : 1;
}

/** What brings the run on: its beginning, where it was killed before it had saved anything. */
function nextSession() {
  const threads = ["--threads", String(1 + random.below(3))];
  const hasBegun = existsSync(join(directory, "run", "last.safetensors"));
  return hasBegun
    ? ["train", "--resume", "run", ...threads]
    : [...TRAIN, ...threads, "--out", "run", "--force"];
}

/** The step from which the run will go on. */
function savedStep() {
  const file = join(directory, "run", "last.safetensors");
  return existsSync(file) ? JSON.parse(readSafetensorsHeader(file).metadata.training).step : 0;
}

/** The last step in the metrics of the run; a line that was cut off does not count. */
function lastLogged() {
  const file = join(directory, "run", "metrics.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const steps = lines.slice(0, -1).map((line) => JSON.parse(line).step);
  return Math.max(0, ...steps);
}

function isLikeStraight(name) {
  const [one, other] = ["run", "straight"].map((run) => readFileSync(join(directory, run, name)));
  return one.equals(other);
}

function temporaryFiles() {
  return readdirSync(join(directory, "run")).filter((name) => name.endsWith(".tmp"));
}

/**
 * Runs the real binary, and kills it after some milliseconds unless it has ended by then: at once, or when it next
 * begins to write a file of the kind.
 */
function session(args, killAfter, during = "anything") {
  const started = performance.now();
  const child = spawn(process.execPath, [BINARY, ...args], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  let watcher;
  const timer =
    killAfter === undefined ? undefined : setTimeout(() => (watcher = killWhen(during, kill)), killAfter);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      watcher?.close();
      resolve({ code, stdout, stderr: stderr.trim(), milliseconds: performance.now() - started });
    });
  });
}

/** Kills now, or when a temporary file appears among the checkpoints or in the cache. */
function killWhen(during, kill) {
  if (during === "anything") return void kill();
  const place = join(directory, during === "the cache" ? ".cache" : "run");
  mkdirSync(place, { recursive: true });
  return watch(place, (_, name) => {
    if (name?.endsWith(".tmp")) kill();
  });
}

/** Letters said backwards: learned in a moment, and never the same sentence order twice. */
function writeCorpus() {
  const pairs = Array.from({ length: 500 }, () => {
    const letters = Array.from({ length: 2 + random.below(4) }, () => random.pick([..."abcdefgh"]));
    return `${letters.join(" ")}\t${letters.toReversed().join(" ")}\n`;
  });
  writeFileSync(join(directory, "train.tsv"), pairs.slice(0, 480).join(""));
  writeFileSync(join(directory, "valid.tsv"), pairs.slice(480).join(""));
}

/** The values of flags that take whole numbers, in their order. */
function numbersOf(defaults) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: "string", default: value }]),
  );
  const { values } = parseArgs({ options });
  return Object.keys(defaults).map((name) => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value > 0) return value;
    console.error(`--${name}: expected a whole number of at least 1, got "${values[name]}"`);
    return process.exit(2);
  });
}
