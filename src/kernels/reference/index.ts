import type { KernelSet, Kernels } from "../kernels.ts";
import { adam } from "./adam.ts";
import { attentionBackward, attentionForward, attentionWorkspace } from "./attention.ts";
import { argmax, crossEntropy, greedyTokens, softmax } from "./crossEntropy.ts";
import { dropout } from "./dropout.ts";
import { embeddingBackward, embeddingForward } from "./embedding.ts";
import { geluBackward, geluForward } from "./gelu.ts";
import { gemm, gemmWorkspace, packB, packedSize } from "./gemm.ts";
import {
  layerNormBackward,
  layerNormForward,
  residualForward,
  residualNormBackward,
  residualNormForward,
} from "./layerNorm.ts";
import { pairScoresBackward, pairScoresForward } from "./pairScores.ts";
import { rmsNormBackward, rmsNormForward } from "./rmsNorm.ts";
import { rotate } from "./rotate.ts";
import { swigluBackward, swigluForward } from "./swiglu.ts";
import { add, clear, columnSums, copy, lerp, reluBackward, sumSquares } from "./vector.ts";
import { weightsBackward, weightsForward } from "./weights.ts";

/**
 * The reference kernels: what the fast ones say, in plain loops. Sums and functions are in
 * double precision and rounded once, when they are stored, so that the order of a sum, which the fast ones fix, does not
 * matter here; dropout masks are the same bit for bit.
 *
 * @example
 * const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
 * bindKernels(REFERENCE, memory).softmax(pointerTo(0), 1, 10);
 */
export const REFERENCE: KernelSet = { name: "reference", instantiate: referenceKernels };

function referenceKernels(memory: WebAssembly.Memory): Kernels {
  return {
    gemm: gemm(memory),
    packB: packB(memory),
    attentionForward: attentionForward(memory),
    attentionBackward: attentionBackward(memory),
    attentionWorkspace: attentionWorkspace(memory),
    residualForward: residualForward(memory),
    layerNormForward: layerNormForward(memory),
    layerNormBackward: layerNormBackward(memory),
    residualNormForward: residualNormForward(memory),
    residualNormBackward: residualNormBackward(memory),
    rmsNormForward: rmsNormForward(memory),
    rmsNormBackward: rmsNormBackward(memory),
    rotate: rotate(memory),
    weightsForward: weightsForward(memory),
    weightsBackward: weightsBackward(memory),
    pairScoresForward: pairScoresForward(memory),
    pairScoresBackward: pairScoresBackward(memory),
    swigluForward: swigluForward(memory),
    swigluBackward: swigluBackward(memory),
    embeddingForward: embeddingForward(memory),
    embeddingBackward: embeddingBackward(memory),
    crossEntropy: crossEntropy(memory),
    softmax: softmax(memory),
    argmax: argmax(memory),
    dropout: dropout(memory),
    geluForward: geluForward(memory),
    geluBackward: geluBackward(memory),
    reluBackward: reluBackward(memory),
    clear: clear(memory),
    copy: copy(memory),
    add: add(memory),
    lerp: lerp(memory),
    columnSums: columnSums(memory),
    sumSquares: sumSquares(memory),
    adam: adam(memory),
    packedSize: packedSize(memory),
    gemmWorkspace: gemmWorkspace(memory),
    greedyTokens: greedyTokens(memory),
  };
}
