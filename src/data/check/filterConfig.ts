/** Why a pair may be left out. */
export const FILTERS = ["length", "ratio", "identical", "duplicates", "ambiguous", "script"] as const;
export type FilterName = (typeof FILTERS)[number];

/** Which pairs are left out. */
export interface FilterConfig {
  /** Pairs that were there before. */
  readonly duplicates: boolean;
  /** Pairs whose source was there before: the first target counts. */
  readonly ambiguous: boolean;
  /** Pairs whose sides are the same, unless most are. */
  readonly identical: boolean;
  /** Pairs with sides of unlike length. */
  readonly ratio: boolean;
  /** Pairs with a side in another script than most. */
  readonly script: boolean;
  /** The fewest and the most words of a side, or characters where words have no spaces; null for any. */
  readonly minLength: number | null;
  readonly maxLength: number | null;
}

/** Nothing is left out. */
export const NO_FILTER: FilterConfig = {
  duplicates: false,
  ambiguous: false,
  identical: false,
  ratio: false,
  script: false,
  minLength: null,
  maxLength: null,
};

/** Whether a filter leaves out anything. */
export function filters(config: FilterConfig): boolean {
  return Object.values(config).some((value) => value !== false && value !== null);
}
