import { memoize } from "../memoize.ts";

/** The scripts of Unicode 9, which Hugging Face's library knows; characters of others go with what is before them. */
const SCRIPTS = (
  "Common Latin Han Hiragana Katakana Hangul Cyrillic Greek Arabic Hebrew Devanagari Thai Inherited Adlam Ahom " +
  "Anatolian_Hieroglyphs Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille " +
  "Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Coptic Cuneiform Cypriot Deseret " +
  "Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Gujarati Gurmukhi Hanunoo Hatran " +
  "Imperial_Aramaic Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Kayah_Li Kharoshthi Khmer " +
  "Khojki Khudawadi Lao Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean " +
  "Marchen Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar " +
  "Nabataean New_Tai_Lue Newa Nko Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian " +
  "Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician " +
  "Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sora_Sompeng " +
  "Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangut Telugu Thaana Thai " +
  "Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi"
)
  .split(" ")
  .map((name) => ({ name, pattern: new RegExp(`\\p{Script=${name}}`, "u") }));

/** Characters whose script is remembered. */
const REMEMBERED = 65_536;

/** The script that a character is counted to; undefined for one that goes with any. */
const scriptOf = memoize((character: string): string | undefined => {
  if (character === " ") return undefined;
  if (character === "ー") return "Han";
  const name = SCRIPTS.find(({ pattern }) => pattern.test(character))?.name;
  return name === "Hiragana" || name === "Katakana" ? "Han" : name;
}, REMEMBERED);

/**
 * Cuts where the script changes, kana counting as Chinese characters, as SentencePiece does when it learns. Spaces
 * belong to what is before them; in front of everything they are lost, as in Hugging Face's library.
 */
export function splitByScript(piece: string): string[] {
  const pieces: string[] = [];
  let current: string | undefined;
  for (const character of piece) {
    const script = scriptOf(character);
    if (script !== undefined && script !== current) pieces.push(character);
    else if (pieces.length > 0) pieces.push(pieces.pop() + character);
    current = script ?? current;
  }
  return pieces;
}
