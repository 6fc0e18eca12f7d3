/** A target so far, from BEGIN on: a token and the hypothesis that it continues. Never changed once made. */
export class Hypothesis {
  readonly parent: Hypothesis | undefined;
  /** The last token: BEGIN of the first hypothesis, END of one that is complete. */
  readonly id: number;
  /** Natural log of the probability of the last token, given those before. */
  readonly tokenLogProbability: number;
  /** Natural log of the probability of all tokens. */
  readonly logProbability: number;
  /** Tokens, END included and BEGIN not. */
  readonly length: number;
  /** Whether the last token is END. */
  readonly ended: boolean;

  private constructor(
    parent: Hypothesis | undefined,
    id: number,
    tokenLogProbability: number,
    ended: boolean,
  ) {
    this.parent = parent;
    this.id = id;
    this.tokenLogProbability = tokenLogProbability;
    this.logProbability = parent === undefined ? 0 : parent.logProbability + tokenLogProbability;
    this.length = parent === undefined ? 0 : parent.length + 1;
    this.ended = ended;
  }

  /** The hypothesis without a token: BEGIN alone. */
  static begin(bosId: number): Hypothesis {
    return new Hypothesis(undefined, bosId, 0, false);
  }

  /** This hypothesis and one token more. */
  extend(id: number, logProbability: number, eosId: number): Hypothesis {
    return new Hypothesis(this, id, logProbability, id === eosId);
  }

  /** The ids of the tokens, without BEGIN and END. */
  tokens(): number[] {
    const ids: number[] = [];
    for (const { id, ended } of this.#path()) if (!ended) ids.push(id);
    return ids.reverse();
  }

  /** The natural log of each token's probability, END's included. */
  logProbabilities(): number[] {
    return Array.from(this.#path(), ({ tokenLogProbability }) => tokenLogProbability).reverse();
  }

  /** From the last token back to the first. */
  *#path(): Generator<Hypothesis, void, undefined> {
    for (let at: Hypothesis = this; at.parent !== undefined; at = at.parent) yield at;
  }
}
