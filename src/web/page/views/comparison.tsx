import { type RunsComparison, SIGNIFICANT } from "../../../report/runReport.ts";
import { thousands } from "../numbers.ts";
import { decimals } from "../parts/runsTable.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { texts } from "../texts/texts.ts";

type Difference = RunsComparison["differences"][number];

/** Whether a run is better or worse than the first, or whether chance explains as much. */
function verdictOf({
  metric,
  difference,
  bootstrap,
  randomisation,
}: Difference): "better" | "worse" | "chance" {
  if (difference === 0 || Math.max(bootstrap, randomisation) >= SIGNIFICANT) return "chance";
  return difference > 0 === (metric !== "loss") ? "better" : "worse";
}

/** Runs against the first, with what chance alone would make of it. */
export function ComparisonTable({ comparison }: { readonly comparison: RunsComparison }) {
  const t = texts.value.report.comparison;
  const { baseline, pairs, from, differences } = comparison;
  return (
    <>
      <p>{t.about(baseline, thousands(pairs), texts.value.report.parts[from] ?? from, SIGNIFICANT)}</p>
      <Scroll label={texts.value.report.sections.comparison}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.value.report.run}</th>
              <th scope="col">{t.metric}</th>
              {[t.score, t.interval, t.baseline, t.difference, t.bootstrap, t.randomisation].map((title) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
              <th scope="col">{t.verdict}</th>
            </tr>
          </thead>
          <tbody>
            {differences.map((difference) => {
              const { run, metric, name, score, halfWidth, baselineScore } = difference;
              const digits = metric === "loss" ? 4 : 2;
              const sign = difference.difference > 0 ? "+" : "";
              const verdict = verdictOf(difference);
              return (
                <tr key={`${run} ${metric}`}>
                  <th scope="row">{run}</th>
                  <td>{texts.value.report.columns[name] ?? name}</td>
                  <td class="number">{decimals(score, digits)}</td>
                  <td class="number">± {decimals(halfWidth, digits)}</td>
                  <td class="number">{decimals(baselineScore, digits)}</td>
                  <td class="number">
                    {sign}
                    {decimals(difference.difference, digits)}
                  </td>
                  <td class="number">{difference.bootstrap.toFixed(4)}</td>
                  <td class="number">{difference.randomisation.toFixed(4)}</td>
                  <td class={verdict === "chance" ? "" : verdict === "better" ? "right" : "wrong"}>
                    {t.verdicts[verdict]}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
