import { z } from "zod";
import { asJsonSchema, configSchema, schemaOf } from "../training/settings/schema.ts";
import type { Rule } from "../valueType.ts";
import { AXES, DECODING_KEYS, TASK_KEYS } from "./axes.ts";
import { LAB_METRICS, PLAIN_KEYS } from "./experimentFile.ts";

type Described = Rule & { readonly description?: string };

/** What an experiment file may hold, for editors: JSON Schema, draft 7. */
export function labJsonSchema(): object {
  const { title, ...plain } = keysOf(PLAIN_KEYS);
  const file = z.strictObject({
    $schema: z.string().optional().meta({ description: "The schema that an editor checks the file by." }),
    title: title!.unwrap(),
    ...plain,
    task: z
      .strictObject({ ...keysOf(TASK_KEYS), name: schemaOf(TASK_KEYS.name.type) })
      .optional()
      .meta({ description: "The toy task that the data are made of." }),
    base: configSchema(true).optional().meta({ description: "The configuration that all runs share." }),
    compare: variantsSchema().meta({
      description: "What is compared: all combinations of values, or a list; the first is the base.",
    }),
    for_each: variantsSchema()
      .optional()
      .meta({ description: "In what situations it is compared, each by itself." }),
    seeds: z
      .array(z.int().gte(0).lte(0xffff_ffff))
      .min(1)
      .optional()
      .meta({ default: [1, 2, 3] }),
    metrics: z
      .array(z.enum(LAB_METRICS))
      .min(1)
      .optional()
      .meta({ description: "What is measured on test pairs.", default: ["exact-match"] }),
    tests: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          task: z.strictObject(keysOf(TASK_KEYS)).optional(),
          path: z.string().min(1).optional(),
        }),
      )
      .optional()
      .meta({ description: "Further pairs to test on: of the task, made otherwise, or of a corpus." }),
    decoding: z
      .strictObject(keysOf(DECODING_KEYS))
      .optional()
      .meta({ description: "How test pairs are translated." }),
  });
  return asJsonSchema(file, "Experiment of xformer lab");
}

function variantsSchema(): z.ZodType {
  const axes = [...AXES].map(([name, { rule }]) => [name, ruleSchema(rule)] as const);
  const lists = axes.map(([name, schema]) => [name, z.array(schema).min(1).optional()]);
  const values = axes.map(([name, schema]) => [name, schema.optional()]);
  return z.union([
    z.strictObject(Object.fromEntries(lists)),
    z.array(z.strictObject({ label: z.string().min(1), ...Object.fromEntries(values) })).min(1),
  ]);
}

function ruleSchema({ type, nullMeans }: Rule): z.ZodType {
  const schema = schemaOf(type);
  return nullMeans === undefined ? schema : schema.nullable();
}

function keysOf(rules: Readonly<Record<string, Described>>): Record<string, z.ZodOptional<z.ZodType>> {
  return Object.fromEntries(
    Object.entries(rules).map(([key, { type, description }]) => [
      key,
      schemaOf(type)
        .optional()
        .meta(description === undefined ? {} : { description }) as z.ZodOptional<z.ZodType>,
    ]),
  );
}
