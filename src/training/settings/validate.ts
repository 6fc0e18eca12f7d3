import { XformerError } from "../../errors.ts";
import { accepts, describeRange, describeType, isInRange } from "../../valueType.ts";
import type { NamedSection } from "./table.ts";
import { SETTINGS } from "./table.ts";

/**
 * Checks the fields of a part of a configuration against the table.
 *
 * @throws XformerError CONFIG that names the field and what it has to be
 */
export function checkFields(section: NamedSection, config: object): void {
  for (const { fields, type, nullMeans } of SETTINGS[section]) {
    for (const field of fields) {
      const value = (config as Record<string, unknown>)[field];
      if (value === null && nullMeans !== undefined) continue;
      if (type.kind === "numbers" ? isInRange(value, type.each) : accepts(type, value)) continue;
      const expected = type.kind === "numbers" ? describeRange(type.each) : describeType(type);
      throw new XformerError("CONFIG", `${field} is ${typeof value === "string" ? `"${value}"` : value}`, {
        hint: `It has to be ${expected}${nullMeans === undefined ? "" : ", or null"}.`,
      });
    }
  }
}
