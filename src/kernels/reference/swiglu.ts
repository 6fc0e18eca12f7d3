import { at } from "../kernels.ts";
import { matrix, type Reference } from "./memory.ts";

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** y[rows, columns] = gate sigmoid(gate) value, of x[rows, 2 columns]: the gate, then the value (Shazeer 2020). */
export const swigluForward: Reference<"swigluForward"> = (memory) => (y, x, rows, columns) => {
  const Y = matrix(memory, y, rows, columns);
  const gate = matrix(memory, x, rows, columns, 2 * columns);
  const value = matrix(memory, at(x, columns), rows, columns, 2 * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) Y[i]![j] = gate[i]![j]! * sigmoid(gate[i]![j]!) * value[i]![j]!;
};

/** dGate = dy value s (1 + gate (1 - s)) with s = sigmoid(gate), and dValue = dy gate s. */
export const swigluBackward: Reference<"swigluBackward"> = (memory) => (dx, dy, x, rows, columns) => {
  const [dGate, gate] = [dx, x].map((side) => matrix(memory, side, rows, columns, 2 * columns));
  const [dValue, value] = [dx, x].map((side) =>
    matrix(memory, at(side, columns), rows, columns, 2 * columns),
  );
  const dY = matrix(memory, dy, rows, columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const g = gate![i]![j]!;
      const s = sigmoid(g);
      dGate![i]![j] = dY[i]![j]! * value![i]![j]! * s * (1 + g * (1 - s));
      dValue![i]![j] = dY[i]![j]! * g * s;
    }
};
