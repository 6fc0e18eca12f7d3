import { at } from "../kernels.ts";
import { integers, matrix, type Reference, vector } from "./memory.ts";

/**
 * Turns each pair of columns (i, i + dHead / 2) of every head by the angle of its row's position, or back (Su et al. 2021,
 * equation 34). `table` [positions, dHead] has dHead / 2 cosines, then as many sines of each position.
 */
export const rotate: Reference<"rotate"> =
  (memory) => (x, stride, table, positions, rows, heads, dHead, back) => {
    const places = integers(memory, positions, rows);
    const half = dHead / 2;
    for (let h = 0; h < heads; h++)
      for (const [row, head] of matrix(memory, at(x, h * dHead), rows, dHead, stride).entries()) {
        const turn = vector(memory, at(table, places[row]! * dHead), dHead);
        for (let i = 0; i < half; i++) {
          const [cosine, sine] = [turn[i]!, back ? -turn[half + i]! : turn[half + i]!];
          const [a, b] = [head[i]!, head[half + i]!];
          head[i] = a * cosine - b * sine;
          head[half + i] = b * cosine + a * sine;
        }
      }
  };
