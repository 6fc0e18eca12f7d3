import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

/** Where systems keep Chromium and Chrome; `CHROMIUM` names another. */
const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The browser that there is; tests of pages are skipped, and say so, where there is none. */
export const CHROMIUM: string | undefined = PLACES.find((place) => place !== undefined && existsSync(place));

/** What to call tests that need a browser. */
export function inBrowser(name: string): string {
  return CHROMIUM === undefined ? `${name} (skipped: no Chromium here; set CHROMIUM to its path)` : name;
}

/** Starts the browser without a window. */
export function launch(): Promise<Browser> {
  // Containers often allow no sandbox of their own; the pages are ours.
  return chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
}

/** A page, and what it did that it should not: messages on its console, errors, requests that leave it. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens a file in a page of its own. */
export async function openFile(
  browser: Browser,
  file: string,
  options: {
    readonly width?: number;
    readonly colorScheme?: "light" | "dark";
    readonly locale?: string;
  } = {},
): Promise<WatchedPage> {
  const { width = 1280, colorScheme = "light", locale = "en-US" } = options;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, locale });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  return { page, complaints };
}
