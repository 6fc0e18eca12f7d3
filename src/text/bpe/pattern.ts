import { damaged, record, text, unsupported } from "../jsonFields.ts";
import { literalRegex, translateRegex } from "./regex.ts";

/**
 * The regular expression of a pattern, `{"String": ...}` or `{"Regex": ...}`, that finds all of its matches.
 *
 * @param owner the part whose pattern it is, for the error message
 * @throws XformerError CHECKPOINT when it is no pattern or one that JavaScript cannot express
 */
export function createPattern(json: unknown, owner: string, file: string | undefined): RegExp {
  const pattern = record(json, `the pattern of ${owner}`, file);
  if (pattern.String !== undefined) {
    const literal = text(pattern.String, `the pattern of ${owner}`, file);
    return new RegExp(literalRegex(literal) || "(?!)", "gu");
  }
  if (pattern.Regex === undefined) damaged(`the pattern of ${owner} is neither String nor Regex`, file);
  const source = text(pattern.Regex, `the pattern of ${owner}`, file);
  try {
    return new RegExp(translateRegex(source), "gv");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return unsupported(
      `the regular expression ${JSON.stringify(source)} of ${owner}`,
      "what JavaScript and Oniguruma have in common, and (?i:...) of letters",
      file,
    );
  }
}
