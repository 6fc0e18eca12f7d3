import { flag } from "../jsonFields.ts";
import { lowercaseByLetter, toUnicodeForm } from "../normalize.ts";

/** Left out of text that is cleaned: NUL, the replacement character, and what is neither letter, mark, sign nor space. */
const UNCLEAN = /[\0\ufffd\p{Cc}\p{Cf}\p{Co}]/gu;
const SPACE = /\p{White_Space}/gu;
/** The blocks of Chinese characters, as BERT has them. */
const CHINESE =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * What BERT does to a line (Devlin et al. 2019): control characters go, Chinese characters stand alone, accents go and
 * everything is lowercased, as far as the part says.
 *
 * @throws XformerError CHECKPOINT when a setting is neither true nor false
 */
export function createBertNormalizer(
  part: Readonly<Record<string, unknown>>,
  file: string | undefined,
): (line: string) => string {
  const lowercases = flag(part.lowercase, "lowercase of the normalizer BertNormalizer", file, true);
  const steps = [
    { name: "clean_text", usual: true, change: clean },
    { name: "handle_chinese_chars", usual: true, change: (line: string) => line.replace(CHINESE, " $& ") },
    { name: "strip_accents", usual: lowercases, change: stripAccents },
    { name: "lowercase", usual: lowercases, change: lowercaseByLetter },
  ].filter(({ name, usual }) => flag(part[name], `${name} of the normalizer BertNormalizer`, file, usual));
  return (line) => steps.reduce((changed, { change }) => change(changed), line);
}

function clean(line: string): string {
  return line.replace(UNCLEAN, (character) => (/[\t\n\r]/.test(character) ? " " : "")).replace(SPACE, " ");
}

function stripAccents(line: string): string {
  return toUnicodeForm(line, "NFD").replace(/\p{Nonspacing_Mark}/gu, "");
}
