/** Used when ICU does not know a language: never the machine's own locale, which would make runs differ. */
const FALLBACK = "en";

/**
 * The locale ICU uses for a language, the same on every machine.
 *
 * @param language what the user calls it: `zh`, `pt-BR`, `zh_CN`, or a name ICU has never heard of
 */
export function resolveLocale(language: string | undefined): string {
  if (language === undefined) return FALLBACK;
  try {
    return Intl.Segmenter.supportedLocalesOf(language.replaceAll("_", "-"))[0] ?? FALLBACK;
  } catch {
    return FALLBACK; // not shaped like a language tag (BCP 47)
  }
}
