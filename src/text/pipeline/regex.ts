import { damaged, record, text, unsupported } from "../jsonFields.ts";
import { LinearPattern, type Pattern, patternOf } from "./linearPattern.ts";

/**
 * The pattern of a part, `{"String": ...}` or `{"Regex": ...}`. Whoever wrote the file may have meant harm: it takes
 * linear time whatever it is.
 *
 * @param owner the part whose pattern it is, for the error message
 * @throws XformerError CHECKPOINT when it is no pattern or one that JavaScript cannot express
 */
export function createPattern(json: unknown, owner: string, file: string | undefined): Pattern {
  const pattern = record(json, `the pattern of ${owner}`, file);
  if (pattern.String !== undefined) {
    const literal = text(pattern.String, `the pattern of ${owner}`, file);
    return patternOf(new RegExp(literalRegex(literal) || "(?!)", "gu"));
  }
  if (pattern.Regex === undefined) damaged(`the pattern of ${owner} is neither String nor Regex`, file);
  const source = text(pattern.Regex, `the pattern of ${owner}`, file);
  try {
    const translated = translateRegex(source);
    new RegExp(translated, "v"); // JavaScript itself says best what it does not know
    return new LinearPattern(translated);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return unsupported(
      `the regular expression ${JSON.stringify(source)} of ${owner}`,
      "what JavaScript and Oniguruma have in common but for back references, and (?i:...) of letters",
      file,
    );
  }
}

/** Letters, marks, digits and connectors, for use in a class. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
/** Outside of a class Oniguruma counts the Latin-1 fractions and superscripts in too. */
const WORD_OUTSIDE = `${WORD}²³¹¼½¾`;

const AFTER_WORD = `(?<=[${WORD_OUTSIDE}])`;
const NOT_AFTER_WORD = `(?<![${WORD_OUTSIDE}])`;
const BEFORE_WORD = `(?=[${WORD_OUTSIDE}])`;
const NOT_BEFORE_WORD = `(?![${WORD_OUTSIDE}])`;

/** Escapes that are Unicode's in Oniguruma and not in JavaScript, outside of a class. */
const OUTSIDE: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  w: `[${WORD_OUTSIDE}]`,
  W: `[^${WORD_OUTSIDE}]`,
  b: `(?:${AFTER_WORD}${NOT_BEFORE_WORD}|${NOT_AFTER_WORD}${BEFORE_WORD})`,
  B: `(?:${AFTER_WORD}${BEFORE_WORD}|${NOT_AFTER_WORD}${NOT_BEFORE_WORD})`,
  A: "(?<![^])",
  z: "(?![^])",
};
const IN_CLASS: Readonly<Record<string, string>> = {
  ...OUTSIDE,
  w: WORD,
  W: `[^${WORD}]`,
  b: "\\b",
};
/** Signs that match other ends of lines in JavaScript. */
const SIGNS: Readonly<Record<string, string>> = { ".": "[^\\n]", "^": "(?<![^\\n])", $: "(?![^\\n])" };

const PROPERTY = /^\\([pP])\{(\^?)([\w=]+)\}/u;
const IGNORE_CASE = /^\(\?i:([^()\\]*)\)/u;
const FLAGS = /^\(\?[a-z-]+[:)]/;
const SYNTAX = /[\\^$.*+?()[\]{}|/-]/;

/** A regular expression, for the flag `u`, that finds the text itself. */
export function literalRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/**
 * Rewrites a regular expression of Oniguruma, which Hugging Face's `tokenizers` uses, for JavaScript with the
 * flag `v`: classes by Unicode, lines that end in LF only, and letters in `(?i:...)`, which Node 20 does not have.
 *
 * @throws SyntaxError for what would mean something else; what JavaScript does not know is left for it to refuse
 */
export function translateRegex(source: string): string {
  let result = "";
  let depth = 0; // of classes in classes
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const [length, written] = depth > 0 ? translateInClass(rest, source[at - 1]) : translateOutside(rest);
    result += written;
    at += length;
    if (length === 1 && rest[0] === "[") depth++;
    if (length === 1 && rest[0] === "]") depth--;
  }
  return result;
}

/** The first element of the rest: how long it is, and how JavaScript writes it. */
type Element = readonly [length: number, written: string];

function translateOutside(rest: string): Element {
  const ignoreCase = IGNORE_CASE.exec(rest);
  if (ignoreCase !== null) {
    return [ignoreCase[0].length, `(?:${ignoreCase[1]!.replace(/\p{L}/gu, bothCases)})`];
  }
  if (FLAGS.test(rest)) throw new SyntaxError("flags in a group");
  if (rest[0] === "\\") return translateEscape(rest, OUTSIDE);
  return [1, SIGNS[rest[0]!] ?? rest[0]!];
}

function translateInClass(rest: string, before: string | undefined): Element {
  if (rest.startsWith("[:")) throw new SyntaxError("a POSIX class");
  if (rest.startsWith("&&")) return [2, "&&"];
  if (rest[0] === "\\") return translateEscape(rest, IN_CLASS);
  const isLiteralDash = rest[0] === "-" && (before === "[" || before === "^" || rest[1] === "]");
  // Signs that mean something to the flag v, some of them only when doubled.
  return [1, isLiteralDash || /[(){}/|&!#%,:;<=>@`~]/.test(rest[0]!) ? `\\${rest[0]}` : rest[0]!];
}

function translateEscape(rest: string, known: Readonly<Record<string, string>>): Element {
  const property = PROPERTY.exec(rest);
  if (property !== null) {
    const [whole, letter, caret, name] = property;
    const isNegated = (letter === "P") !== (caret === "^");
    return [whole.length, `\\${isNegated ? "P" : "p"}{${propertyName(name!)}}`];
  }
  const character = String.fromCodePoint(rest.codePointAt(1) ?? 0);
  const needsEscape = SYNTAX.test(character) || /[\p{L}\p{N}]/u.test(character);
  const written = known[character] ?? (needsEscape ? `\\${character}` : character);
  // A dash needs its backslash in a class only, and outside of one may have none.
  return [1 + character.length, character === "-" && known === OUTSIDE ? "-" : written];
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
