import { type ChildProcess, execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../../src/serve/limits.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { type CliResult, finished, SMALLEST, startXformer, xformer } from "../support/cli.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/serve.md"), "utf8");
const cwd = temporaryDirectory();
const run = promisify(execFile);
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

interface Started {
  readonly child: ChildProcess;
  readonly said: string;
  readonly url: string;
  readonly end: Promise<CliResult>;
}

/** Starts the real server, on any free port, and waits until it says where it is. */
async function start(...flags: string[]): Promise<Started> {
  const child = startXformer(["serve", "--model", "run", "--port", "0", "--threads", "1", ...flags], { cwd });
  const end = finished(child);
  const lines = createInterface(child.stdout!);
  const [said] = (await Promise.race([
    once(lines, "line"),
    end.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ])) as [string];
  return { child, said, url: /http:\S+/.exec(said)![0], end };
}

beforeAll(async () => {
  const flags = ["train", "--max-steps", "5", "--validate-pairs", "5", "--out", "run", "--quiet"];
  expect((await xformer([...flags, ...SMALLEST], { cwd })).code).toBe(0);
});

describe("xformer serve", () => {
  it("says where it is, logs what it is asked, and ends with 0 when it is asked to", async () => {
    const { child, said, url, end } = await start("--log");
    expect(said).toMatch(/^The page and the API are at http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await fetch(url);
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'sha256-.*; frame-ancestors 'none'$/,
    );
    expect(await page.text()).toContain('<script type="text/plain" id="model">');
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${url}translate`, {
      method: "POST",
      headers,
      body: '{"source": "我很好。"}',
    });
    expect(Object.keys((await answer.json()) as object)).toContain("translation");
    child.kill("SIGTERM");
    const { code, stderr } = await end;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^\S+Z GET \/ 200 \d+ ms\n\S+Z POST \/translate 200 \d+ ms\nAnswering what is under/,
    );
    expect(stderr).not.toContain("我");
  });

  it("is the API alone with --no-page, quiet without --log, and known by more names with --host", async () => {
    const { child, said, url, end } = await start("--no-page", "--host", "0.0.0.0");
    expect(said).toMatch(/^The API is at http:\/\/0\.0\.0\.0:\d+\/$/);
    const page = await fetch(url.replace("0.0.0.0", "127.0.0.1"));
    expect([page.status, await page.json()]).toMatchObject([404, { error: { code: "NOT_FOUND" } }]);
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: whoever can reach .* can use it: .*\nAnswering what is under way.*\n$/);
  });

  it("ends while it loads, too", async () => {
    const child = startXformer(["serve", "--model", "run", "--port", "0"], { cwd });
    const end = finished(child);
    await once(child, "spawn");
    child.kill("SIGTERM"); // whether anybody listens yet or not
    const { stdout, code } = await end;
    expect(stdout.match(/\n/g)?.length ?? 0).toBeLessThan(2);
    expect([0, null]).toContain(code);
  });

  it.each<[string, readonly string[], string, number]>([
    ["a port that is none", ["--port", "65536"], "--port: expected a whole number from 0 to 65535, got", 2],
    ["an empty address", ["--host", ""], "--host: the address is empty. Give an address.", 2],
    ["no room", ["--queue", "0"], "--queue: expected a whole number from 1 to 100000, got", 2],
    ["no time", ["--timeout", "0"], "--timeout: expected a number above 0 and at most 86400, got", 2],
    [
      "another machine's address",
      ["--host", "192.0.2.1"],
      "192.0.2.1:0: this machine has no such address.",
      1,
    ],
  ])("refuses %s", async (_, flags, message, code) => {
    const result = await xformer(["serve", "--model", "run", "--port", "0", ...flags], { cwd });
    expect(result.stderr).toContain(message);
    expect(result.stderr).toMatch(/^[^\n]*\n$/);
    expect(result.code).toBe(code);
  });

  it("refuses a model that is not there", async () => {
    const { stderr, code } = await xformer(["serve", "--model", "nowhere"], { cwd });
    expect(stderr).toMatch(/^nowhere.*: no such file or directory\./);
    expect(code).toBe(1);
  });
});

/** What is said of a value that depends on the model: its type, and of lists that of their first entry. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, shapeOf(own)]));
}

describe.skipIf(!hasCurl)("docs/serve.md keeps its word (skipped where there is no curl)", () => {
  let server: Started;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    server.child.kill("SIGTERM");
    await server.end;
  });

  const examples = [...DOCUMENT.matchAll(/```sh\n(curl .*)\n```\n\n(?:```(json|text)\n([\s\S]*?)```)?/g)];
  it("has examples", () => expect(examples.length).toBeGreaterThan(6));

  it.each(examples.map(([, command, kind, answer]) => [command!, kind, answer] as const))(
    "%s",
    async (command, kind, answer) => {
      const here = command.replace("http://127.0.0.1:8080/", server.url).replace(/^curl/, "curl --silent");
      const { stdout } = await run("sh", ["-c", here]);
      if (kind === "json") {
        const [found, wanted] = [JSON.parse(stdout), JSON.parse(answer!)];
        if ("error" in wanted) expect(found).toEqual(wanted);
        else expect(shapeOf(found)).toEqual(shapeOf(wanted));
      } else if (kind === "text") {
        const events = (text: string) =>
          [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data]) => [
            name,
            JSON.parse(data!),
          ]);
        const shapes = new Map(events(answer!).map(([name, data]) => [name, shapeOf(data)]));
        expect(events(stdout).at(-1)![0]).toBe("done");
        for (const [name, data] of events(stdout)) expect(shapeOf(data)).toEqual(shapes.get(name));
      } else expect(stdout).toMatch(/^# HELP xformer_requests_total /);
    },
  );
});

it("docs/serve.md has every limit with its default", () => {
  for (const { flag, usual } of Object.values(LIMITS))
    expect(DOCUMENT).toMatch(new RegExp(`^\\| \`${flag.split(" ")[0]}\` +\\| ${usual} +\\|`, "m"));
});
