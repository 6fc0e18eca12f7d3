import type { HeldOut, HeldOutSentence, RunDetails, SampleHistory } from "../../../report/runReport.ts";
import { thousands } from "../numbers.ts";
import { decimals } from "../parts/runsTable.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { texts } from "../texts/texts.ts";

type Languages = RunDetails["languages"];

interface SamplesProps {
  readonly samples: readonly SampleHistory[];
  readonly languages: Languages;
}

/** The same sentences, as they were translated from validation to validation. */
export function Samples({ samples, languages }: SamplesProps) {
  const t = texts.value.report;
  if (samples.length === 0) return <p>{t.noSamples}</p>;
  return (
    <>
      <p class="about">{t.samplesAbout}</p>
      {samples.map(({ source, reference, translations }) => (
        <article key={`${source}\n${reference}`} class="sample">
          <h3 lang={languages.source}>{source}</h3>
          <p class="quiet" lang={languages.target}>
            {t.reference}: {reference}
          </p>
          <ol>
            {translations.map(({ from, to, text }) => (
              <li key={from}>
                <span>
                  {from === to ? t.atStep(thousands(from)) : t.fromStep(thousands(from), thousands(to))}
                </span>
                <span lang={languages.target} class={text === reference ? "right" : ""}>
                  {text === "" ? "–" : text}
                  {text === reference ? " ✓" : ""}
                </span>
              </li>
            ))}
          </ol>
        </article>
      ))}
    </>
  );
}

/** The scores of the model on pairs that it has not seen. */
export function Scores({ heldOut }: { readonly heldOut: HeldOut | null }) {
  const t = texts.value.report;
  if (heldOut === null) return <p>{t.noHeldOut}</p>;
  const { from, pairs, scores } = heldOut;
  return (
    <>
      <p class="about">{t.heldOutAbout(thousands(pairs), t.parts[from] ?? from)}</p>
      <dl class="cards">
        {scores.map(({ metric, name, score }) => (
          <div key={metric}>
            <dt>{t.columns[name] ?? name}</dt>
            <dd>{decimals(score, metric === "loss" || metric === "perplexity" ? 3 : 2)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

interface BestAndWorstProps {
  readonly heldOut: HeldOut;
  readonly languages: Languages;
}

/** The worst translations of held-out sentences, and the best. */
export function BestAndWorst({ heldOut: { best, worst }, languages }: BestAndWorstProps) {
  const t = texts.value.report;
  return (
    <>
      <p class="about">{t.ranked}</p>
      <h3>{t.worst}</h3>
      {worst.length === 0 ? (
        <p>{t.allRight}</p>
      ) : (
        <Sentences label={t.worst} rows={worst} languages={languages} />
      )}
      <h3>{t.best}</h3>
      <Sentences label={t.best} rows={best} languages={languages} />
    </>
  );
}

interface SentencesProps {
  readonly label: string;
  readonly rows: readonly HeldOutSentence[];
  readonly languages: Languages;
}

function Sentences({ label, rows, languages }: SentencesProps) {
  const t = texts.value.report;
  return (
    <Scroll label={label}>
      <table class="sentences">
        <thead>
          <tr>
            <th scope="col">{t.source}</th>
            <th scope="col">{t.reference}</th>
            <th scope="col">{t.translation}</th>
            <th scope="col" class="number">
              chrF
            </th>
            <th scope="col" class="number">
              {t.curves.loss}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ source, reference, translation, chrf, loss }, i) => (
            <tr key={i}>
              <td lang={languages.source}>{source}</td>
              <td lang={languages.target}>{reference}</td>
              <td lang={languages.target} class={translation === reference ? "right" : "wrong"}>
                {translation === "" ? "–" : translation}
              </td>
              <td class="number">{decimals(chrf, 1)}</td>
              <td class="number">{decimals(loss, 3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
