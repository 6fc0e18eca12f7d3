/** A token of a translation that is under way. */
export interface StreamedToken {
  /** The token, as the target vocabulary has it. */
  readonly token: string;
  /** The translation up to here; a character of which some bytes are still to come is left out. */
  readonly text: string;
  /** Natural log of the token's probability, given those before. */
  readonly logProbability: number;
}

/** What is pushed on one side comes out on the other, as soon as it is there. */
export class TokenQueue {
  readonly #waiting: StreamedToken[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(token: StreamedToken): void {
    this.#waiting.push(token);
    this.#wake();
  }

  /** Nothing will be pushed any more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamedToken, void, undefined> {
    for (;;) {
      const token = this.#waiting.shift();
      if (token !== undefined) yield token;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
