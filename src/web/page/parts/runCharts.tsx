import { CURVE_NAMES, type CurveName, type RunWithCurves } from "../../../report/runs.ts";
import { texts } from "../texts/texts.ts";
import { Curves, type Line } from "./curves.tsx";

/** Curves of one run that share a chart, as they share their unit. */
const TOGETHER: readonly (readonly [first: CurveName, ...others: CurveName[]])[] = [
  ["loss", "validLoss"],
  ["bleu", "chrf", "exactMatch"],
  ["lr"],
  ["gradNorm"],
  ["tokensPerSecond"],
];

/** Curves that end at 100. */
const RATES: readonly CurveName[] = ["bleu", "chrf", "exactMatch"];

interface Chart {
  readonly label: string;
  readonly curve: CurveName;
  readonly lines: readonly Line[];
}

/** The curves of runs: of one run those that share a unit in one chart, of several each curve with a line a run. */
export function RunCharts({ runs }: { readonly runs: readonly RunWithCurves[] }) {
  const t = texts.value.report;
  const [run] = runs;
  const charts = runs.length === 1 ? chartsOf(run!) : chartsOfAll(runs);
  if (charts.length === 0) return <p>{t.noCurves}</p>;
  return (
    <div class="charts">
      {charts.map(({ label, curve, lines }) => (
        <Curves
          key={curve}
          label={label}
          lines={lines}
          places={t.step}
          {...(RATES.includes(curve) ? { most: 100 } : {})}
        />
      ))}
    </div>
  );
}

function chartsOf({ curves }: RunWithCurves): Chart[] {
  const t = texts.value.report;
  return TOGETHER.flatMap((names) => {
    const lines = names.flatMap((name): Line[] => {
      const points = curves[name];
      return points === undefined ? [] : [{ name: t.curves[name], points }];
    });
    const [curve, ...others] = names;
    const label = others.length === 0 ? t.curves[curve] : t.together[curve === "loss" ? "loss" : "scores"];
    return lines.length === 0 ? [] : [{ label, curve, lines }];
  });
}

function chartsOfAll(runs: readonly RunWithCurves[]): Chart[] {
  return CURVE_NAMES.flatMap((curve) => {
    const lines = runs.flatMap(({ name, curves }): Line[] => {
      const points = curves[curve];
      return points === undefined ? [] : [{ name, points }];
    });
    return lines.length === 0 ? [] : [{ label: texts.value.report.curves[curve], curve, lines }];
  });
}
