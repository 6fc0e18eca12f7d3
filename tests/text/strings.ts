import fc from "fast-check";

/** Pieces that meet each other's special cases: marks, escapes, quotation marks, scripts, joiners, special tokens. */
const FRAGMENTS = [
  ..."▁￭\\'\"„“”‚‘’«»-–—.,:;!?()[]$€%#/@_&…。，「」、",
  ...[
    "a",
    "Word",
    "don't",
    "l'",
    "İ",
    "ß",
    "Σ",
    "3",
    "3.5",
    "我们",
    "学习",
    "カタカナ",
    "ภาษา",
    "한국어",
    "שלום",
  ],
  ...[
    "👍🏽",
    "👩‍👩‍👧",
    "🇩🇪",
    "\u0301",
    "\u200d",
    "\u200b",
    "\ufe0f",
    "\u0000",
    "\u0007",
    "\ufffd",
    "\u{10ffff}",
  ],
  ...["<s>", "</s>", "<unk>", "__proto__", "constructor"],
  ...[" ", " ", " ", "\t", "\u00a0", "\u3000", "\ufeff", "\n", "\ud83d", "\udc4d"],
];

/** Any text at all: graphemes, code points, UTF-16 code units with lone surrogates, and nasty neighbours. */
export const anyText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map((fragments) => fragments.join("")),
);

/** Languages whose rules differ somewhere, one ICU does not know, and none. */
export const anyLanguage = fc.constantFrom(undefined, "en", "de", "fr", "zh", "th", "tr", "lt", "zh_CN", "?");
