import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { XformerError } from "../../errors.ts";

/** Finds the matches of something in a text, one after the other. */
export interface Pattern {
  /** Where each match begins and ends; none overlaps another. */
  matches(text: string): Iterable<readonly [start: number, end: number]>;
}

/** A pattern of ours, which is known not to take long. */
export function patternOf(regex: RegExp): Pattern {
  return {
    *matches(text) {
      for (const { 0: match, index } of text.matchAll(regex)) yield [index, index + match.length];
    },
  };
}

/** Characters of a text after replacements: what replaces may be much longer, and replaced again. */
const MOST_CHARACTERS = 2 ** 26;

/**
 * The text with something else for every match.
 *
 * @throws XformerError DATA when it is far longer than any line
 */
export function replaceMatches(text: string, pattern: Pattern, content: string): string {
  let result = "";
  let rest = 0;
  for (const [start, end] of pattern.matches(text)) {
    result += text.slice(rest, start) + content;
    rest = end;
    if (result.length <= MOST_CHARACTERS) continue;
    const problem = `the tokenizer's replacements make a line longer than ${MOST_CHARACTERS} characters`;
    throw new XformerError("DATA", problem, { hint: "Break the line, or use another tokenizer." });
  }
  return result + text.slice(rest);
}

/** A place in a pattern: what has to hold there, and where it goes on. */
type State =
  | { readonly kind: "character"; readonly test: (codePoint: number) => boolean; readonly next: State }
  | { readonly kind: "choice"; readonly id: number; first: State; second: State }
  | {
      readonly kind: "look";
      readonly id: number;
      readonly body: State;
      readonly behind: boolean;
      readonly negate: boolean;
      readonly next: State;
    }
  | { readonly kind: "edge"; readonly edge: "start" | "end"; readonly next: State }
  | { readonly kind: "accept" };

const ACCEPT: State = { kind: "accept" };

/** States of the largest pattern that is taken: `(?:.{1000}){1000}` would have a million. */
const MOST_STATES = 20_000;
/** Bytes of marks that a text may take. */
const MOST_MARKS = 2 ** 29;

/** And what is kept of them for the next text. */
const KEPT_MARKS = 2 ** 20;

/** What is known of a choice at a position. */
const FAILED = 1;
const SUCCEEDED = 2;

/**
 * A regular expression that takes time linear in the text, whatever it is: for patterns that come from files. It
 * finds what JavaScript finds with the flags `gv`, by the same backtracking, but never tries a choice at the same
 * place twice (Davis et al. 2021, Using selective memoization to defeat regular expression denial of service). There
 * are no back references, without which groups need not be captured. Only where what is repeated can be empty, on which
 * engines do not agree, may it find something else.
 */
export class LinearPattern implements Pattern {
  readonly #start: State;
  readonly #choices: number;
  readonly #looks: number;
  #marks = new Uint8Array(0);

  /** @throws SyntaxError for what is no such pattern, has back references or is too large */
  constructor(source: string) {
    const parser = new RegExpParser({ ecmaVersion: 2025 });
    const compiler = new Compiler();
    const { alternatives } = parser.parsePattern(source, 0, source.length, { unicodeSets: true });
    this.#start = compiler.choiceOf(alternatives, ACCEPT, false);
    this.#choices = compiler.choices;
    this.#looks = compiler.looks;
  }

  /** @throws XformerError DATA for a text that is too long to be remembered */
  *matches(text: string): Generator<readonly [start: number, end: number], void, undefined> {
    const marks = this.#takeMarks(text);
    const matcher = new Matcher(text, this.#choices, marks);
    for (let at = 0; at <= text.length; ) {
      const end = matcher.match(this.#start, at, false, false);
      if (end >= 0) yield [at, end];
      at = end > at ? end : at + (text.codePointAt(at)! > 0xffff ? 2 : 1);
    }
    if (marks.length <= KEPT_MARKS) this.#marks = marks;
  }

  /** Memory for what is known of every choice and look at every position, all unknown; the last text's if it is free. */
  #takeMarks(text: string): Uint8Array<ArrayBuffer> {
    const size = (this.#choices + this.#looks) * (text.length + 1);
    if (size > MOST_MARKS) {
      const problem = `a line of ${text.length} characters is too long for the regular expressions of the tokenizer`;
      throw new XformerError("DATA", problem, { hint: "Break the line." });
    }
    const marks = this.#marks.length >= size ? this.#marks.fill(0, 0, size) : new Uint8Array(2 * size);
    this.#marks = new Uint8Array(0);
    return marks;
  }
}

/** Turns the parts of an expression into states, from the last to the first. */
class Compiler {
  choices = 0;
  looks = 0;
  #states = 0;

  /** @param backward whether it is read from its end, as behind a position */
  choiceOf(alternatives: readonly AST.Alternative[], next: State, backward: boolean): State {
    const [last, ...others] = alternatives
      .map(({ elements }) => this.#sequence(elements, next, backward))
      .reverse();
    return others.reduce((second, first) => this.#choice(first, second), last ?? next);
  }

  #sequence(elements: readonly AST.Element[], next: State, backward: boolean): State {
    const ordered = backward ? elements : elements.toReversed();
    return ordered.reduce((after, element) => this.#element(element, after, backward), next);
  }

  #element(element: AST.Element, next: State, backward: boolean): State {
    switch (element.type) {
      case "Character":
        return this.#count({ kind: "character", test: (codePoint) => codePoint === element.value, next });
      case "CharacterSet":
      case "CharacterClass":
      case "ExpressionCharacterClass":
        return this.#count({ kind: "character", test: membership(element.raw), next });
      case "Group":
      case "CapturingGroup":
        return this.choiceOf(element.alternatives, next, backward);
      case "Quantifier":
        return this.#quantifier(element, next, backward);
      case "Assertion":
        return this.#assertion(element, next);
      case "Backreference":
        throw new SyntaxError("a back reference");
    }
  }

  #quantifier({ element, min, max, greedy }: AST.Quantifier, next: State, backward: boolean): State {
    const optional = (body: State, after: State): State =>
      greedy ? this.#choice(body, after) : this.#choice(after, body);
    let state = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.#choice(next, next);
      const body = this.#element(element, loop, backward);
      if (greedy) loop.first = body;
      else loop.second = body;
      state = loop;
    } else {
      for (let i = min; i < max; i++) state = optional(this.#element(element, state, backward), next);
    }
    for (let i = 0; i < min; i++) state = this.#element(element, state, backward);
    return state;
  }

  #assertion(assertion: AST.Assertion, next: State): State {
    if (assertion.kind === "word") throw new SyntaxError("a word boundary");
    if (assertion.kind !== "lookahead" && assertion.kind !== "lookbehind")
      return this.#count({ kind: "edge", edge: assertion.kind, next });
    const behind = assertion.kind === "lookbehind";
    const body = this.choiceOf(assertion.alternatives, ACCEPT, behind);
    return this.#count({ kind: "look", id: this.looks++, body, behind, negate: assertion.negate, next });
  }

  #choice(first: State, second: State): Choice {
    return this.#count({ kind: "choice", id: this.choices++, first, second });
  }

  #count<S extends State>(state: S): S {
    if (++this.#states > MOST_STATES) throw new SyntaxError("a repetition that is too large");
    return state;
  }
}

type Choice = Extract<State, { kind: "choice" }>;

/** Whether a code point is in a class, asked of JavaScript once for each. */
function membership(source: string): (codePoint: number) => boolean {
  const regex = new RegExp(`^(?:${source})$`, "v");
  const known = new Map<number, boolean>();
  return (codePoint) => {
    const told = known.get(codePoint);
    if (told !== undefined) return told;
    const isMember = regex.test(String.fromCodePoint(codePoint));
    known.set(codePoint, isMember);
    return isMember;
  };
}

/** Looks for one pattern in one text, and remembers what came of every choice at every position. */
class Matcher {
  readonly #text: string;
  readonly #marks: Uint8Array;
  /** Marks of a choice begin at its number times this; those of looks come behind. */
  readonly #stride: number;
  readonly #looksAt: number;

  constructor(text: string, choices: number, marks: Uint8Array) {
    this.#text = text;
    this.#marks = marks;
    this.#stride = text.length + 1;
    this.#looksAt = choices * this.#stride;
  }

  /**
   * Matches at a position.
   *
   * @param backward whether it goes towards the beginning
   * @param isLook whether it only counts that there is a match
   * @returns where the match ends, -1 when there is none
   */
  match(start: State, from: number, backward: boolean, isLook: boolean): number {
    const marks = this.#marks;
    /** What is still to be tried: a state, its position, and how long the path to it was. */
    const waiting: [state: State, position: number, path: number][] = [];
    /** The marks of the choices on the way to here. */
    const path: number[] = [];
    let state = start;
    let position = from;
    for (;;) {
      let holds = true;
      if (state.kind === "accept") break;
      if (state.kind === "choice") {
        const mark = state.id * this.#stride + position;
        if (marks[mark] === SUCCEEDED) break;
        holds = marks[mark] !== FAILED;
        if (holds) {
          marks[mark] = FAILED; // until it is known to be otherwise
          waiting.push([state.second, position, path.push(mark)]);
          state = state.first;
        }
      } else if (state.kind === "character") {
        const codePoint = backward ? this.#before(position) : (this.#text.codePointAt(position) ?? -1);
        holds = codePoint >= 0 && state.test(codePoint);
        if (holds) position += (backward ? -1 : 1) * (codePoint > 0xffff ? 2 : 1);
        state = state.next;
      } else if (state.kind === "edge") {
        holds = position === (state.edge === "start" ? 0 : this.#text.length);
        state = state.next;
      } else {
        holds = this.#look(state, position);
        state = state.next;
      }
      if (holds) continue;
      const next = waiting.pop();
      if (next === undefined) return -1;
      let length: number;
      [state, position, length] = next;
      path.length = length;
    }
    for (const mark of path) marks[mark] = isLook ? SUCCEEDED : 0;
    return position;
  }

  #look({ id, body, behind, negate }: Extract<State, { kind: "look" }>, position: number): boolean {
    const mark = this.#looksAt + id * this.#stride + position;
    if (this.#marks[mark] === 0)
      this.#marks[mark] = this.match(body, position, behind, true) < 0 ? FAILED : SUCCEEDED;
    return (this.#marks[mark] === SUCCEEDED) !== negate;
  }

  /** The code point that ends at a position; -1 at the beginning. */
  #before(position: number): number {
    const pair = position > 1 ? this.#text.codePointAt(position - 2)! : 0;
    return pair > 0xffff ? pair : position > 0 ? this.#text.charCodeAt(position - 1) : -1;
  }
}
