// Kills a training with SIGKILL at random moments, again and again, and resumes it each time:
//   node scripts/kill-nine.mjs [--times 50] [--seed 1] [--save-every 5]
// After every kill the run has to go on from a step no more than --save-every before the last one it logged, and
// at the end its last.safetensors has to be that of a run nobody disturbed, byte for byte. Needs a built dist/.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRandom } from "../dist/random.js";

const BINARY = fileURLToPath(new URL("../bin/xformer.js", import.meta.url));
/** Steps of a run: enough for several kills, and a run that ends is followed by another. */
const STEPS = 250;
const [TIMES, SEED, SAVE_EVERY] = numbersOf({ times: "50", seed: "1", "save-every": "5" });
const TRAIN = [
  ...["train", "--train", "train.tsv", "--valid", "valid.tsv", "--max-steps", String(STEPS)],
  ...["--d-model", "16", "--heads", "2", "--ffn", "32", "--encoder-layers", "1", "--decoder-layers", "1"],
  ...["--batch-tokens", "256", "--lr", "0.005", "--warmup", "20", "--threads", "2"],
  ...["--validate-every", "60", "--save-every", String(SAVE_EVERY), "--log-every", "1"],
];

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
  const straight = await session([...TRAIN, "--out", "straight"]);
  if (straight.code !== 0) throw new Error(`the undisturbed run failed: ${straight.stderr}`);
  console.log(`undisturbed: ${STEPS} steps in ${(straight.milliseconds / 1000).toFixed(1)} s`);

  const failures = [];
  const fail = (what) => {
    failures.push(what);
    console.log(`  FAILED: ${what}`);
  };
  let [finished, farthestBack, leftovers] = [0, 0, 0];
  const finish = () => {
    if (!isLikeStraight()) fail("last.safetensors is not that of the undisturbed run");
    finished++;
    leftovers += temporaryFiles();
    rmSync(join(directory, "run"), { recursive: true });
  };

  for (let kill = 1; kill <= TIMES; kill++) {
    // Any moment is as likely as the other, from the start of the process to well into the training.
    const moment = random.below(Math.round(straight.milliseconds * 0.8));
    const { code, stderr } = await session(nextSession(), moment);
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
    const { reached, problem, resumedAt } = await probe();
    const lost = reached - resumedAt;
    const state =
      problem !== undefined
        ? "cannot be resumed"
        : `logged step ${reached}, goes on from ${resumedAt}, ${lost} to do again`;
    console.log(`kill ${kill} after ${(moment / 1000).toFixed(2)} s: ${state}`);
    if (problem !== undefined) {
      fail(`kill ${kill}: the run cannot be resumed: ${problem}`);
      rmSync(join(directory, "run"), { recursive: true, force: true });
    } else if (lost > SAVE_EVERY) {
      fail(`kill ${kill}: ${lost} steps are lost, more than the ${SAVE_EVERY} between two saves`);
    } else {
      farthestBack = Math.max(farthestBack, lost);
    }
  }

  const last = await session(nextSession());
  if (last.code === 0) finish();
  else fail(`the last run could not be finished: ${last.stderr}`);
  const temporary = leftovers === 0 ? "" : `, ${leftovers} temporary files left behind`;
  console.log(
    `${TIMES} kills, ${finished} runs finished, at most ${farthestBack} of ${SAVE_EVERY} steps to do again${temporary}: ` +
      (failures.length === 0 ? "nothing was lost." : `${failures.length} failures.`),
  );
  return failures.length === 0 ? 0 : 1;
}

/** What brings the run on: its beginning, where it was killed before it had written down what it is. */
function nextSession() {
  const hasBegun = existsSync(join(directory, "run", "config.json"));
  return hasBegun ? ["train", "--resume", "run"] : [...TRAIN, "--out", "run"];
}

/** Whether the run can be resumed and from which step, found out on a copy. */
async function probe() {
  const [resume, name] = nextSession().slice(-2);
  if (resume !== "--resume") return { reached: 0, resumedAt: 0 };
  const reached = lastLogged();
  rmSync(join(directory, "probe"), { recursive: true, force: true });
  cpSync(join(directory, name), join(directory, "probe"), { recursive: true });
  const limit = ["--max-steps", String(reached + 1)];
  const { code, stdout, stderr } = await session(["train", "--resume", "probe", ...limit, "--json"]);
  if (code !== 0) return { reached, problem: stderr };
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { resumedAt } = events.find(({ type }) => type === "started").summary;
  return { reached, resumedAt };
}

/** The last step in the metrics of the run; a line that was cut off does not count. */
function lastLogged() {
  const file = join(directory, "run", "metrics.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const steps = lines.slice(0, -1).map((line) => JSON.parse(line).step);
  return Math.max(0, ...steps);
}

function isLikeStraight() {
  const [one, other] = ["run", "straight"].map((run) =>
    readFileSync(join(directory, run, "last.safetensors")),
  );
  return one.equals(other);
}

function temporaryFiles() {
  return readdirSync(join(directory, "run")).filter((name) => name.endsWith(".tmp")).length;
}

/** Runs the real binary, and kills it after some milliseconds unless it has ended by then. */
function session(args, killAfter) {
  const started = performance.now();
  const child = spawn(process.execPath, [BINARY, ...args], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr: stderr.trim(), milliseconds: performance.now() - started });
    });
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
