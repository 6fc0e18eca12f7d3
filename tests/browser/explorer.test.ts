import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttentionWeights } from "../../src/decoding/crossAttention.ts";
import type { Translation } from "../../src/decoding/translation.ts";
import { type LoadedModel, loadFiles } from "../../src/loadedModel.ts";
import { train } from "../../src/training/train.ts";
import { VIEWS } from "../../src/web/page/texts/english.ts";
import { temporaryDirectory } from "../io/temporaryDirectory.ts";
import { letterPairs, writeFiles, xformer } from "../support/cli.ts";
import { CHROMIUM, inBrowser, launch, openFile, type WatchedPage } from "./browser.ts";

const directory = temporaryDirectory();
const file = join(directory, "explain.html");
const LINES = letterPairs(400)
  .slice(-100)
  .map((pair) => pair.split("\t")[0]!);

describe.skipIf(CHROMIUM === undefined)(inBrowser("the page of a model"), () => {
  let browser: Browser;
  let model: LoadedModel;
  let opened: WatchedPage;
  beforeAll(async () => {
    writeFiles(directory, { "pairs.tsv": letterPairs(300) });
    const out = join(directory, "run");
    await train({
      data: { train: join(directory, "pairs.tsv") },
      out,
      model: { dModel: 16, nHeads: 2, dFF: 32, nEncoderLayers: 2, nDecoderLayers: 2 },
      training: { maxSteps: 60, learningRate: 0.01, warmupSteps: 10, batchTokens: 256 },
    });
    const made = await xformer([
      "explain",
      "--model",
      out,
      "--output",
      file,
      "--source",
      LINES[0]!,
      "--no-open",
    ]);
    expect(made.code).toBe(0);
    model = await loadFiles(out, { threads: 1 });
    browser = await launch();
    opened = await openFile(browser, file);
    await opened.page.waitForSelector(".translation output");
  });
  afterAll(async () => {
    await browser?.close();
    await model?.close();
  });

  it("is under 1 MB without the weights", () => {
    const weights = /<script type="text\/plain" id="model">([^<]*)</.exec(readFileSync(file, "utf8"))![1]!;
    expect(readFileSync(file).length - weights.length).toBeLessThan(1e6);
  });

  it("translates a hundred sentences as the command line does", async () => {
    const { page } = opened;
    const wanted = (await model.translator.translate(LINES)).map(({ text }) => text);
    const found: string[] = [];
    for (const line of LINES) {
      await page.fill(".sentence input", line);
      // The chips of the source say which sentence the translation is of.
      const tokens = [...line.split(" "), "</s>"];
      await page.waitForFunction(
        (texts) =>
          JSON.stringify(
            [...document.querySelectorAll(".chips.source button")]
              .slice(0, texts.length)
              .map((chip) => chip.textContent),
          ) === JSON.stringify(texts),
        tokens,
      );
      found.push((await page.textContent(".translation output"))!);
    }
    expect(found).toEqual(wanted);
    expect(new Set(found).size).toBeGreaterThan(10);
  });

  it("shows the attention weights that the command line computes", async () => {
    const { page } = opened;
    const [line] = LINES;
    await page.fill(".sentence input", line!);
    await page.click("#tab-attention");
    await page.click(".matrix summary");
    await page.waitForSelector(".matrix table.numbers td");
    const shown = await page.$$eval(".matrix table.numbers tbody tr", (rows) =>
      rows.map((row) => [...row.querySelectorAll("td")].map((cell) => Number(cell.title))),
    );
    const { sourceTokenizer, targetTokenizer } = model.translator;
    const [{ text }] = (await model.translator.translate([line!])) as [Translation];
    const pair = { source: sourceTokenizer.encode(line!), target: targetTokenizer.encode(text) };
    const [weights] = (await model.translator.attention([pair])) as [AttentionWeights];
    expect([shown.length, shown[0]!.length]).toEqual([weights.rows, weights.columns]);
    for (const [i, value] of shown.flat().entries()) expect(value).toBeCloseTo(weights.values[i]!, 5);
  });

  it("opens every view, every part of the model, in English and in Chinese", async () => {
    const { page } = opened;
    for (const language of ["zh", "en"]) {
      await page.selectOption('select[aria-label="Language"]', language);
      for (const view of VIEWS) {
        await page.click(`#tab-${view}`);
        expect((await page.textContent("#view .about"))!.length).toBeGreaterThan(5);
      }
    }
    await page.click("#tab-stacks");
    const parts = await page.$$(".part");
    expect(parts).toHaveLength(2 * 2 + 2 * 3 + 3);
    for (const part of parts) {
      await part.click();
      expect(await page.$$eval(".inside canvas", (all) => all.length)).toBeGreaterThan(0);
    }
    await page.click("#tab-attention");
    for (const shape of ["Lines", "All heads"]) await page.click(`text=${shape}`);
    expect(await page.$$eval(".board canvas", (all) => all.length)).toBe(4);
  });

  it("lights a token up wherever it is shown: from chips, labels, cells, by pointer and by keyboard", async () => {
    const { page } = opened;
    const [line] = LINES;
    await page.fill(".sentence input", line!);
    await page.click("#tab-attention");
    await page.getByRole("button", { name: "Matrix", exact: true }).click();
    await page.selectOption("#view .choices select >> nth=0", "cross");
    /** What is lit: chips of both sides, labels of the rows and of the columns; by their places. */
    const lit = () =>
      page.evaluate(() =>
        [".chips.source li", ".chips.target li", ".matrix .rows li", ".matrix .columns li"].map((selector) =>
          [...document.querySelectorAll(selector)].flatMap((item, i) =>
            item.matches(".lit") || item.querySelector(".lit") !== null ? [i] : [],
          ),
        ),
      );
    await page.hover(".chips.source li:nth-child(2) button");
    expect(await lit()).toEqual([[1], [], [], [1]]);
    expect(await page.$$eval(".matrix .cells i", (bands) => bands.length)).toBe(1);
    await page.hover(".matrix .rows li:nth-child(3)");
    expect(await lit()).toEqual([[], [2], [2], []]);
    await page.hover(".matrix .columns li:nth-child(1)");
    expect(await lit()).toEqual([[0], [], [], [0]]);
    await page.mouse.move(0, 0);
    expect(await lit()).toEqual([[], [], [], []]);
    await page.focus(".matrix canvas");
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    expect(await lit()).toEqual([[1], [1], [1], [1]]);
    await page.focus(".chips.target li:nth-child(1) button");
    expect(await lit()).toEqual([[], [0], [0], []]);
    // What the decoder reads is what it has said, a place later, behind BEGIN.
    await page.selectOption("#view .choices select >> nth=0", "decoder");
    await page.focus(".chips.source li:nth-child(1) button");
    await page.focus(".chips.target li:nth-child(1) button");
    expect(await lit()).toEqual([[], [0], [1], [1]]);
    // In other views too: every matrix of the embeddings has the row.
    await page.click("#tab-tokens");
    await page.waitForFunction(() => document.querySelectorAll(".matrix").length === 3);
    await page.focus(".chips.source li:nth-child(3) button");
    const rows = await page.$$eval(".matrix .rows", (lists) =>
      lists.map((list) => list.children[2]!.className),
    );
    expect(rows).toEqual(["lit", "lit", "lit"]);
    // In a beam's tree and in the lesson the words that the translation has in the same places.
    await page.click("#tab-decoding");
    await page.waitForSelector(".tree span.best");
    await page.focus(".chips.target li:nth-child(1) button");
    const first = await page.textContent(".chips.target li:nth-child(1) button");
    const inTree = await page.$$eval(".tree span.lit", (spans) => spans.map((span) => span.textContent));
    expect(inTree).toHaveLength(1);
    expect(inTree[0]!.split(" ")[0]).toBe(first!.trim());
    await page.click("#tab-training");
    await page.hover(".lesson tbody tr:nth-child(2) td:nth-child(1)");
    expect(
      await page.$$eval(".lesson tbody td", (cells) =>
        cells.flatMap((td, i) => (td.matches(".lit") ? [i] : [])),
      ),
    ).toEqual([1, 5]); // what the first step says is what the second reads
    await page.click("#tab-attention");
    await page.selectOption("#view .choices select >> nth=0", "cross");
  });

  it("follows another choice of token, and goes back", async () => {
    const { page } = opened;
    await page.click("#tab-decoding");
    const own = await page.textContent(".translation output");
    const other = page.locator(".bars button").nth(1);
    const text = (await other.textContent())!;
    await other.click();
    await page.waitForFunction(
      (chosen) => document.querySelector(".chips.target button")?.textContent === chosen,
      text,
    );
    await page.click("text=Back to the model's own choice");
    await page.waitForFunction(
      (before) => document.querySelector(".translation output")?.textContent === before,
      own,
    );
  });

  it("shows a tour of ten steps, which Escape ends", async () => {
    const { page } = opened;
    await page.click("text=Take the tour");
    for (let step = 1; step < 10; step++) await page.click(".tour button:last-child");
    expect(await page.textContent(".tour")).toContain("10 of 10");
    await page.keyboard.press("Escape");
    expect(await page.$(".tour")).toBeNull();
  });

  it.each(["light", "dark"] as const)("has nothing that axe finds serious, %s", async (colorScheme) => {
    const { page } = await openFile(browser, file, { colorScheme, width: 390 });
    await page.waitForSelector(".translation output");
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    for (const view of VIEWS) {
      await page.click(`#tab-${view}`);
      if (view === "attention") await page.click("text=All heads");
      await page.waitForTimeout(100);
      // The page's policy allows no script but its own; the debugger's is not subject to it.
      const found = await page.evaluate(`${axe}; axe.run()`);
      const { violations } = found as {
        violations: readonly { id: string; impact: string; nodes: unknown[] }[];
      };
      expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
    }
    await page.close();
  });

  it("has not complained, nor asked the network for anything", () => {
    expect(opened.complaints).toEqual([]);
  });
});
