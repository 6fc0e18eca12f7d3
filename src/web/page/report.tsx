import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { duration } from "../../report/format.ts";
import type { RunDetails, RunReport } from "../../report/runReport.ts";
import { Explorer, nameOf, PageChoices, useView } from "./app.tsx";
import { thousands } from "./numbers.ts";
import { RunCharts } from "./parts/runCharts.tsx";
import { RunsTableView } from "./parts/runsTable.tsx";
import type { State } from "./state.ts";
import type { ReportSection } from "./texts/english.ts";
import { language, texts } from "./texts/texts.ts";
import { Tour } from "./tour.tsx";
import { ComparisonTable } from "./views/comparison.tsx";
import { Corpus } from "./views/corpus.tsx";
import { BestAndWorst, Samples, Scores } from "./views/sentences.tsx";

interface ReportProps {
  readonly report: RunReport;
  /** The model to look into when it is loaded; undefined where the page has none. */
  readonly explorer: Signal<State | undefined> | undefined;
}

/** What became of a run, or of several: curves, sentences, corpus, and the model itself. */
export function ReportPage({ report, explorer }: ReportProps) {
  const t = texts.value.report;
  const { run } = report;
  useEffect(() => {
    document.documentElement.lang = language.value;
  }, [language.value]);
  const sections = run === null ? sectionsOfAll(report) : sectionsOf(run, report, explorer);
  return (
    <>
      <header>
        <div class="title">
          <h1>{titleOf(report)}</h1>
          {run !== null && <p class="quiet">{factsOf(run)}</p>}
          {report.question?.about.map((line) => (
            <p key={line} class="quiet">
              {line}
            </p>
          ))}
        </div>
        <div class="choices">
          <PageChoices />
        </div>
      </header>
      <main class="report">
        <nav class="contents" aria-label={t.contents}>
          {sections.map(([name]) => (
            <a key={name} href={`#report-${name}`}>
              {t.sections[name]}
            </a>
          ))}
        </nav>
        {report.notes.map((note) => (
          <p key={note} class="warning">
            {note}
          </p>
        ))}
        {sections.map(([name, content]) => (
          <section key={name} id={`report-${name}`}>
            <h2>{t.sections[name]}</h2>
            {content}
          </section>
        ))}
      </main>
    </>
  );
}

/** The question of a lab, the one run, or how many there are. */
function titleOf({ question, run, runs, title }: RunReport): string {
  const t = texts.value.report;
  return question?.text ?? (run === null ? t.several(runs.length) : t.title(title));
}

/** A part of the report, by its name. */
type Section = readonly [ReportSection, ComponentChildren];

/** What there is to say of one run, from how good it is to what is inside. */
function sectionsOf(
  { samples, heldOut, corpus, settings, languages }: RunDetails,
  { runs }: RunReport,
  explorer: ReportProps["explorer"],
): Section[] {
  const sentences: Section[] =
    heldOut === null ? [] : [["sentences", <BestAndWorst heldOut={heldOut} languages={languages} />]];
  const inside: Section[] = explorer === undefined ? [] : [["explorer", <Inside explorer={explorer} />]];
  return [
    ["scores", <Scores heldOut={heldOut} />],
    ["curves", <RunCharts runs={runs} />],
    ["samples", <Samples samples={samples} languages={languages} />],
    ...sentences,
    ["corpus", <Corpus corpus={corpus} languages={languages} />],
    ["settings", <Settings settings={settings} />],
    ...inside,
  ];
}

/** What there is to say of several runs. */
function sectionsOfAll({ runs, table, comparison }: RunReport): Section[] {
  const compared: Section[] =
    comparison === null ? [] : [["comparison", <ComparisonTable comparison={comparison} />]];
  return [
    ...compared,
    ["table", <RunsTableView table={table} label={texts.value.report.sections.table} />],
    ["curves", <RunCharts runs={runs} />],
  ];
}

function factsOf({ languages, parameters, steps, seconds, bestStep }: RunDetails): string {
  const t = texts.value.report;
  return [
    ...(languages.source === "" ? [] : [`${nameOf(languages.source)} → ${nameOf(languages.target)}`]),
    t.parameters(thousands(parameters)),
    t.steps(thousands(steps)),
    ...(seconds === null ? [] : [duration(seconds)]),
    ...(bestStep === null ? [] : [t.bestStep(thousands(bestStep))]),
  ].join(" · ");
}

function Settings({ settings }: Pick<RunDetails, "settings">) {
  return (
    <div class="columns">
      {settings.map(({ section, values }) => (
        <details key={section}>
          <summary>{section}</summary>
          <table>
            <tbody>
              {values.map(([key, value]) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      ))}
    </div>
  );
}

/** The explorer of `xformer explain`, in the report. */
function Inside({ explorer }: { readonly explorer: Signal<State | undefined> }) {
  const [view, show] = useView();
  const state = explorer.value;
  if (state === undefined) return <p>…</p>;
  return (
    <>
      <Tour onShow={show} />
      <Explorer state={state} view={view} onShow={show} />
    </>
  );
}
