// Colours of numbers: a diverging scale around 0, and a sequential one from 0 to 1, both readable by people who see
// colours differently (blue and orange), on a light ground and on a dark one.

type Colour = readonly [red: number, green: number, blue: number];

/** The ends and the ground of both scales, by theme. */
const SCALES: Readonly<Record<"light" | "dark", { ground: Colour; high: Colour; low: Colour }>> = {
  light: { ground: [250, 250, 252], high: [11, 87, 164], low: [196, 90, 0] },
  dark: { ground: [24, 27, 33], high: [118, 182, 255], low: [255, 170, 92] },
};

/** The colour of a number from -1 to 1. */
export function colourOf(value: number, theme: "light" | "dark"): string {
  const { ground, high, low } = SCALES[theme];
  const end = value < 0 ? low : high;
  const share = Math.min(1, Math.abs(value)) ** 0.7; // small numbers are told from 0
  const mix = ground.map((from, i) => Math.round(from + share * (end[i]! - from)));
  return `rgb(${mix.join(",")})`;
}
