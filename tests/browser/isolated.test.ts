import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { xformer } from "../support/cli.ts";
import { CHROMIUM, inBrowser, launch } from "./browser.ts";

const directory = temporaryDirectory();
const file = join(directory, "playground.html");
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const CORES = 3;

describe.skipIf(CHROMIUM === undefined)(inBrowser("a page that is isolated from all others"), () => {
  let browser: Browser;
  let server: Server;
  beforeAll(async () => {
    expect((await xformer(["playground", "--output", file, "--no-open"])).code).toBe(0);
    server = createServer(({ url }, response) => {
      response.writeHead(200, { "Content-Type": "text/html", ...(url === "/isolated" ? ISOLATED : {}) });
      response.end(readFileSync(file));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    server.close();
  });

  /** Trains for some steps, changes something, trains on; gives what the page says, and the checkpoint. */
  async function trained(path: string) {
    const page: Page = await browser.newPage({ locale: "en-US" });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    // However many cores there are here: results must not depend on them.
    await page.addInitScript(`Object.defineProperty(navigator, "hardwareConcurrency", { value: ${CORES} })`);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    await page.waitForSelector(".playground .primary");
    const step = async (number: number): Promise<void> => {
      await page.click("text=One step");
      await page.waitForSelector(`.now[data-step="${number}"]`);
    };
    for (const number of [1, 2, 3]) await step(number);
    await page.getByLabel("Dropout").selectOption("0.2");
    for (const number of [4, 5]) await step(number);
    const text = (await page.textContent(".playground"))!;
    const download = page.waitForEvent("download");
    await page.click("text=Take the checkpoint home");
    const checkpoint = join(directory, `${path.slice(1)}.safetensors`);
    await (await download).saveAs(checkpoint);
    // A new start ends the threads of the old one and has its own.
    await page.click("text=Begin again");
    await page.waitForSelector('.now[data-step="0"]');
    await step(1);
    await page.close();
    return { text, complaints, bytes: readFileSync(checkpoint) };
  }

  it("trains on as many threads as there are cores, to the same bytes as on one", async () => {
    const [isolated, plain] = [await trained("/isolated"), await trained("/plain")];
    expect(isolated.text).toContain(`on ${CORES} threads`);
    expect(plain.text).toContain("on 1 thread");
    expect(Buffer.compare(isolated.bytes, plain.bytes)).toBe(0);
    expect([...isolated.complaints, ...plain.complaints]).toEqual([]);
  });
});
