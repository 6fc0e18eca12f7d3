import type { ComponentChildren } from "preact";

interface ScrollProps {
  /** What is in it, for those who cannot see it. */
  readonly label: string;
  readonly children: ComponentChildren;
}

/** What may be wider than the page: it can be scrolled, with the keyboard too. */
export function Scroll({ label, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll what has the focus (WCAG 2.1.1)
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
