import { useEffect, useRef, useState } from "preact/hooks";
import { thousands } from "./numbers.ts";
import { TokenChips } from "./parts/tokens.tsx";
import type { State } from "./state.ts";
import { VIEWS, type ViewName } from "./texts/english.ts";
import { LANGUAGES, language, texts } from "./texts/texts.ts";
import { theme } from "./theme.ts";
import { Tour } from "./tour.tsx";
import { AttentionView } from "./views/attention.tsx";
import { DecodingView } from "./views/decoding.tsx";
import { StacksView } from "./views/stacks.tsx";
import { TokensView } from "./views/tokens.tsx";
import { TrainingView } from "./views/training.tsx";

const PAGES = {
  tokens: TokensView,
  stacks: StacksView,
  attention: AttentionView,
  decoding: DecodingView,
  training: TrainingView,
} as const;

/** The whole page: the sentence and its translation above, and one view of what happens in between. */
export function App({ state }: { readonly state: State }) {
  const t = texts.value;
  const { facts } = state;
  const [view, show] = useView();
  const parameters = facts.parameters.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  useEffect(() => {
    document.documentElement.lang = language.value;
    document.title = `xformer · ${facts.sourceLanguage} → ${facts.targetLanguage}`;
  }, [language.value]);
  return (
    <>
      <header>
        <div class="title">
          <h1>{t.title(nameOf(facts.sourceLanguage), nameOf(facts.targetLanguage))}</h1>
          <p class="quiet">{t.facts(thousands(parameters), thousands(facts.steps), facts.kernels)}</p>
        </div>
        <div class="choices">
          <Tour onShow={show} />
          <PageChoices />
        </div>
      </header>
      <main>
        <Explorer state={state} view={view} onShow={show} />
      </main>
    </>
  );
}

/** The view that is shown, which the address names, and what shows another one. */
export function useView(): readonly [view: ViewName, show: (next: ViewName) => void] {
  const [view, setView] = useState<ViewName>(() => viewOfAddress() ?? "tokens");
  useEffect(() => {
    // An address may lead to another part of the page.
    const follow = (): void => setView((now) => viewOfAddress() ?? (location.hash === "" ? "tokens" : now));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const show = (next: ViewName): void => {
    history.replaceState(null, "", `#${next}`);
    setView(next);
  };
  return [view, show];
}

interface ExplorerProps {
  readonly state: State;
  readonly view: ViewName;
  readonly onShow: (view: ViewName) => void;
}

/** The sentence, and a view of what the model does with it. */
export function Explorer({ state, view, onShow }: ExplorerProps) {
  const t = texts.value;
  const { facts, walk, error } = state;
  const View = PAGES[view];
  return (
    <>
      <Sentence state={state} />
      <div role="tablist" aria-label={t.title(facts.sourceLanguage, facts.targetLanguage)}>
        {VIEWS.map((name) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`tab-${name}`}
            aria-selected={view === name}
            aria-controls="view"
            onClick={() => onShow(name)}
          >
            {t.views[name].name}
          </button>
        ))}
      </div>
      <section id="view" role="tabpanel" aria-labelledby={`tab-${view}`}>
        <p class="about">{t.views[view].about}</p>
        {error.value !== undefined && <p role="alert">{t.failed(error.value)}</p>}
        {walk.value !== undefined &&
          (walk.value.steps.length > 0 ? <View state={state} /> : <p>{t.nothing}</p>)}
      </section>
    </>
  );
}

/** The language of the interface, and light or dark. */
export function PageChoices() {
  return (
    <>
      <select
        aria-label="Language"
        value={language.value}
        onChange={({ currentTarget }) => {
          language.value = currentTarget.value as keyof typeof LANGUAGES;
        }}
      >
        {Object.entries(LANGUAGES).map(([tag, { language: name }]) => (
          <option key={tag} value={tag}>
            {name}
          </option>
        ))}
      </select>
      <button
        type="button"
        aria-label={texts.value.theme}
        title={texts.value.theme}
        onClick={() => {
          theme.value = theme.value === "dark" ? "light" : "dark";
        }}
      >
        ◐
      </button>
    </>
  );
}

/** What is typed, and what the model makes of it while it is typed. */
function Sentence({ state }: { readonly state: State }) {
  const t = texts.value;
  const { source, prefix, walk } = state;
  const input = useRef<HTMLInputElement>(null);
  const found = walk.value;
  return (
    <section class="sentence">
      <label>
        <span>{t.sentence}</span>
        <input
          ref={input}
          value={source.value}
          lang={state.facts.sourceLanguage}
          spellcheck={false}
          onInput={({ currentTarget }) => {
            prefix.value = [];
            source.value = currentTarget.value;
          }}
        />
      </label>
      {found !== undefined && (
        <>
          <TokenChips state={state} side="source" tokens={found.source} />
          <p class="translation" lang={state.facts.targetLanguage}>
            <span>{t.translation}</span> <output>{found.text}</output>{" "}
            <small class="quiet">{t.took(found.milliseconds.toFixed(0))}</small>
          </p>
          <TokenChips
            state={state}
            side="target"
            tokens={found.steps.map(({ chosen: { text, probability } }) => ({ text, probability }))}
          />
          {found.unknown > 0 && <p class="warning">{t.unknown(found.unknown)}</p>}
        </>
      )}
    </section>
  );
}

function viewOfAddress(): ViewName | undefined {
  const name = location.hash.slice(1);
  return VIEWS.find((view) => view === name);
}

/** A language by its name, where its tag is one that has a name. */
export function nameOf(tag: string): string {
  try {
    return new Intl.DisplayNames([language.value], { type: "language" }).of(tag) ?? tag;
  } catch (error) {
    if (error instanceof RangeError) return tag; // an ending of a file that is no language
    throw error;
  }
}
