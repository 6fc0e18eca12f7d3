import { z } from "zod";
import { isInRange, type NumberRange, PERCENT, type ValueType } from "../../valueType.ts";
import type { Setting } from "./setting.ts";
import { defaultOf, type NamedSection, SECTIONS, SETTINGS } from "./table.ts";

/** What a configuration file may hold; everything may be left out. */
export function configSchema(): z.ZodType {
  const sections = Object.entries(SECTIONS).map(([name, description]) => [
    name,
    z
      .strictObject(keysOf(SETTINGS[name as NamedSection]))
      .nullable()
      .optional()
      .meta({ description }),
  ]);
  return z
    .strictObject({
      $schema: z.string().optional().meta({ description: "The schema that an editor checks the file by." }),
      ...keysOf(SETTINGS.run),
      ...Object.fromEntries(sections),
    })
    .nullable();
}

/** The same for editors: JSON Schema, draft 7. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(configSchema(), {
    target: "draft-7",
    // zod says of whole numbers that they are no larger than a double can hold: true, and no help.
    override: ({ jsonSchema: part }) => {
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
    },
  });
  return { ...schema, title: "Configuration of xformer train" };
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

function schemaOf(type: ValueType): z.ZodType {
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
      return type.ending === undefined ? z.string().min(1) : z.string().endsWith(type.ending);
  }
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
