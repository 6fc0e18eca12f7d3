import { at } from "../kernels.ts";
import { integers, matrix, type Reference, vector } from "./memory.ts";

/**
 * y[t] = table[ids[t]] * scale + positionTable[positions[t]] (Vaswani et al. 2017, sections 3.4 and 3.5): y is
 * [tokens, dModel], the tables have dModel columns, ids and positions are one 32-bit integer a token.
 */
export const embeddingForward: Reference<"embeddingForward"> =
  (memory) => (y, table, positionTable, ids, positions, tokens, dModel, scale) => {
    const Y = matrix(memory, y, tokens, dModel);
    const id = integers(memory, ids, tokens);
    const position = integers(memory, positions, tokens);
    for (let t = 0; t < tokens; t++) {
      const word = vector(memory, at(table, dModel * id[t]!), dModel);
      const place = vector(memory, at(positionTable, dModel * position[t]!), dModel);
      for (let j = 0; j < dModel; j++) Y[t]![j] = word[j]! * scale + place[j]!;
    }
  };

/** dTable[ids[t]] += dy[t] * scale: every token adds to the row of its word. */
export const embeddingBackward: Reference<"embeddingBackward"> =
  (memory) => (dTable, dy, ids, tokens, dModel, scale) => {
    const dY = matrix(memory, dy, tokens, dModel);
    const id = integers(memory, ids, tokens);
    for (let t = 0; t < tokens; t++) {
      const dWord = vector(memory, at(dTable, dModel * id[t]!), dModel);
      for (let j = 0; j < dModel; j++) dWord[j]! += dY[t]![j]! * scale;
    }
  };
