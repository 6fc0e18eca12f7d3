import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { xformer } from "../support/cli.ts";
import { CHROMIUM, inBrowser, launch, openFile, type WatchedPage } from "./browser.ts";

const directory = temporaryDirectory();
const file = join(directory, "playground.html");
const checkpoint = join(directory, "reverse.safetensors");

describe.skipIf(CHROMIUM === undefined)(inBrowser("the playground"), () => {
  let browser: Browser;
  let opened: WatchedPage;
  beforeAll(async () => {
    expect((await xformer(["playground", "--output", file, "--no-open"])).code).toBe(0);
    browser = await launch();
    opened = await openFile(browser, file);
    await opened.page.waitForSelector(".playground .primary");
  });
  afterAll(() => browser?.close());

  it("takes one step at a time, and what may be changed on the way is, without a new start", async () => {
    const { page } = opened;
    for (const step of ["1", "2", "3"]) {
      await page.click("text=One step");
      await page.waitForSelector(`.now[data-step="${step}"]`);
    }
    const changes = [
      ["Learning rate", "0.002", "0.005"],
      ["Dropout", "0.2", "0"],
      ["Label smoothing", "0", "0.1"],
      ["Tokens a batch", "256", "512"],
    ] as const;
    let step = 3;
    for (const side of [1, 2] as const)
      for (const change of changes) {
        await page.getByLabel(change[0]).selectOption(change[side]);
        await page.click("text=One step");
        await page.waitForSelector(`.now[data-step="${++step}"]`);
      }
    expect(await page.textContent(".playground")).toContain("on 1 thread"); // not isolated from other sites
  });

  it("begins anew with another size, and says so beside it", async () => {
    const { page } = opened;
    expect(await page.textContent("legend")).toContain("begins anew");
    const width = page.getByLabel("Width dModel");
    for (const size of ["32", "64"]) {
      await width.selectOption(size);
      await page.waitForSelector('.now[data-step="0"]');
      await page.click("text=One step");
      await page.waitForSelector('.now[data-step="1"]');
    }
  });

  it("learns to reverse: 99 of a hundred held-out sequences", { timeout: 600_000 }, async () => {
    const { page } = opened;
    await page.click(".playground .primary");
    await page.waitForFunction(
      () => Number(document.querySelector<HTMLElement>(".now")?.dataset.exact) >= 99,
      undefined,
      { timeout: 590_000 },
    );
    await page.click(".playground .primary");
  });

  it("gives its model away, which the command line reads, and opens it again", async () => {
    const { page } = opened;
    const download = page.waitForEvent("download");
    await page.click("text=Take the checkpoint home");
    await (await download).saveAs(checkpoint);
    const { stdout, code } = await xformer(["translate", "--model", checkpoint], {
      input: "k 4 a b c\nz y x\n",
    });
    expect(code).toBe(0);
    expect(stdout).toBe("c b a 4 k\nx y z\n");
    await page.setInputFiles('input[type="file"]', checkpoint);
    await page.waitForSelector(".translation output");
    await page.fill(".sentence input", "k 4 a b c");
    await page.waitForFunction(
      () => document.querySelector(".translation output")?.textContent === "c b a 4 k",
    );
    await page.click("text=Back to training");
    await page.waitForSelector(".playground .primary");
  });

  it("has not complained, nor asked the network for anything", () => {
    expect(opened.complaints).toEqual([]);
  });
});
