import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { theme } from "../theme.ts";

/** A line of a chart: its points from left to right. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface CurvesProps {
  readonly label: string;
  readonly lines: readonly Line[];
  /** The top of the chart; by default what the numbers need. */
  readonly most?: number;
  /** What the places of the points are called, where the legend is to say the numbers that the pointer is at. */
  readonly places?: string;
}

const HEIGHT = 240;

/** The colours of lines, by their names in the style; after the last they begin again, dashed. */
const COLOURS = ["--high", "--low", "--good", "--fourth", "--fifth", "--sixth", "--seventh", "--quiet"];
const DASH = [6, 4];

/** Width of the axis of values, in pixels: as much as the longest of them takes. */
const AXIS = 64;

/** Lines over steps. */
export function Curves({ label, lines, most, places }: CurvesProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const shade = theme.value;
  const names = lines.map(({ name }) => name).join();
  useEffect(() => {
    const style = getComputedStyle(place.current!);
    const colours = COLOURS.map((name) => style.getPropertyValue(name));
    const axis = {
      stroke: style.getPropertyValue("--quiet"),
      grid: { stroke: style.getPropertyValue("--line"), width: 1 },
      ticks: { stroke: style.getPropertyValue("--line"), width: 1 },
    };
    const made = new uPlot(
      {
        width: place.current!.clientWidth,
        height: HEIGHT,
        legend: { live: places !== undefined },
        scales: { x: { time: false }, ...(most === undefined ? {} : { y: { range: [0, most] } }) },
        axes: [axis, { ...axis, size: AXIS, values: (_, splits) => splits.map(numberOf) }],
        series: [
          places === undefined ? {} : { label: places },
          ...lines.map(({ name }, i) => ({
            label: name,
            stroke: colours[i % colours.length]!,
            width: 2,
            spanGaps: true,
            ...(i < colours.length ? {} : { dash: DASH }),
            value: (_: uPlot, value: number | null) => (value === null ? "–" : numberOf(value)),
          })),
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
  }, [shade, names, most, places]);
  useEffect(() => {
    chart.current?.setData(joined(lines));
  }, [lines, shade, names, places]);
  const last = lines
    .map(({ name, points }) => `${name} ${points.length === 0 ? "–" : numberOf(points.at(-1)![1])}`)
    .join(", ");
  return (
    <figure class="curves">
      <figcaption>{label}</figcaption>
      <div ref={place} role="img" aria-label={last} />
    </figure>
  );
}

/** A number in the digits that tell it from its neighbours, be it a rate of learning or of tokens. */
function numberOf(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
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
