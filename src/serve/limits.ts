import type { NumberRange } from "../valueType.ts";

/** What a server takes on. */
export interface Limits {
  /** Bytes of a body. */
  readonly maxBody: number;
  /** Translations that one request may ask for: its sentences, each as often as `nBest` wants it. */
  readonly maxSentences: number;
  /** Characters of a sentence. */
  readonly maxSentence: number;
  /** Hypotheses of a sentence, of beams and samples. */
  readonly maxBeam: number;
  /** Requests to translate that are read, wait, or are worked on at a time. */
  readonly queue: number;
  /** Seconds from a request's arrival to the end of its answer. */
  readonly timeout: number;
}

/** A limit as a flag: what it is called, what may be given, and what it is without. */
interface LimitFlag {
  readonly flag: string;
  readonly usual: number;
  readonly range: NumberRange;
  readonly description: string;
}

const FROM_1: NumberRange = { whole: true, from: 1 };

/** The limits of a server, and their flags. */
export const LIMITS: Readonly<Record<keyof Limits, LimitFlag>> = {
  maxBody: {
    flag: "--max-body <bytes>",
    usual: 2 ** 20,
    range: { ...FROM_1, to: 2 ** 28 },
    description: "bytes of a body, at most",
  },
  maxSentences: {
    flag: "--max-sentences <n>",
    usual: 100,
    range: { ...FROM_1, to: 100_000 },
    description: "sentences of a request times its n-best, at most",
  },
  maxSentence: {
    flag: "--max-sentence <n>",
    usual: 2000,
    range: FROM_1,
    description: "characters of a sentence, at most",
  },
  maxBeam: {
    flag: "--max-beam <n>",
    usual: 16,
    range: { ...FROM_1, to: 256 },
    description: "hypotheses of a sentence, at most",
  },
  queue: {
    flag: "--queue <n>",
    usual: 256,
    range: { ...FROM_1, to: 100_000 },
    description: "requests that wait or are worked on, at most",
  },
  timeout: {
    flag: "--timeout <seconds>",
    usual: 30,
    range: { above: 0, to: 86_400 },
    description: "seconds that a request may take",
  },
};
