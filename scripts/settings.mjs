// Writes what is made from the table of settings: schema/xformer.schema.json, schema/lab.schema.json and the tables of
// docs/configuration.md.
// With --check nothing is written, and stale files are named instead. Needs `npm run build` first.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { labJsonSchema } from "../dist/lab/schema.js";
import { FITTED } from "../dist/training/settings/fit.js";
import { jsonSchema } from "../dist/training/settings/schema.js";
import { flagOf, offFlagOf } from "../dist/training/settings/setting.js";
import { defaultOf, isFitted, SECTIONS, SETTINGS } from "../dist/training/settings/table.js";
import { describeType } from "../dist/valueType.js";

const SCHEMA = "schema/xformer.schema.json";
const LAB_SCHEMA = "schema/lab.schema.json";
const DOCS = "docs/configuration.md";

/** The tables stand between these two lines. */
const [BEGIN, END] = ["<!-- settings -->", "<!-- end of settings -->"];

function tables() {
  const titles = { run: "At the top of the file", ...SECTIONS };
  return Object.entries(titles)
    .map(([section, title]) => {
      const heading = section === "run" ? title : `\`${section}:\` ${title}`;
      return `### ${heading.replace(/\.$/, "")}\n\n${table(SETTINGS[section])}\n`;
    })
    .join("\n");
}

function table(settings) {
  const rows = settings.map((setting) => [
    `\`${setting.key}\``,
    flags(setting),
    fields(setting),
    `${setting.description}; ${describeType(setting.type)}`,
    usual(setting),
    ...[setting.joeynmt, setting.fairseq].map((name) => (name === undefined ? "" : `\`${name}\``)),
  ]);
  const all = [
    ["key", "flag", "TypeScript", "what it is", "default", "JoeyNMT", "fairseq"],
    ["---", "---", "---", "---", "---", "---", "---"],
  ].concat(rows);
  // What looks like a tag, such as <unk>, would vanish.
  return all.map((cells) => `| ${cells.join(" | ").replaceAll("<", "&lt;")} |`).join("\n");
}

function flags(setting) {
  const off = offFlagOf(setting);
  return [flagOf(setting), ...(off === undefined ? [] : [off])].map((flag) => `\`--${flag}\``).join(", ");
}

/** What a setting is called in the library's options. */
function fields({ section, fields, option }) {
  const names = option === undefined ? fields.map((field) => `${section}.${field}`) : [option];
  return names.map((name) => `\`${name}\``).join(", ");
}

function usual(setting) {
  if (setting.usual !== undefined) return setting.usual;
  if (isFitted(setting)) return FITTED;
  const value = defaultOf(setting);
  return value === null ? `null: ${setting.nullMeans}` : `\`${JSON.stringify(value)}\``;
}

function withTables(text) {
  const [before, after] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  return `${text.slice(0, before)}\n\n${tables()}\n${text.slice(after)}`;
}

const path = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const made = {
  [SCHEMA]: () => `${JSON.stringify(jsonSchema(), null, 2)}\n`,
  [LAB_SCHEMA]: () => `${JSON.stringify(labJsonSchema(), null, 2)}\n`,
  [DOCS]: () => withTables(readFileSync(path(DOCS), "utf8")),
};
const isCheck = process.argv.includes("--check");
for (const [file, make] of Object.entries(made)) {
  const text = make();
  if (!isCheck) writeFileSync(path(file), text);
  else if (readFileSync(path(file), "utf8") !== text) {
    console.error(`${file} is stale. Run \`npm run settings\`.`);
    process.exitCode = 1;
  }
}
