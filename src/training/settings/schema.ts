import { z } from "zod";
import {
  isInRange,
  looksLikeTag,
  type NumberRange,
  PERCENT,
  type Rule,
  type ValueType,
} from "../../valueType.ts";
import type { Setting } from "./setting.ts";
import { defaultOf, type NamedSection, SECTIONS, SETTINGS } from "./table.ts";

/** Sections inside a section, which may be its `kind` or `file` alone: `source: char`. */
const INNER: Readonly<Partial<Record<NamedSection, Readonly<Record<string, NamedSection>>>>> = {
  tokenizer: { source: "tokenizer.source", target: "tokenizer.target" },
};

/**
 * What a configuration file may hold; everything may be left out.
 *
 * @param asWritten whether inner sections may be a text, as in a file that nobody has spelt out yet
 */
export function configSchema(asWritten = false): z.ZodType {
  const inner = Object.values(INNER).flatMap((sections) => Object.values(sections));
  const outer = (Object.keys(SECTIONS) as NamedSection[]).filter((name) => !inner.includes(name));
  const sections = outer.map((name) => [name, sectionSchema(name, asWritten)]);
  return z
    .strictObject({
      $schema: z.string().optional().meta({ description: "The schema that an editor checks the file by." }),
      ...keysOf(SETTINGS.run),
      ...Object.fromEntries(sections),
    })
    .nullable();
}

function sectionSchema(name: NamedSection, asWritten: boolean): z.ZodType {
  const inner = Object.entries(INNER[name] ?? {}).map(([key, section]) => [
    key,
    sectionSchema(section, asWritten),
  ]);
  const keys = z.strictObject({ ...keysOf(SETTINGS[name]), ...Object.fromEntries(inner) });
  const schema = asWritten && name.includes(".") ? z.union([z.string(), keys]) : keys;
  return schema.nullable().optional().meta({ description: SECTIONS[name] });
}

/** The same for editors: JSON Schema, draft 7. */
export function jsonSchema(): object {
  return asJsonSchema(configSchema(true), "Configuration of xformer train");
}

/** A schema for editors: JSON Schema, draft 7. */
export function asJsonSchema(schema: z.ZodType, title: string): object {
  const converted = z.toJSONSchema(schema, {
    target: "draft-7",
    // zod says of whole numbers that they are no larger than a double can hold: true, and no help.
    override: ({ jsonSchema: part }) => {
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
    },
  });
  return { ...converted, title };
}

function keysOf(settings: readonly Setting[]): Record<string, z.ZodType> {
  return Object.fromEntries(settings.map((setting) => [setting.key, valueSchema(setting)]));
}

function valueSchema(setting: Setting): z.ZodType {
  const { type, nullMeans, description } = setting;
  const schema = schemaOf(type);
  const usual = defaultOf(setting);
  return (nullMeans === undefined ? schema : schema.nullable()).optional().meta({
    description: nullMeans === undefined ? description : `${description}; null: ${nullMeans}`,
    ...(usual === undefined ? {} : { default: usual }),
  });
}

/** What a value of a type may be. */
export function schemaOf(type: ValueType): z.ZodType {
  switch (type.kind) {
    case "number":
      return type.percent ? z.union([numberSchema(type), z.string().regex(PERCENT)]) : numberSchema(type);
    case "numbers":
      return z.array(numberSchema(type.each)).length(type.count);
    case "choice":
      return z.enum(type.choices);
    case "boolean":
      return z.boolean();
    case "text":
      return z.string();
    case "texts":
      return z.array(z.string().min(1));
    case "path":
      return type.endings === undefined ? z.string().min(1) : z.string().regex(endingIn(type.endings));
    case "tag":
      return z.string().refine(looksLikeTag);
    case "corpora":
      return corporaSchema(type.fields);
  }
}

function corporaSchema(fields: Readonly<Record<string, Rule>>): z.ZodType {
  const keys = Object.entries(fields).map(([key, { type, nullMeans }]) => {
    const schema = schemaOf(type);
    return [key, (nullMeans === undefined ? schema : schema.nullable()).optional()] as const;
  });
  const path = z.string().min(1);
  const entry = z.union([path, z.strictObject({ path, ...Object.fromEntries(keys) })]);
  return z.union([path, z.array(entry).min(1)]);
}

function numberSchema(range: NumberRange): z.ZodNumber {
  const { whole = false, from, above, to, below } = range;
  let schema: z.ZodNumber = whole ? z.int() : z.number();
  if (from !== undefined) schema = schema.gte(from);
  if (above !== undefined) schema = schema.gt(above);
  if (to !== undefined) schema = schema.lte(to);
  if (below !== undefined) schema = schema.lt(below);
  return whole ? schema : schema.refine((value) => isInRange(value, range));
}

/** A pattern of what ends with one of several texts. */
function endingIn(endings: readonly string[]): RegExp {
  return new RegExp(`(?:${endings.map((ending) => ending.replaceAll(".", "\\.")).join("|")})$`);
}
