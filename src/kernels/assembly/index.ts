export { adam } from "./adam";
export { attentionBackward, attentionForward, attentionWorkspace } from "./attention";
export { argmax, crossEntropy, greedyTokens, softmax } from "./crossEntropy";
export { dropout } from "./dropout";
export { embeddingBackward, embeddingForward } from "./embedding";
export { geluBackward, geluForward } from "./gelu";
export { gemm, gemmWorkspace, packB, packedSize } from "./gemm";
export { layerNormBackward, layerNormForward, residualForward, residualNormBackward, residualNormForward } from "./layerNorm";
export { add, clear, columnSums, copy, lerp, reluBackward, sumSquares } from "./vector";
