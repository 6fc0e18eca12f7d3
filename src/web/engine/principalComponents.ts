import type { Matrix } from "../../model/trace.ts";

/** Rounds of the power method: the picture does not change any more long before. */
const ROUNDS = 100;

/**
 * Rows in their directions of largest variance (Pearson 1901), by the power method with deflation. Signs are chosen so
 * that the largest component of each direction is positive, so that the same rows give the same picture.
 *
 * @param points [rows, columns]
 * @returns [rows, count], centred
 */
export function principalComponents({ rows, columns, values }: Matrix, count: number): Matrix {
  const mean = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) mean[i % columns]! += values[i]! / rows;
  const centred = Float64Array.from(values, (value, i) => value - mean[i % columns]!);
  const directions: Float64Array[] = [];
  for (let c = 0; c < count; c++) {
    // Begin anywhere that is not orthogonal to everything: cosines of a different frequency each time.
    let direction = normalised(Float64Array.from({ length: columns }, (_, d) => Math.cos((c + 1) * (d + 1))));
    for (let round = 0; round < ROUNDS; round++) {
      const next = transposedTimes(centred, columns, times(centred, columns, direction));
      for (const before of directions) subtractShare(next, before);
      direction = normalised(next);
    }
    const largest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    directions.push(direction.map((value) => value * Math.sign(largest)));
  }
  const projected = directions.map((direction) => times(centred, columns, direction));
  const result = Float32Array.from(
    { length: rows * count },
    (_, i) => projected[i % count]![Math.floor(i / count)]!,
  );
  return { rows, columns: count, values: result };
}

/** X d: [rows]. */
function times(x: Float64Array, columns: number, d: Float64Array): Float64Array {
  const product = new Float64Array(x.length / columns);
  for (let i = 0; i < x.length; i++) product[Math.floor(i / columns)]! += x[i]! * d[i % columns]!;
  return product;
}

/** X^T p: [columns]. */
function transposedTimes(x: Float64Array, columns: number, p: Float64Array): Float64Array {
  const product = new Float64Array(columns);
  for (let i = 0; i < x.length; i++) product[i % columns]! += x[i]! * p[Math.floor(i / columns)]!;
  return product;
}

/** Takes out of a vector what it has of a direction of length 1. */
function subtractShare(vector: Float64Array, direction: Float64Array): void {
  const share = vector.reduce((sum, value, i) => sum + value * direction[i]!, 0);
  for (let i = 0; i < vector.length; i++) vector[i]! -= share * direction[i]!;
}

/** A vector of length 1; one without any length stays as it is. */
function normalised(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}
