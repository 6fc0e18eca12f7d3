import { computed, signal } from "@preact/signals";
import { chinese } from "./chinese.ts";
import { english, type Texts } from "./english.ts";

/** The languages of the interface, by their tags. */
export const LANGUAGES = { en: english, zh: chinese } as const satisfies Record<string, Texts>;

/** The language that is shown: the reader's, where there is one in it. */
export const language = signal<keyof typeof LANGUAGES>(navigator.language.startsWith("zh") ? "zh" : "en");

/** All that the interface says, in that language. */
export const texts = computed<Texts>(() => LANGUAGES[language.value]);
