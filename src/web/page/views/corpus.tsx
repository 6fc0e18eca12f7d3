import { type CorpusFacts, RARE, type SideFacts } from "../../../report/corpusFacts.ts";
import type { RunDetails } from "../../../report/runReport.ts";
import { percent, thousands } from "../numbers.ts";
import { Scroll } from "../parts/scroll.tsx";
import { texts } from "../texts/texts.ts";

interface CorpusProps {
  readonly corpus: CorpusFacts | null;
  readonly languages: RunDetails["languages"];
}

/** What the model was trained on: how much, how long, of which tokens. */
export function Corpus({ corpus, languages }: CorpusProps) {
  const t = texts.value.report;
  if (corpus === null) return <p>{t.noCorpus}</p>;
  const { corpora, pairs, counted, source, target } = corpus;
  const rows = rowsOf();
  return (
    <>
      <p class="about">
        {t.pairs(thousands(pairs))}
        {counted < pairs ? ` ${t.counted(thousands(counted))}` : ""}
      </p>
      {corpora.length > 1 && (
        <ul>
          {corpora.map(({ path, tag, pairs: own }) => (
            <li key={`${tag} ${path}`}>
              {tag === null ? "" : `${tag} `}
              {path}: {t.pairs(thousands(own))}
            </li>
          ))}
        </ul>
      )}
      <Scroll label={t.sections.corpus}>
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">{t.source}</th>
              <th scope="col">{t.target}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, of]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{of(source)}</td>
                <td>{of(target)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <div class="columns">
        <Side title={t.source} side={source} language={languages.source} />
        <Side title={t.target} side={target} language={languages.target} />
      </div>
    </>
  );
}

/** The lines of the table, each with what it says of a side. */
function rowsOf(): (readonly [name: string, of: (side: SideFacts) => string])[] {
  const t = texts.value.report.side;
  return [
    [t.tokenizer, ({ tokenizer, lowercase }) => `${tokenizer}${lowercase ? `, ${t.lowercase}` : ""}`],
    [t.vocabulary, ({ vocabulary }) => thousands(vocabulary)],
    [t.rare(RARE), ({ rare }) => thousands(rare)],
    [t.tokens, ({ tokens }) => thousands(tokens)],
    [t.unknown, ({ unknown, tokens }) => `${thousands(unknown)} (${percent(unknown / Math.max(1, tokens))})`],
    [t.lengths, ({ lengths }) => `${thousands(lengths.least)}–${thousands(lengths.most)}`],
    [t.median, ({ lengths }) => `${thousands(lengths.median)}, ${lengths.mean.toFixed(1)}`],
  ];
}

interface SideProps {
  readonly title: string;
  readonly side: SideFacts;
  readonly language: string;
}

/** How long the lines of a side are, and which tokens are most frequent. */
function Side({ title, side, language }: SideProps) {
  const t = texts.value.report.side;
  const { histogram, frequent } = side;
  const bins = histogram.slice(0, histogram.findLastIndex(({ count }) => count > 0) + 1);
  const most = Math.max(1, ...bins.map(({ count }) => count));
  return (
    <div>
      <h3>{t.longLines(title)}</h3>
      <ol class="bars">
        {bins.map(({ from, to, count }) => (
          <li key={from}>
            <span>{from === to ? from : `${from}–${to}`}</span>
            <meter min={0} max={most} value={count} aria-label={`${title} ${from}–${to}`} />
            <span>{thousands(count)}</span>
          </li>
        ))}
      </ol>
      <h3>{t.frequent}</h3>
      <ul class="frequent" lang={language}>
        {frequent.map(({ text, count }) => (
          <li key={text}>
            {text} <small>{thousands(count)}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
