// Measures what one unknown word does to a sentence: new sentences of the bundled grammar, in which the name of a person
// or a place is replaced by one that no model trained on the bundled corpus has seen. Needs a built dist/.
//   node scripts/unknown-names.mjs runs/zh-en-1 [more models]
// For each model, of a hundred sentences: those translated right as they were; those of which all is right but the name,
// when it is unknown; and those that are right with the name copied from the source.
import { readFileSync } from "node:fs";
import { loadModel } from "../dist/index.js";
import { findTask } from "../dist/tasks/tasks.js";

const SEED = 7;
const SENTENCES = 5000;
const NAMES = {
  刘: "Liu",
  张: "Zhang",
  王: "Wang",
  李: "Li",
  陈: "Chen",
  德国: "Germany",
  法国: "France",
  英国: "England",
  日本: "Japan",
  北京: "Beijing",
  上海: "Shanghai",
  中国: "China",
};
const UNKNOWN = { person: "龚", place: "瑞典" };
const TITLE = /^(先生|女士|医生|老师)/;

const seen = new Set(readFileSync(new URL("../data/zh-en/train.zh", import.meta.url), "utf8").split("\n"));
const sentences = findTask("zh-en")
  .generate({ seed: SEED, count: SENTENCES })
  .filter(({ source }) => !seen.has(source))
  .flatMap(withUnknownName);

for (const path of process.argv.slice(2)) {
  const model = await loadModel(path);
  for (const kind of ["place", "person"]) {
    const some = sentences.filter((sentence) => sentence.kind === kind);
    const share = (right) => `${((100 * right.filter(Boolean).length) / some.length).toFixed(1)} %`;
    const textsOf = async (lines, options) =>
      (await model.translateAll(lines, options).toArray()).map(({ text }) => text);
    const known = await textsOf(some.map(({ source }) => source));
    const unknown = some.map(({ changed }) => changed);
    const kept = await textsOf(unknown);
    const copied = await textsOf(unknown, { unknown: "copy" });
    const figures = [
      `known ${share(known.map((text, i) => text === some[i].target))}`,
      `the rest right ${share(kept.map((text, i) => some[i].rest.test(text)))}`,
      `right with the name copied ${share(copied.map((text, i) => text === some[i].wanted))}`,
    ];
    process.stdout.write(`${path}, ${some.length} sentences with a ${kind}: ${figures.join(", ")}\n`);
  }
  await model.close();
}

/** A sentence in which one name can be replaced; nothing for one that has none, or the same one twice. */
function withUnknownName({ source, target }) {
  for (const [name, english] of Object.entries(NAMES)) {
    const [before, after, ...more] = source.split(name);
    const [start, end, ...others] = target.split(english);
    if (after === undefined || end === undefined || more.length > 0 || others.length > 0) continue;
    const isPerson = name.length === 1;
    if (isPerson && !TITLE.test(after)) continue;

    const kind = isPerson ? "person" : "place";
    const unknown = UNKNOWN[kind];
    const rest = new RegExp(`^${escaped(start)}\\S+( \\S+)?${escaped(end)}$`);
    return [
      {
        kind,
        source,
        target,
        changed: `${before}${unknown}${after}`,
        wanted: `${start}${unknown}${end}`,
        rest,
      },
    ];
  }
  return [];
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
