import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/index.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { finished, letterPairs, SMALLEST, startXformer, writeFiles, xformer } from "../support/cli.ts";
import { CHROMIUM, inBrowser, launch } from "./browser.ts";

const cwd = temporaryDirectory();

describe.skipIf(CHROMIUM === undefined)(inBrowser("the page of a server"), () => {
  let browser: Browser;
  beforeAll(async () => {
    writeFiles(cwd, { "pairs.tsv": letterPairs(300) });
    const steps = ["--max-steps", "60", "--lr", "0.01", "--warmup", "10", "--batch-tokens", "256"];
    const flags = ["train", "pairs.tsv", ...SMALLEST, ...steps, "--out", "run", "--quiet"];
    expect((await xformer(flags, { cwd })).code).toBe(0);
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it("translates by itself, isolated from all others, and may ask for nothing; that which trains has threads", async () => {
    const child = startXformer(["serve", "--model", "run", "--port", "0", "--threads", "1"], { cwd });
    const end = finished(child);
    const [said] = (await once(createInterface(child.stdout!), "line")) as [string];
    const url = /http:\S+/.exec(said)![0];
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== url && !/^(blob|data):/.test(request.url())) complaints.push(request.url());
    });
    await page.goto(url);
    await page.waitForSelector(".translation output");
    await page.fill(".sentence input", "a b c");
    const tokens = ["a", "b", "c", "</s>"];
    await page.waitForFunction((texts) => {
      const chips = [...document.querySelectorAll(".chips.source button")].map((chip) => chip.textContent);
      return JSON.stringify(chips.slice(0, texts.length)) === JSON.stringify(texts);
    }, tokens);
    const model = await loadModel(join(cwd, "run"));
    const { text } = await model.translate("a b c");
    await model.close();
    expect(await page.textContent(".translation output")).toBe(text);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(complaints).toEqual([]);
    // Not even what it comes from may be asked: the policy says so.
    expect(await page.evaluate(() => fetch("/health").then(String, (error) => error.name))).toBe("TypeError");
    await page.close();
    const trainer = await browser.newPage({ locale: "en-US" });
    await trainer.addInitScript(`Object.defineProperty(navigator, "hardwareConcurrency", { value: 3 })`);
    await trainer.goto(`${url}playground`);
    await trainer.click("text=One step");
    await trainer.waitForSelector('.now[data-step="1"]');
    expect(await trainer.textContent(".playground")).toContain("on 3 threads");
    await trainer.close();
    child.kill("SIGTERM");
    expect((await end).code).toBe(0);
  });
});
