import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { jsonSchema } from "../../../src/training/settings/schema.ts";

const shipped: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../schema/xformer.schema.json"), "utf8"),
);

it("the schema that is shipped is that of the settings; `npm run settings` writes it", () => {
  expect(shipped).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

it("tells an editor what a key is, what it takes and what it is otherwise, and which keys there are", () => {
  const [file] = (jsonSchema() as { anyOf: { properties: Record<string, object> }[] }).anyOf;
  expect(file).toMatchObject({ additionalProperties: false });
  expect(Object.keys(file!.properties)).toEqual([
    ...["$schema", "from", "keep_optimizer", "extend_vocabulary", "out", "threads", "kernels", "max_minutes"],
    ...["cache", "samples", "tensorboard", "data", "filter", "tokenizer", "model", "training"],
  ]);
  const [training] = (file!.properties.training as { anyOf: { properties: object }[] }).anyOf;
  expect(training).toMatchObject({
    additionalProperties: false,
    properties: {
      label_smoothing: { type: "number", minimum: 0, exclusiveMaximum: 1, default: 0.1 },
      schedule: { enum: ["inverse-sqrt", "cosine", "linear", "constant", "plateau"] },
      lr: {
        description: "peak learning rate; null: the paper's, d_model^-0.5 warmup^-0.5",
        anyOf: [{ type: "number", exclusiveMinimum: 0, maximum: 10 }, { type: "null" }],
      },
      adam_betas: { minItems: 2, maxItems: 2, default: [0.9, 0.98] },
    },
  });
});
