import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { theme } from "../theme.ts";

/** A line of a chart: its points from left to right. */
interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface CurvesProps {
  readonly label: string;
  readonly lines: readonly Line[];
  /** The top of the chart; by default what the numbers need. */
  readonly most?: number;
}

const HEIGHT = 240;

/** Lines over steps. */
export function Curves({ label, lines, most }: CurvesProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const shade = theme.value;
  const names = lines.map(({ name }) => name).join();
  useEffect(() => {
    const style = getComputedStyle(place.current!);
    const colours = ["--high", "--low", "--good"].map((name) => style.getPropertyValue(name));
    const axis = {
      stroke: style.getPropertyValue("--quiet"),
      grid: { stroke: style.getPropertyValue("--line"), width: 1 },
      ticks: { stroke: style.getPropertyValue("--line"), width: 1 },
    };
    const made = new uPlot(
      {
        width: place.current!.clientWidth,
        height: HEIGHT,
        legend: { live: false },
        scales: { x: { time: false }, ...(most === undefined ? {} : { y: { range: [0, most] } }) },
        axes: [axis, axis],
        series: [
          {},
          ...lines.map(({ name }, i) => ({ label: name, stroke: colours[i]!, width: 2, spanGaps: true })),
        ],
      },
      [[], ...lines.map(() => [])],
      place.current!,
    );
    chart.current = made;
    const resized = new ResizeObserver(([entry]) =>
      made.setSize({ width: entry!.contentRect.width, height: HEIGHT }),
    );
    resized.observe(place.current!);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [shade, names, most]);
  useEffect(() => {
    chart.current?.setData(joined(lines));
  }, [lines, shade, names]);
  const last = lines.map(({ name, points }) => `${name} ${points.at(-1)?.[1].toFixed(2) ?? "–"}`).join(", ");
  return (
    <figure class="curves">
      <figcaption>{label}</figcaption>
      <div ref={place} role="img" aria-label={last} />
    </figure>
  );
}

/** Lines over the union of their places, with nothing where a line has no point. */
function joined(lines: readonly Line[]): uPlot.AlignedData {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const columns = lines.map(({ points }) => {
    const byPlace = new Map(points);
    return places.map((x) => byPlace.get(x) ?? null);
  });
  return [places, ...columns];
}
