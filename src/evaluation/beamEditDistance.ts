/** Cells around the diagonal that are looked at; Tercom's number. */
const BEAM_WIDTH = 25;
const UNREACHED = 1e9;

/** What the cheapest edits say of each word. */
export interface EditAlignment {
  /** For each word of the reference the word of the hypothesis at its place, or the one before; -1 for none. */
  readonly places: Int32Array;
  /** 1 for a word of the hypothesis that is not in the reference at its place. */
  readonly hypothesisErrors: Uint8Array;
  /** 1 for a word of the reference that is not in the hypothesis at its place. */
  readonly referenceErrors: Uint8Array;
}

/**
 * Edit distances (Levenshtein 1966) between one reference and hypotheses of one length, looking only at cells near
 * the diagonal from corner to corner, as Tercom does (Snover et al. 2006). Words are numbers.
 *
 * Row i, column j of the matrix is the cost of making the first i words of the hypothesis out of the first j words
 * of the reference.
 */
export class BeamEditDistance {
  readonly #reference: Int32Array;
  readonly #length: number;
  readonly #width: number;
  /** The matrix of the hypothesis that others are compared with, and room for that of another. */
  readonly #base: Int32Array;
  readonly #other: Int32Array;
  #hypothesis: Int32Array;

  /** @param hypothesis the first one to align */
  constructor(reference: Int32Array, hypothesis: Int32Array) {
    this.#reference = reference;
    this.#hypothesis = hypothesis;
    this.#length = hypothesis.length;
    this.#width = reference.length + 1;
    this.#base = new Int32Array((hypothesis.length + 1) * this.#width);
    this.#other = new Int32Array(this.#base.length);
    for (let j = 0; j < this.#width; j++) this.#base[j] = j;
    this.rebase(hypothesis);
  }

  /** Makes a hypothesis the one that others are compared with. */
  rebase(hypothesis: Int32Array): void {
    this.#hypothesis = hypothesis;
    this.#fill(this.#base, hypothesis, 1);
  }

  /** The edit distance of the current hypothesis. */
  get distance(): number {
    return this.#base[this.#base.length - 1]!;
  }

  /** The edit distance of another hypothesis, whose first `same` words are those of the current one. */
  distanceOf(hypothesis: Int32Array, same: number): number {
    this.#other.set(this.#base.subarray(same * this.#width, (same + 1) * this.#width), same * this.#width);
    this.#fill(this.#other, hypothesis, same + 1);
    return this.#other[this.#other.length - 1]!;
  }

  /** The cheapest edits of the current hypothesis; of equally cheap ones those that Tercom takes. */
  align(): EditAlignment {
    const places = new Int32Array(this.#reference.length);
    const hypothesisErrors = new Uint8Array(this.#length);
    const referenceErrors = new Uint8Array(this.#reference.length);
    let i = this.#length;
    let j = this.#reference.length;
    while (i > 0 || j > 0) {
      const cost = this.#base[i * this.#width + j]!;
      const isError = i > 0 && j > 0 && this.#hypothesis[i - 1] !== this.#reference[j - 1];
      if (i > 0 && j > 0 && cost === this.#base[(i - 1) * this.#width + j - 1]! + Number(isError)) {
        i--;
        j--;
        places[j] = i;
        hypothesisErrors[i] = Number(isError);
        referenceErrors[j] = Number(isError);
      } else if (i > 0 && cost === this.#base[(i - 1) * this.#width + j]! + 1) {
        hypothesisErrors[--i] = 1;
      } else {
        places[--j] = i - 1;
        referenceErrors[j] = 1;
      }
    }
    return { places, hypothesisErrors, referenceErrors };
  }

  /** Works out the rows from `first` on; the one before is there. */
  #fill(costs: Int32Array, hypothesis: Int32Array, first: number): void {
    const width = this.#width;
    const ratio = this.#reference.length / this.#length;
    // Rows of very uneven lengths would not overlap otherwise.
    const beam = BEAM_WIDTH < ratio / 2 ? Math.ceil(ratio / 2 + BEAM_WIDTH) : BEAM_WIDTH;
    for (let i = first; i <= this.#length; i++) {
      const diagonal = Math.floor(i * ratio);
      const begin = Math.max(0, diagonal - beam);
      const end = i === this.#length ? width : Math.min(width, diagonal + beam);
      const row = i * width;
      costs.fill(UNREACHED, row, row + width);
      for (let j = begin; j < end; j++) {
        let cost = costs[row - width + j]! + 1;
        if (j > 0) {
          const isError = hypothesis[i - 1] !== this.#reference[j - 1];
          cost = Math.min(cost, costs[row - width + j - 1]! + Number(isError), costs[row + j - 1]! + 1);
        }
        costs[row + j] = Math.min(cost, UNREACHED);
      }
    }
  }
}
