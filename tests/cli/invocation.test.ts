import { expect, it } from "vitest";
import { asInvoked } from "../../src/cli/invocation.ts";

it.each([
  ["/usr/local/bin/xformer", "xformer train && xformer eval"],
  ["/home/me/.local/bin/xformer", "xformer train && xformer eval"],
  ["/home/me/project/node_modules/.bin/xformer", "npx xformer train && npx xformer eval"],
  ["/home/me/xformer/bin/xformer.js", "npx xformer train && npx xformer eval"],
  [undefined, "npx xformer train && npx xformer eval"],
])("started as %s, hints say %s", (script, hint) => {
  expect(asInvoked("npx xformer train && npx xformer eval", script ?? "")).toBe(hint);
});
