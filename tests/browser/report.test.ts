import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, SMALLEST, writeFiles, xformer } from "../support/cli.ts";
import { CHROMIUM, inBrowser, launch, openFile, type WatchedPage } from "./browser.ts";

const cwd = temporaryDirectory();
const at = (name: string): string => join(cwd, name);
const LINES = letterPairs(420)
  .slice(-10)
  .map((pair) => pair.split("\t")[0]!);

async function run(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await xformer(args, { cwd });
  expect([stderr, code]).toEqual(["", 0]);
  return stdout;
}

/** What the explorer of a page makes of lines. */
async function translations(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const line of LINES) {
    await page.fill(".sentence input", line);
    const tokens = [...line.split(" "), "</s>"];
    await page.waitForFunction(
      (texts) =>
        JSON.stringify(
          [...document.querySelectorAll(".chips.source button")].map((chip) => chip.textContent),
        ) === JSON.stringify(texts),
      tokens,
    );
    found.push((await page.textContent(".translation output"))!);
  }
  return found;
}

async function seriousFaults(page: Page): Promise<unknown[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // The page's policy allows no script but its own; the debugger's is not subject to it.
  const { violations } = (await page.evaluate(`${axe}; axe.run()`)) as {
    violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[];
  };
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}

describe.skipIf(CHROMIUM === undefined)(inBrowser("the page about a run"), () => {
  let browser: Browser;
  let opened: WatchedPage;
  let wanted: string[];
  beforeAll(async () => {
    writeFiles(cwd, { "pairs.tsv": letterPairs(400) });
    const train = ["train", "pairs.tsv", ...SMALLEST, "--max-steps", "60", "--validate-every", "20"];
    const quick = ["--log-every", "5", "--lr", "0.01", "--warmup", "10", "--quiet"];
    await run(...train, ...quick, "--samples", "2", "--out", "run");
    await run(...train, ...quick, "--out", "second", "--seed", "2", "--no-report");
    await run("report", "run", "--half", "--output", "half.html", "--no-open");
    await run("report", "run", "second", "--output", "compared.html", "--no-open");
    wanted = (await xformer(["translate", "--model", "run"], { cwd, input: LINES.join("\n") })).stdout
      .trimEnd()
      .split("\n");
    browser = await launch();
    opened = await openFile(browser, at("run/report.html"));
    await opened.page.waitForSelector(".translation output");
  }, 60_000);
  afterAll(() => browser?.close());

  it("shows curves, sentences over time, the best and the worst, corpus and settings, in two languages", async () => {
    const { page } = opened;
    expect(await page.textContent("h1")).toBe("Report of run");
    expect(await page.$$eval(".charts canvas", (all) => all.length)).toBe(5);
    expect(await page.getAttribute('.charts [role="img"]', "aria-label")).toMatch(
      /^loss [\d.]+, validation loss [\d.]+$/,
    );
    expect(await page.$$eval(".sample", (all) => all.length)).toBe(2);
    expect(await page.$$eval(".sentences", (all) => all.length)).toBe(2);
    expect(await page.textContent("#report-corpus")).toContain("366 pairs to train on");
    await page.click("#report-settings summary");
    expect(await page.textContent("#report-settings")).toContain("d_model");
    const headings = await page.$$eval("h2", (all) => all.map(({ textContent }) => textContent));
    await page.selectOption('select[aria-label="Language"]', "zh");
    const others = await page.$$eval("h2", (all) => all.map(({ textContent }) => textContent));
    expect(others).toHaveLength(headings.length);
    for (const [i, heading] of headings.entries()) expect(others[i]).not.toBe(heading);
    await page.selectOption('select[aria-label="Language"]', "en");
  });

  it("translates as the command line does, and opens the views of the explorer", async () => {
    const { page } = opened;
    expect(await translations(page)).toEqual(wanted);
    expect(new Set(wanted).size).toBeGreaterThan(3);
    await page.click("#tab-attention");
    expect(await page.$$eval("#view canvas", (all) => all.length)).toBeGreaterThan(0);
    // The contents lead elsewhere on the page, and leave the explorer as it is.
    await page.click('.contents a[href="#report-corpus"]');
    expect(await page.getAttribute("#tab-attention", "aria-selected")).toBe("true");
  });

  it("with half floats translates as well", async () => {
    const { page, complaints } = await openFile(browser, at("half.html"));
    await page.waitForSelector(".translation output");
    const found = await translations(page);
    expect(found.filter((text, i) => text === wanted[i]).length).toBeGreaterThanOrEqual(9);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("compares runs: a line each in every chart, a table, and whether it may be chance", async () => {
    const { page, complaints } = await openFile(browser, at("compared.html"));
    expect(await page.$$eval(".charts canvas", (all) => all.length)).toBe(8);
    for (const legend of await page.$$eval(".charts .u-legend", (all) =>
      all.map(({ textContent }) => textContent),
    ))
      expect(legend).toMatch(/run.*second/);
    expect(await page.$$eval("#report-table tbody tr", (rows) => rows.length)).toBe(2);
    const verdicts = await page.$$eval("#report-comparison tbody td:last-child", (all) =>
      all.map(({ textContent }) => textContent),
    );
    expect(verdicts).toHaveLength(4);
    for (const verdict of verdicts) expect(["better", "worse", "may be chance"]).toContain(verdict);
    expect(await page.$(".sentence")).toBeNull();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each(["light", "dark"] as const)(
    "has nothing that axe finds serious, and no more than its width, %s",
    async (colorScheme) => {
      for (const file of ["run/report.html", "compared.html"]) {
        const { page, complaints } = await openFile(browser, at(file), { colorScheme, width: 390 });
        await page.waitForSelector(file === "compared.html" ? ".charts canvas" : ".translation output");
        for (const summary of await page.$$("#report-settings summary")) await summary.click();
        await page.waitForTimeout(100);
        expect(await seriousFaults(page)).toEqual([]);
        for (const width of [390, 1280, 1920]) {
          await page.setViewportSize({ width, height: 900 });
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        }
        expect(complaints).toEqual([]);
        await page.close();
      }
    },
  );

  it("has not complained, nor asked the network for anything", () => {
    expect(opened.complaints).toEqual([]);
  });
});
