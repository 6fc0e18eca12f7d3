import type { Random } from "../../../random.ts";
import type { Agreement } from "../english.ts";
import { chance, type Phrase, phrase } from "../phrase.ts";

/** What part of life somebody is in, where it is known: it decides what they do and where. */
export type Life = "child" | "adult" | "old" | "any";

/** Somebody a sentence can be about. */
export interface Person extends Phrase {
  readonly agreement: Agreement;
  /** The English form after a verb or a preposition: "me", "my mother". */
  readonly object: string;
  readonly life: Life;
  /** How the next clause takes the person up, where that is known. */
  readonly pronoun?: Pronoun;
}

/** A pronoun, with what it owns: 我的 is "my". */
export interface Pronoun extends Person {
  readonly possessive: string;
}

function pronoun(zh: string, en: string, agreement: Agreement, object: string, possessive: string): Pronoun {
  return { zh, en, agreement, object, possessive, life: "any" };
}

export const I = pronoun("我", "I", "I", "me", "my");
export const you = pronoun("你", "you", "plural", "you", "your");
export const he = pronoun("他", "he", "third", "him", "his");
export const she = pronoun("她", "she", "third", "her", "her");
export const we = pronoun("我们", "we", "plural", "us", "our");
export const they = pronoun("他们", "they", "plural", "them", "their");

function person(zh: string, en: string, life: Life, taken?: Pronoun): Person {
  const base = { zh, en, agreement: taken === they ? "plural" : "third", object: en, life } as const;
  return taken === undefined ? base : { ...base, pronoun: taken };
}

/** 你们 is left out: English says "you" for it too. */
export const pronouns: readonly Pronoun[] = [I, you, he, she, we, they];

export const singularPronouns: readonly Pronoun[] = [I, you, he, she];

const owners: readonly Pronoun[] = [I, you, he, she];

interface Relation extends Phrase {
  readonly life: Life;
  readonly pronoun?: Pronoun;
}

/** Family members, said right after the owner: 我妈妈. */
const kin: readonly Relation[] = [
  { zh: "妈妈", en: "mother", life: "adult", pronoun: she },
  { zh: "爸爸", en: "father", life: "adult", pronoun: he },
  { zh: "哥哥", en: "older brother", life: "any", pronoun: he },
  { zh: "姐姐", en: "older sister", life: "any", pronoun: she },
  { zh: "弟弟", en: "younger brother", life: "any", pronoun: he },
  { zh: "妹妹", en: "younger sister", life: "any", pronoun: she },
  { zh: "爷爷", en: "grandfather", life: "old", pronoun: he },
  { zh: "奶奶", en: "grandmother", life: "old", pronoun: she },
];

/** People one is connected with, said right after the owner too: 我朋友. */
const companions: readonly Relation[] = [
  { zh: "朋友", en: "friend", life: "any" },
  { zh: "同学", en: "classmate", life: "any" },
  { zh: "同事", en: "colleague", life: "adult" },
  { zh: "邻居", en: "neighbor", life: "any" },
];

const names: readonly Person[] = [
  person("小龙", "Xiaolong", "any", he),
  person("小美", "Xiaomei", "any", she),
  person("大卫", "David", "any", he),
  person("玛丽", "Mary", "any", she),
  person("安娜", "Anna", "any", she),
  person("汤姆", "Tom", "any", he),
  person("李老师", "Teacher Li", "adult", she),
  person("王医生", "Doctor Wang", "adult", he),
  person("张先生", "Mr Zhang", "adult", he),
  person("刘女士", "Ms Liu", "adult", she),
];

/** Groups, most of them with 们. */
const groups: readonly Person[] = [
  person("孩子们", "the children", "child", they),
  person("学生们", "the students", "any", they),
  person("老师们", "the teachers", "adult", they),
  person("我的朋友们", "my friends", "any", they),
  person("他的同学们", "his classmates", "any", they),
];

/** Somebody's relative, friend or colleague: 她姐姐, "her older sister". */
export function relative(random: Random, owner: Pronoun = random.pick(owners)): Person {
  const who = random.pick(chance(random, 0.75) ? kin : companions);
  return person(`${owner.zh}${who.zh}`, `${owner.possessive} ${who.en}`, who.life, who.pronoun);
}

/** Anybody at all, as a subject; "you" is more often asked than told. */
export function someone(random: Random): Person {
  const draw = random.next();
  if (draw < 0.45) return random.pick([I, I, you, he, he, she, she, we, they]);
  if (draw < 0.7) return relative(random);
  return random.pick(draw < 0.92 ? names : groups);
}

/** Somebody the next clause can take up with a pronoun. */
export function someoneTakenUp(random: Random): { who: Person; again: Person } {
  for (;;) {
    const who = someone(random);
    const again = pronouns.find((one) => one === who) ?? who.pronoun;
    if (again !== undefined) return { who, again };
  }
}

/** Anybody who can have a job. */
export function someAdult(random: Random): Person {
  for (;;) {
    const who = someone(random);
    if (who.life !== "child" && who.life !== "old") return who;
  }
}

/** Somebody who may still go to school, one at a time. */
export function someYoung(random: Random): Person {
  for (;;) {
    const who = someone(random);
    if (who.life === "any" && (who.agreement !== "plural" || who === you)) return who;
  }
}

/** A third person, singular. */
export function someThird(random: Random): Person {
  const draw = random.next();
  if (draw < 0.3) return random.pick([he, she]);
  return draw < 0.65 ? relative(random) : random.pick(names);
}

/** A third person who is not named by a pronoun. */
export function someNamed(random: Random): Person {
  return chance(random, 0.5) ? relative(random) : random.pick(names);
}

/** Two different people, the first of them anybody. */
export function twoPeople(random: Random, first: (random: Random) => Person = someThird): [Person, Person] {
  for (;;) {
    const one = first(random);
    const other = chance(random, 0.35) ? random.pick(singularPronouns) : someThird(random);
    // "my mother ... me" is fine, "her mother ... she" leaves open who she is, so owners do not meet owned.
    if (one.zh.startsWith(other.zh) || other.zh.startsWith(one.zh)) continue;
    return [one, other];
  }
}

/** Somebody to ask a question about: nobody asks what they or their own people do. */
export function someoneAskedAbout(random: Random): Person {
  for (;;) {
    const who = chance(random, 0.35) ? you : someone(random);
    if (!who.zh.startsWith("我")) return who;
  }
}

export const jobs: readonly Phrase[] = [
  phrase("医生", "doctor"),
  phrase("老师", "teacher"),
  phrase("学生", "student"),
  phrase("工程师", "engineer"),
  phrase("律师", "lawyer"),
  phrase("司机", "driver"),
  phrase("护士", "nurse"),
  phrase("警察", "police officer"),
  phrase("记者", "reporter"),
  phrase("厨师", "chef"),
  phrase("经理", "manager"),
];

/** An adult of whom one may wonder what they do: not Teacher Li. */
export function someoneWithAJob(random: Random): Person {
  for (;;) {
    const who = someAdult(random);
    if (!jobs.some((job) => who.zh.includes(job.zh))) return who;
  }
}

/** Somebody one can point at: 那个女孩, "that girl". */
export interface Stranger extends Phrase {
  readonly life: Life;
  /** Who of the family it may turn out to be. */
  readonly kin: readonly Relation[];
}

const kinOf = (...names: readonly string[]): readonly Relation[] =>
  kin.filter((one) => names.includes(one.zh));

export const strangers: readonly Stranger[] = [
  { zh: "男孩", en: "boy", life: "child", kin: kinOf("哥哥", "弟弟") },
  { zh: "女孩", en: "girl", life: "child", kin: kinOf("姐姐", "妹妹") },
  { zh: "男人", en: "man", life: "adult", kin: kinOf("爸爸", "哥哥") },
  { zh: "女人", en: "woman", life: "adult", kin: kinOf("妈妈", "姐姐") },
  { zh: "孩子", en: "child", life: "child", kin: kinOf("弟弟", "妹妹") },
  { zh: "学生", en: "student", life: "child", kin: kinOf("哥哥", "姐姐", "弟弟", "妹妹") },
];

/** A relative the stranger may be. */
export function relativeWho(random: Random, stranger: Stranger): Person {
  const owner = random.pick(owners);
  const who = random.pick(stranger.kin);
  return person(`${owner.zh}${who.zh}`, `${owner.possessive} ${who.en}`, who.life, who.pronoun);
}
