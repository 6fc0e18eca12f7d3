/** A drawing in black and white. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** By row and column: whether there is ink. */
  readonly has: (x: number, y: number) => boolean;
}

/** Rows of a line of text, with room for what hangs below it. */
export const LINE_HEIGHT = 9;

/** The printable characters of ASCII in their order: five columns each, the lowest bit on top. */
const ASCII = [
  ..."0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649562050 0000050300".split(" "),
  ..."001c224100 0041221c00 14083e0814 08083e0808 0000806000 0808080808 0000606000 2010080402".split(" "),
  ..."3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503".split(" "),
  ..."3649494936 064949291e 0000360000 0080760000 0814224100 1414141414 0041221408 0201510906".split(" "),
  ..."324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a".split(" "),
  ..."7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e".split(" "),
  ..."7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f".split(" "),
  ..."6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040".split(" "),
  ..."0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 18a4a4a47c".split(" "),
  ..."7f08040478 00447d4000 2040443d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438".split(" "),
  ..."fc24242418 18242418fc 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c".split(" "),
  ..."4428102844 1ca0a0a07c 4464544c44 0008364100 00007f0000 0041360800 0804081008".split(" "),
].map((glyph) => Uint8Array.from(Buffer.from(glyph, "hex")));

/** The hexadecimal digits, three columns of five rows: fifteen bits each, row by row. */
const DIGITS = [
  ...[0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111],
  ...[0b101101111001001, 0b111100111001111, 0b111100111101111, 0b111001010010010],
  ...[0b111101111101111, 0b111101111001111, 0b010101111101101, 0b110101110101110],
  ...[0b011100100100011, 0b110101101101110, 0b111100110100111, 0b111100110100100],
];

/**
 * A line of text. This font has the letters of ASCII; any other character is a box with its code point in it, as
 * browsers draw what no font of theirs has.
 */
export function textBitmap(text: string): Bitmap {
  const glyphs = Array.from(text, (character) => glyphOf(character.codePointAt(0)!));
  const starts: number[] = [];
  let width = 0;
  for (const glyph of glyphs) {
    starts.push(width);
    width += glyph.width + 1;
  }
  return {
    width: Math.max(0, width - 1),
    height: LINE_HEIGHT,
    has: (x, y) => {
      const i = starts.findLastIndex((start) => start <= x);
      const glyph = glyphs[i];
      const column = x - starts[i]!;
      return glyph !== undefined && column < glyph.width && glyph.has(column, y);
    },
  };
}

function glyphOf(code: number): Bitmap {
  const columns = ASCII[code - 0x20];
  if (columns === undefined) return boxOf(code);
  return { width: 5, height: LINE_HEIGHT, has: (x, y) => ((columns[x]! >> y) & 1) === 1 };
}

/** The digits of a code point one after the other, over and under a line. */
function boxOf(code: number): Bitmap {
  const digits = Array.from(
    code.toString(16).padStart(4, "0"),
    (digit) => DIGITS[Number.parseInt(digit, 16)]!,
  );
  const width = 4 * digits.length + 1;
  return {
    width,
    height: LINE_HEIGHT,
    has: (x, y) => {
      if (x === 0 || x === width - 1 || y === 0 || y === LINE_HEIGHT - 1) return true;
      const [column, row] = [(x - 1) % 4, y - 2];
      const digit = digits[Math.floor((x - 1) / 4)]!;
      return column < 3 && row >= 0 && row < 5 && ((digit >> (14 - 3 * row - column)) & 1) === 1;
    },
  };
}

/** A drawing turned to the left: what was read from left to right is read from the bottom up. */
export function turned({ width, height, has }: Bitmap): Bitmap {
  return { width: height, height: width, has: (x, y) => has(width - 1 - y, x) };
}
