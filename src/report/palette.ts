/** A colour of a screen: red, green and blue from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/**
 * Viridis (Smith and van der Walt 2015) at equal distances: dark for nothing, bright for everything, and as far apart to
 * the eye everywhere, to the colour-blind as well. Its darkest and brightest stand out on dark and on light grounds.
 */
const VIRIDIS: readonly Colour[] = [
  [68, 1, 84],
  [72, 36, 117],
  [65, 68, 135],
  [53, 95, 141],
  [42, 120, 142],
  [33, 145, 140],
  [34, 168, 132],
  [66, 190, 113],
  [122, 209, 81],
  [189, 223, 38],
  [253, 231, 37],
];

/** The colour of a value from 0 to 1. */
export function colourOf(value: number): Colour {
  const place = Math.min(1, Math.max(0, value)) * (VIRIDIS.length - 1);
  const below = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const [from, to] = [VIRIDIS[below]!, VIRIDIS[below + 1]!];
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + (place - below) * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}

/** What can be read on a ground: black on bright ones, white on dark ones (by the luma of ITU-R BT.601). */
export function inkOn([red, green, blue]: Colour): Colour {
  const isBright = 0.299 * red + 0.587 * green + 0.114 * blue > 128;
  return isBright ? [0, 0, 0] : [255, 255, 255];
}
