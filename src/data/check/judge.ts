import { FILTERS, type FilterConfig, type FilterName } from "./filterConfig.ts";
import { isLengthOutlier } from "./lengthRatio.ts";
import { SeenPairs } from "./pairIndex.ts";
import { isOutOfPlace, mainScript, type Script } from "./scripts.ts";
import { measure, type RowPair, type Survey } from "./survey.ts";

/** Whether a side is shorter or longer than asked for. */
export function isOutside(
  { source, target }: { readonly source: number; readonly target: number },
  { minLength, maxLength }: Pick<FilterConfig, "minLength" | "maxLength">,
): boolean {
  const isShort = Math.min(source, target) < (minLength ?? 0);
  return isShort || Math.max(source, target) > (maxLength ?? Number.POSITIVE_INFINITY);
}

/** Says what is wrong with the pairs of a corpus, by what is usual in it: for those who look and those who filter. */
export class Judge {
  readonly #survey: Survey;

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  /** The lengths of both sides, in the units of the survey. */
  lengths({ source, target }: RowPair): { readonly source: number; readonly target: number } {
    return {
      source: measure(source, this.#survey.source.unit),
      target: measure(target, this.#survey.target.unit),
    };
  }

  isUnlike(pair: RowPair): boolean {
    const { source, target } = this.lengths(pair);
    return isLengthOutlier(source, target, this.#survey.ratio, this.#survey.target.unit);
  }

  /** Whether both sides are the same, in a corpus where most are not. */
  isIdentical({ source, target }: RowPair): boolean {
    return !this.#survey.isCopied && source.trim() === target.trim();
  }

  /** The script of a side, if that is not the usual one. */
  strangeScript(side: "source" | "target", text: string): Script | undefined {
    const { script: usual } = this.#survey[side];
    const script = mainScript(text);
    return script !== undefined && usual !== null && isOutOfPlace(script, usual) ? script : undefined;
  }
}

/** Leaves out pairs as they stream by, and counts them by the first reason that there is. */
export class PairFilter {
  readonly #config: FilterConfig;
  readonly #judge: Judge;
  readonly #seen = new SeenPairs();
  readonly #counts = new Map<FilterName, number>();

  constructor(config: FilterConfig, survey: Survey) {
    this.#config = config;
    this.#judge = new Judge(survey);
  }

  /** Whether a pair stays. */
  keeps(pair: RowPair): boolean {
    const reason = this.#reasonAgainst(pair);
    if (reason !== undefined) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    return reason === undefined;
  }

  /** How many pairs were left out, by the reason; those that there were none of are missing. */
  get counts(): Readonly<Partial<Record<FilterName, number>>> {
    return Object.fromEntries(
      FILTERS.flatMap((name) => (this.#counts.has(name) ? [[name, this.#counts.get(name)]] : [])),
    );
  }

  #reasonAgainst(pair: RowPair): FilterName | undefined {
    const { duplicates, ambiguous, identical, ratio, script, minLength, maxLength } = this.#config;
    const isLimited = minLength !== null || maxLength !== null;
    if (isLimited && isOutside(this.#judge.lengths(pair), this.#config)) return "length";
    if (ratio && this.#judge.isUnlike(pair)) return "ratio";
    if (identical && this.#judge.isIdentical(pair)) return "identical";
    if (duplicates && !this.#seen.isNew(pair)) return "duplicates";
    if (ambiguous && !this.#seen.isNewSource(pair.source)) return "ambiguous";
    const isStrange = (side: "source" | "target"): boolean =>
      this.#judge.strangeScript(side, pair[side]) !== undefined;
    return script && (isStrange("source") || isStrange("target")) ? "script" : undefined;
  }
}
