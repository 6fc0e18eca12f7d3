import { integers, matrix, type Reference, vector } from "./memory.ts";

/** The index of the first largest element; NaNs are passed over, and 0 is left when there is nothing else. */
function indexOfLargest(x: Float32Array): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  x.forEach((value, i) => {
    if (value > most) {
      most = value;
      best = i;
    }
  });
  return best;
}

/** The softmax of a row and the natural log of its sum of exponentials. */
function softmaxOf(x: Float32Array): { probabilities: number[]; logSumExp: number } {
  const most = x[indexOfLargest(x)]!; // taken off before the exponential, so that none overflows
  const exponentials = Array.from(x, (value) => Math.exp(value - most));
  const sum = exponentials.reduce((total, e) => total + e, 0);
  return { probabilities: exponentials.map((e) => e / sum), logSumExp: most + Math.log(sum) };
}

/** The index of the first largest of n floats. */
export const argmax: Reference<"argmax"> = (memory) => (x, n) => indexOfLargest(vector(memory, x, n));

/** x[rows, columns] becomes its softmax, row by row: e^x[j] / sum over l of e^x[l]. */
export const softmax: Reference<"softmax"> = (memory) => (x, rows, columns) => {
  for (const row of matrix(memory, x, rows, columns)) row.set(softmaxOf(row).probabilities);
};

/**
 * The index of the first largest logit of each row, into `ids`, and the natural log of its probability, into
 * `logProbabilities`: what a greedy decoder asks of logits[rows, columns].
 */
export const greedyTokens: Reference<"greedyTokens"> =
  (memory) => (ids, logProbabilities, logits, rows, columns) => {
    const X = matrix(memory, logits, rows, columns);
    const id = integers(memory, ids, rows);
    const logProbability = vector(memory, logProbabilities, rows);
    for (let i = 0; i < rows; i++) {
      const x = X[i]!;
      const first = indexOfLargest(x);
      id[i] = first;
      logProbability[i] = x[first]! - softmaxOf(x).logSumExp;
    }
  };

/**
 * Cross-entropy with label smoothing (Szegedy et al. 2016, section 7). The target distribution t is smoothing / V
 * everywhere and 1 - smoothing more on the label; the loss of a row is - sum over j of t[j] ln softmax(logits)[j],
 * and its gradient is softmax(logits) - t. `results` [rows, 3] takes the loss, -ln p(label), and 1 when the label
 * has the first largest logit, else 0. Unless `scale` is 0 the logits [rows, V] become their gradient times scale.
 */
export const crossEntropy: Reference<"crossEntropy"> =
  (memory) => (logits, labels, results, rows, vocabulary, smoothing, scale) => {
    const X = matrix(memory, logits, rows, vocabulary);
    const label = integers(memory, labels, rows);
    const R = matrix(memory, results, rows, 3);
    for (let i = 0; i < rows; i++) {
      const x = X[i]!;
      const { probabilities, logSumExp } = softmaxOf(x);
      const target = (j: number): number => smoothing / vocabulary + (j === label[i] ? 1 - smoothing : 0);
      let loss = 0;
      for (let j = 0; j < vocabulary; j++) if (target(j) > 0) loss += target(j) * (logSumExp - x[j]!);
      R[i]!.set([loss, logSumExp - x[label[i]!]!, indexOfLargest(x) === label[i] ? 1 : 0]);
      if (scale !== 0) x.set(probabilities.map((p, j) => (p - target(j)) * scale));
    }
  };
