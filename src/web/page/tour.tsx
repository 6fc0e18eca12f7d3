import { useEffect, useState } from "preact/hooks";
import type { ViewName } from "./texts/english.ts";
import { texts } from "./texts/texts.ts";

/** A walk through the page for those who are here for the first time. */
export function Tour({ onShow }: { readonly onShow: (view: ViewName) => void }) {
  const t = texts.value.tour;
  const [at, setAt] = useState<number>();
  useEffect(() => {
    if (at !== undefined) onShow(t.steps[at]!.view);
  }, [at]);
  const go = (by: number): void => setAt((now) => (now! + by < t.steps.length ? now! + by : undefined));
  const step = at === undefined ? undefined : t.steps[at];
  return (
    <>
      <button type="button" onClick={() => setAt(0)}>
        {t.begin}
      </button>
      {step !== undefined && at !== undefined && (
        <section
          class="tour"
          role="dialog"
          aria-label={step.title}
          onKeyDown={({ key }) => key === "Escape" && setAt(undefined)}
        >
          <h2>{step.title}</h2>
          <p>{step.text}</p>
          <div class="choices">
            <span class="quiet">{t.step(at + 1, t.steps.length)}</span>
            <button type="button" disabled={at === 0} onClick={() => go(-1)}>
              {t.back}
            </button>
            <button type="button" onClick={() => go(1)}>
              {at + 1 < t.steps.length ? t.next : t.end}
            </button>
          </div>
        </section>
      )}
    </>
  );
}
