import { XformerError } from "../errors.ts";

/** Why a request gets no translation: its status, and the seconds after which it may be worth another try. */
const REFUSALS = {
  /** What is asked for is wrong, as in an {@link XformerError}. */
  USAGE: { status: 400 },
  NOT_FOUND: { status: 404 },
  METHOD: { status: 405 },
  /** The client was too slow. */
  SLOW: { status: 408 },
  TOO_LARGE: { status: 413 },
  MEDIA_TYPE: { status: 415 },
  HOST: { status: 421 },
  BUSY: { status: 429, retryAfter: 1 },
  HEADERS: { status: 431 },
  /** The client has left: nobody reads this; logs and metrics call it as nginx does. */
  LEFT: { status: 499 },
  INTERNAL: { status: 500 },
  TIMEOUT: { status: 503, retryAfter: 5 },
  CLOSING: { status: 503, retryAfter: 5 },
} as const;

type RefusalCode = keyof typeof REFUSALS;

/** A request that is answered by what is wrong with it, as code, message and hint. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly hint: string | undefined;

  constructor(code: RefusalCode, problem: string, hint?: string) {
    super(problem);
    this.code = code;
    this.hint = hint;
  }

  get status(): number {
    return REFUSALS[this.code].status;
  }

  /** What a client is told. */
  get body(): string {
    const { code, message, hint } = this;
    return JSON.stringify({ error: { code, message, hint } });
  }

  get headers(): Readonly<Record<string, string>> {
    const refusal = REFUSALS[this.code];
    return {
      "Content-Type": "application/json",
      ...("retryAfter" in refusal ? { "Retry-After": String(refusal.retryAfter) } : {}),
    };
  }
}

/** What went wrong, as a client may know it: of what is not the client's doing, only that it happened. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof XformerError && (error.code === "USAGE" || error.code === "DATA"))
    return new Refusal("USAGE", error.message, inFields(error.hint));
  return new Refusal("INTERNAL", "the translation has failed", "What happened is in the server's messages.");
}

/** A hint that names flags, in the names that requests have for them: `--length-penalty` is `lengthPenalty`. */
function inFields(hint: string | undefined): string | undefined {
  return hint?.replace(/--([a-z][a-z-]*)/g, (_, flag: string) =>
    flag.replace(/-([a-z])/g, (__, letter: string) => letter.toUpperCase()),
  );
}
