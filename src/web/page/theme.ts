import { effect, signal } from "@preact/signals";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Light or dark: what the reader's system says, until it is changed here. */
export const theme = signal<"light" | "dark">(dark.matches ? "dark" : "light");

dark.addEventListener("change", ({ matches }) => {
  theme.value = matches ? "dark" : "light";
});
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
