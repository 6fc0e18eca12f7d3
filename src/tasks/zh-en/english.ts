import { words } from "./phrase.ts";

/** What a finite verb agrees with: "I am", "we are", "she is". */
export type Agreement = "I" | "plural" | "third";

/** The verb forms that are not the base form. */
export type VerbForm = "third" | "past" | "participle" | "ing";

/** The tenses and modal verbs the corpus uses. */
export type Tense =
  | "present"
  | "past"
  | "progressive"
  | "pastProgressive"
  | "perfect"
  | "can"
  | "may"
  | "must"
  | "should"
  | "will";

/** Past tense and past participle, where they are not made with -ed. */
const IRREGULAR_VERBS: Readonly<Record<string, readonly [past: string, participle: string]>> = {
  be: ["was", "been"],
  borrow: ["borrowed", "borrowed"],
  break: ["broke", "broken"],
  bring: ["brought", "brought"],
  buy: ["bought", "bought"],
  come: ["came", "come"],
  cost: ["cost", "cost"],
  do: ["did", "done"],
  draw: ["drew", "drawn"],
  drink: ["drank", "drunk"],
  drive: ["drove", "driven"],
  eat: ["ate", "eaten"],
  feel: ["felt", "felt"],
  find: ["found", "found"],
  forget: ["forgot", "forgotten"],
  get: ["got", "gotten"],
  give: ["gave", "given"],
  go: ["went", "gone"],
  have: ["had", "had"],
  know: ["knew", "known"],
  leave: ["left", "left"],
  lend: ["lent", "lent"],
  lose: ["lost", "lost"],
  make: ["made", "made"],
  meet: ["met", "met"],
  put: ["put", "put"],
  read: ["read", "read"],
  ride: ["rode", "ridden"],
  run: ["ran", "run"],
  say: ["said", "said"],
  see: ["saw", "seen"],
  sell: ["sold", "sold"],
  send: ["sent", "sent"],
  sing: ["sang", "sung"],
  sit: ["sat", "sat"],
  sleep: ["slept", "slept"],
  speak: ["spoke", "spoken"],
  spend: ["spent", "spent"],
  steal: ["stole", "stolen"],
  swim: ["swam", "swum"],
  take: ["took", "taken"],
  teach: ["taught", "taught"],
  tell: ["told", "told"],
  think: ["thought", "thought"],
  wear: ["wore", "worn"],
  write: ["wrote", "written"],
};

const DOUBLED_CONSONANT = new Set(["get", "put", "run", "sit", "swim", "chat", "forget", "stop", "shop"]);
const ENDS_IN_CONSONANT_Y = /[^aeiou]y$/;
const ENDS_IN_SIBILANT = /(s|x|z|ch|sh)$/;

function inflectVerb(verb: string, form: VerbForm): string {
  if (form === "third") {
    if (verb === "be") return "is";
    if (verb === "have") return "has";
    if (ENDS_IN_CONSONANT_Y.test(verb)) return `${verb.slice(0, -1)}ies`;
    return ENDS_IN_SIBILANT.test(verb) || verb.endsWith("o") ? `${verb}es` : `${verb}s`;
  }
  if (form === "ing") {
    if (verb === "be") return "being";
    if (DOUBLED_CONSONANT.has(verb)) return `${verb}${verb.slice(-1)}ing`;
    return verb.endsWith("e") && !verb.endsWith("ee") ? `${verb.slice(0, -1)}ing` : `${verb}ing`;
  }
  const irregular = IRREGULAR_VERBS[verb];
  if (irregular !== undefined) return irregular[form === "past" ? 0 : 1];
  if (DOUBLED_CONSONANT.has(verb)) return `${verb}${verb.slice(-1)}ed`;
  if (ENDS_IN_CONSONANT_Y.test(verb)) return `${verb.slice(0, -1)}ied`;
  return verb.endsWith("e") ? `${verb}d` : `${verb}ed`;
}

/**
 * Inflects the first word of a verb phrase.
 *
 * @example
 * inflect("listen to music", "ing"); // "listening to music"
 */
export function inflect(verbPhrase: string, form: VerbForm): string {
  const [verb = "", ...rest] = verbPhrase.split(" ");
  return words(inflectVerb(verb, form), ...rest);
}

interface VerbGroup {
  /** What moves before the subject in a question and carries "not": "does" in "does she read". */
  readonly auxiliary: string;
  /** What stays after the subject in a question: "read" in "does she read". */
  readonly rest: string;
  /** Both in a plain statement: "reads". */
  readonly finite: string;
}

const BE_PRESENT: Readonly<Record<Agreement, string>> = { I: "am", plural: "are", third: "is" };
const BE_PAST: Readonly<Record<Agreement, string>> = { I: "was", plural: "were", third: "was" };

function verbGroup(agreement: Agreement, tense: Tense, verbPhrase: string): VerbGroup {
  const compound = (auxiliary: string, rest: string): VerbGroup => ({
    auxiliary,
    rest,
    finite: `${auxiliary} ${rest}`,
  });
  switch (tense) {
    case "progressive":
      return compound(BE_PRESENT[agreement], inflect(verbPhrase, "ing"));
    case "pastProgressive":
      return compound(BE_PAST[agreement], inflect(verbPhrase, "ing"));
    case "perfect":
      return compound(agreement === "third" ? "has" : "have", inflect(verbPhrase, "participle"));
    case "present":
    case "past": {
      const isPast = tense === "past";
      if (verbPhrase.startsWith("be ")) {
        return compound((isPast ? BE_PAST : BE_PRESENT)[agreement], verbPhrase.slice("be ".length));
      }
      const isThird = agreement === "third";
      return {
        auxiliary: isPast ? "did" : isThird ? "does" : "do",
        rest: verbPhrase,
        finite: isPast ? inflect(verbPhrase, "past") : isThird ? inflect(verbPhrase, "third") : verbPhrase,
      };
    }
    default:
      return compound(tense, verbPhrase);
  }
}

/** A noun phrase that can be the subject of a clause. */
export interface EnglishSubject {
  readonly en: string;
  readonly agreement: Agreement;
}

/** What stands between a subject and its verb, or after its auxiliary: "also", "often", "already". */
type Adverb = string;

/** An affirmative clause: "she reads books", "she is also reading", "she has already left". */
export function affirm(
  subject: EnglishSubject,
  tense: Tense,
  verbPhrase: string,
  adverb: Adverb = "",
): string {
  const { auxiliary, rest, finite } = verbGroup(subject.agreement, tense, verbPhrase);
  const isSimple = finite !== `${auxiliary} ${rest}`;
  return isSimple ? words(subject.en, adverb, finite) : words(subject.en, auxiliary, adverb, rest);
}

/** A negative clause: "she does not read books", "she cannot swim". */
export function negate(subject: EnglishSubject, tense: Tense, verbPhrase: string): string {
  const { auxiliary, rest } = verbGroup(subject.agreement, tense, verbPhrase);
  return words(subject.en, auxiliary === "can" ? "cannot" : `${auxiliary} not`, rest);
}

/** An interrogative clause, without its capital letter and question mark: "does she read books". */
export function ask(subject: EnglishSubject, tense: Tense, verbPhrase: string, adverb: Adverb = ""): string {
  const { auxiliary, rest } = verbGroup(subject.agreement, tense, verbPhrase);
  return words(auxiliary, subject.en, adverb, rest);
}

const IRREGULAR_PLURALS: Readonly<Record<string, string>> = {
  child: "children",
  man: "men",
  person: "people",
  woman: "women",
};

/** The plural of a noun or of a noun phrase that ends in its noun. */
export function pluralise(noun: string): string {
  const irregular = IRREGULAR_PLURALS[noun];
  if (irregular !== undefined) return irregular;
  if (ENDS_IN_CONSONANT_Y.test(noun)) return `${noun.slice(0, -1)}ies`;
  return ENDS_IN_SIBILANT.test(noun) ? `${noun}es` : `${noun}s`;
}

const SOUNDS_LIKE_VOWEL = /^([aeio]|hour|u(?!ni|se))/;

/** Puts "a" or "an" before a noun phrase, as its first sound asks. */
export function withArticle(nounPhrase: string): string {
  return `${SOUNDS_LIKE_VOWEL.test(nounPhrase.toLowerCase()) ? "an" : "a"} ${nounPhrase}`;
}

const IRREGULAR_COMPARISON: Readonly<Record<string, readonly [comparative: string, superlative: string]>> = {
  good: ["better", "best"],
  big: ["bigger", "biggest"],
  hot: ["hotter", "hottest"],
};

const SHORT_ADJECTIVES = new Set(
  "tall short long old young new cheap cold warm cool fast slow early late clean quiet hard smart small cute sweet fresh thick near busy happy easy pretty dirty tasty heavy friendly".split(
    " ",
  ),
);

/** "taller", "more expensive". */
export function comparative(adjective: string): string {
  const irregular = IRREGULAR_COMPARISON[adjective];
  if (irregular !== undefined) return irregular[0];
  return SHORT_ADJECTIVES.has(adjective) ? withSuffix(adjective, "er") : `more ${adjective}`;
}

/** "tallest", "most expensive". */
export function superlative(adjective: string): string {
  const irregular = IRREGULAR_COMPARISON[adjective];
  if (irregular !== undefined) return irregular[1];
  return SHORT_ADJECTIVES.has(adjective) ? withSuffix(adjective, "est") : `most ${adjective}`;
}

function withSuffix(adjective: string, suffix: "er" | "est"): string {
  if (ENDS_IN_CONSONANT_Y.test(adjective)) return `${adjective.slice(0, -1)}i${suffix}`;
  return adjective.endsWith("e") ? adjective + suffix.slice(1) : adjective + suffix;
}

const SMALL_NUMBERS = [
  "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
] as const; // biome-ignore format: a row of words

/** A number as the corpus writes it: a word up to ten, digits above. */
export function number(value: number): string {
  return SMALL_NUMBERS[value] ?? String(value);
}
