import { damaged, record, text, unsupported } from "../jsonFields.ts";

/**
 * The regular expression of a pattern, `{"String": ...}` or `{"Regex": ...}`, with the flags `gu`.
 *
 * @throws XformerError CHECKPOINT when it is no pattern or one that JavaScript cannot express
 */
export function createPattern(json: unknown, owner: string, file: string | undefined): RegExp {
  const pattern = record(json, `the pattern of ${owner}`, file);
  if (pattern.String !== undefined) {
    const literal = text(pattern.String, `the pattern of ${owner}`, file);
    return new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&") || "(?!)", "gu");
  }
  if (pattern.Regex === undefined) damaged(`the pattern of ${owner} is neither String nor Regex`, file);
  const source = text(pattern.Regex, `the pattern of ${owner}`, file);
  try {
    return new RegExp(translateRegex(source), "gu");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return unsupported(
      `the regular expression ${source} of ${owner}`,
      "groups, classes without nesting, look-around and (?i:...) of ASCII letters",
      file,
    );
  }
}

/** Escapes that mean more in Oniguruma and in Rust than in JavaScript, and what they mean there. */
const ESCAPES: Readonly<Record<string, readonly [outside: string, inClass: string]>> = {
  s: ["\\p{White_Space}", "\\p{White_Space}"],
  S: ["\\P{White_Space}", "\\P{White_Space}"],
  d: ["\\p{Nd}", "\\p{Nd}"],
  D: ["\\P{Nd}", "\\P{Nd}"],
  w: ["[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]", "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}"],
};
const OUTSIDE_CLASS: Readonly<Record<string, string>> = {
  W: "[^\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]",
  A: "(?<![^])",
  z: "(?![^])",
};
/** Scripts can be named without `Script=` there. */
const PROPERTY = /^\\([pP])\{(\^?)([\w=]+)\}/u;
const IGNORE_CASE = /^\(\?i:([^()[\]\\]*)\)/u;

/**
 * Rewrites a regular expression of Oniguruma (which Hugging Face's `tokenizers` uses) for JavaScript with the
 * flag `u`: classes of white space, digits and letters by Unicode, escapes that need none, and alternatives in
 * `(?i:...)`, which JavaScript of Node 20 does not have. What neither knows stays as it is, for `RegExp` to refuse.
 */
function translateRegex(source: string): string {
  let result = "";
  let isInClass = false;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const property = PROPERTY.exec(rest);
    const ignoreCase = isInClass ? null : IGNORE_CASE.exec(rest);
    const escaped = rest.startsWith("\\") ? String.fromCodePoint(rest.codePointAt(1) ?? 0x5c) : undefined;
    if (property !== null) {
      const [whole, letter, caret, name] = property;
      const isNegated = (letter === "P") !== (caret === "^");
      result += `\\${isNegated ? "P" : "p"}{${propertyName(name!)}}`;
      at += whole.length;
    } else if (ignoreCase !== null) {
      result += `(?:${ignoreCase[1]!.replace(/\p{L}/gu, bothCases)})`;
      at += ignoreCase[0].length;
    } else if (escaped !== undefined) {
      result += translateEscape(escaped, isInClass);
      at += 1 + escaped.length;
    } else {
      const character = source[at]!;
      // A bracket in a class would begin a nested one; && would intersect two: both are for RegExp to refuse.
      if (isInClass && (character === "[" || rest.startsWith("&&"))) throw new SyntaxError("nested class");
      if (character === "[") isInClass = true;
      if (character === "]") isInClass = false;
      const isPossessive = !isInClass && /^[*+?}]\+/.test(rest);
      if (isPossessive) throw new SyntaxError("possessive");
      result += character;
      at++;
    }
  }
  return result;
}

function translateEscape(escaped: string, isInClass: boolean): string {
  const known = ESCAPES[escaped];
  if (known !== undefined) return known[isInClass ? 1 : 0];
  const outside = OUTSIDE_CLASS[escaped];
  if (outside !== undefined && !isInClass) return outside;
  if (/[\\^$.*+?()[\]{}|/]/.test(escaped) || /[\p{L}\p{N}]/u.test(escaped)) return `\\${escaped}`;
  return escaped === "-" && isInClass ? "\\-" : escaped;
}

function propertyName(name: string): string {
  try {
    new RegExp(`\\p{${name}}`, "u");
    return name;
  } catch {
    return `Script=${name}`; // \p{Han}; what is no script either, RegExp refuses
  }
}

/** A class of the letter in both cases, and of the signs that Unicode folds onto it. */
function bothCases(letter: string): string {
  const folded = { k: "K\u212a", s: "S\u017f" }[letter.toLowerCase()] ?? letter.toUpperCase();
  return `[${letter.toLowerCase()}${folded}]`;
}
