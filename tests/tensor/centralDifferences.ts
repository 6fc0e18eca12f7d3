import { at } from "../../src/kernels/kernels.ts";
import { createRandom, type Random } from "../../src/random.ts";
import { Computation, type Workbench } from "../../src/tensor/computation.ts";
import { type Parameter, sizeOf, type Tensor } from "../../src/tensor/tensor.ts";
import { everywhere, poisonScratch, randomFloats } from "../support/engine.ts";

/**
 * The derivative of `loss` at 0 from four values around it: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, whose
 * error is of the order of h^4 (Abramowitz and Stegun 1964, 25.3.6). Losses come from 32-bit floats, which would
 * drown the smaller h that the usual two values need.
 */
export function centralDifference(loss: (step: number) => number, h: number): number {
  return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h);
}

/** Values that a loss depends on. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** A matrix of numbers, uniform in [-size, size). */
export function randomMatrix(rows: number, columns: number, random: Random, size = 1): Matrix {
  return { rows, columns, values: randomFloats(rows * columns, random, size) };
}

/** What is differentiated: a number computed by operations from inputs and parameters. */
export interface Differentiable {
  readonly inputs: readonly Matrix[];
  readonly parameters: readonly Matrix[];
  readonly dropout?: number;
  /** Computes the loss; when `run` has a tape, also starts its gradient there, as {@link weightedSum} does. */
  loss(run: Computation, inputs: readonly Tensor[], parameters: readonly Parameter[]): number;
}

const WEIGHTS = randomFloats(4096, createRandom(4096));

/**
 * A loss that depends on every element of `y`, on each in its own way: the sum of y times random weights.
 *
 * @param first the first of the weights, where a test wants several sums to be unlike
 */
export function weightedSum({ heap, tape }: Computation, y: Tensor, first = 0): number {
  const weights = WEIGHTS.subarray(first, first + sizeOf(y));
  if (tape !== undefined) heap.floats(tape.target(y).pointer, sizeOf(y)).set(weights);
  return dot(heap.floats(y.pointer, sizeOf(y)), weights);
}

/** How far gradients are from central differences, for inputs first and parameters then. */
export interface GradientErrors {
  /** The largest error of an element, over the largest element of the tensor's gradient (or 1, if that is more). */
  readonly elements: number[];
  /** The error along a random direction of length 1, over the length of the tensor's gradient (or 1). */
  readonly directions: number[];
}

/**
 * Compares the gradients of an operation with central differences. Differences are of runs without a tape, so
 * that both ways through the operation are seen.
 *
 * @param h the step
 * @param every how many elements to go on: 1 checks each element
 */
export function gradientErrors(
  workbench: Workbench,
  subject: Differentiable,
  { h = 0.03, every = 1 }: { h?: number; every?: number } = {},
): GradientErrors {
  const parameters = placeParameters(workbench, subject.parameters);
  const gradients = analyticGradients(workbench, subject, parameters);
  const lossOf = () => inferenceLoss(workbench, subject, parameters);
  const live = [
    ...subject.inputs.map(({ values }) => values),
    ...parameters.map((parameter) => workbench.heap.floats(parameter.pointer, sizeOf(parameter))),
  ];
  const random = createRandom(live.length, 7);
  const elements = live.map((values, which) => {
    const gradient = gradients[which]!;
    const scale = Math.max(
      1,
      gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0),
    );
    let worst = 0;
    for (let i = 0; i < values.length; i += every) {
      const numeric = centralDifference(movedLoss(values.subarray(i, i + 1), Float32Array.of(1), lossOf), h);
      worst = Math.max(worst, Math.abs(numeric - gradient[i]!) / scale);
    }
    return worst;
  });
  const directions = live.map((values, which) => {
    const gradient = gradients[which]!;
    const along = unitVector(values.length, random);
    const numeric = centralDifference(movedLoss(values, along, lossOf), h);
    return Math.abs(numeric - dot(gradient, along)) / Math.max(1, Math.sqrt(dot(gradient, gradient)));
  });
  return { elements, directions };
}

/** The loss as a function of how far `values` are moved along a direction; they are put back each time. */
export function movedLoss(values: Float32Array, along: Float32Array, lossOf: () => number) {
  const origin = values.slice();
  return (step: number): number => {
    for (let i = 0; i < values.length; i++) values[i] = origin[i]! + step * along[i]!;
    const loss = lossOf();
    values.set(origin);
    return loss;
  };
}

/** A random direction of length 1. */
export function unitVector(size: number, random: Random): Float32Array {
  const vector = randomFloats(size, random);
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((x) => x / length);
}

/** The sum of the products of two vectors, in double precision. */
export function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Parameters one behind the other, as {@link Parameter} wants them, with gaps of 16 floats. */
function placeParameters({ heap }: Workbench, matrices: readonly Matrix[]): Parameter[] {
  const starts = matrices.map((_, i) =>
    matrices.slice(0, i).reduce((sum, m) => sum + m.values.length + 16, 0),
  );
  const size = matrices.reduce((sum, m) => sum + m.values.length + 16, 0);
  const base = heap.reserve(4 * size);
  return matrices.map(({ rows, columns, values }, i) => {
    const offset = starts[i]!;
    const pointer = at(base, offset);
    heap.floats(pointer, values.length).set(values);
    return { rows, columns, offset, pointer };
  });
}

function placeInputs(run: Computation, inputs: readonly Matrix[]): Tensor[] {
  return inputs.map(({ rows, columns, values }) => {
    const tensor = run.tensor(rows, columns);
    run.heap.floats(tensor.pointer, values.length).set(values);
    return tensor;
  });
}

/** Runs without a tape keep packed weights for as long as they are told that weights are the same. */
let weightsVersion = 0;

function inferenceLoss(workbench: Workbench, subject: Differentiable, parameters: Parameter[]): number {
  workbench.packs.useVersion(++weightsVersion);
  poisonScratch(workbench);
  const run = new Computation(workbench, { dropout: everywhere(subject.dropout) });
  return subject.loss(run, placeInputs(run, subject.inputs), parameters);
}

/** What was in the gradient region before: operations have to add to it. */
const BEFORE = 0.5;

function analyticGradients(workbench: Workbench, subject: Differentiable, parameters: Parameter[]) {
  const { heap } = workbench;
  const size = parameters.reduce((end, parameter) => Math.max(end, parameter.offset + sizeOf(parameter)), 0);
  const gradients = heap.reserve(4 * size);
  heap.floats(gradients, size).fill(BEFORE);
  poisonScratch(workbench);
  const run = new Computation(workbench, { gradients, dropout: everywhere(subject.dropout) });
  const inputs = placeInputs(run, subject.inputs);
  subject.loss(run, inputs, parameters);
  run.tape!.backward();
  return [
    ...inputs.map((input) => {
      const { pointer, accumulate } = run.tape!.target(input);
      if (!accumulate) throw new Error("no gradient has reached an input");
      return heap.floats(pointer, sizeOf(input)).slice();
    }),
    ...parameters.map((p) => heap.floats(at(gradients, p.offset), sizeOf(p)).map((g) => g - BEFORE)),
  ];
}
