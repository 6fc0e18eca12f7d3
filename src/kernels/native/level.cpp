// All kernels for one level of processors: this file is compiled once for each, and the options of the compiler decide
// which. Everything lies in the namespace of its level, so that the linker keeps the levels apart.

#include "kernels.h"

#include "adam.h"
#include "attention.h"
#include "crossEntropy.h"
#include "dropout.h"
#include "embedding.h"
#include "gelu.h"
#include "gemm.h"
#include "layerNorm.h"
#include "pairScores.h"
#include "rmsNorm.h"
#include "rotate.h"
#include "simd.h"
#include "swiglu.h"
#include "vector.h"
#include "weights.h"

#define NAME_OF(level) #level
#define QUOTED(level) NAME_OF(level)

namespace xformer::LEVEL {

/**
 * What the processor can do at most: sums in registers, more of them than a multiply-add takes cycles. Nothing of it is
 * needed, but the compiler is not told.
 */
static int32_t multiplyAddRounds(int32_t rounds) {
  constexpr int SUMS = WIDTH == 8 ? 12 : 24;
  vf sums[SUMS] = {};
  vf factor = splat(0.5f);
  __asm__ volatile("" : : "g"(&factor) : "memory");
#pragma GCC unroll 1
  for (int round = 0; round < rounds; round++) {
#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++) sums[i] = multiplyAdd(sums[i], factor, factor);
  }
  __asm__ volatile("" : : "g"(&sums) : "memory");
  return 2 * SUMS * WIDTH;
}

extern const KernelSet kernels;
const KernelSet kernels = {
    QUOTED(LEVEL),
    WIDTH,
    gemm,
    packB,
    attentionForward,
    attentionBackward,
    attentionWorkspace,
    residualForward,
    layerNormForward,
    layerNormBackward,
    residualNormForward,
    residualNormBackward,
    rmsNormForward,
    rmsNormBackward,
    rotate,
    weightsForward,
    weightsBackward,
    pairScoresForward,
    pairScoresBackward,
    swigluForward,
    swigluBackward,
    embeddingForward,
    embeddingBackward,
    crossEntropy,
    softmax,
    argmax,
    dropout,
    geluForward,
    geluBackward,
    reluBackward,
    clear,
    copy,
    add,
    lerp,
    columnSums,
    sumSquares,
    adam,
    packedSize,
    gemmWorkspace,
    greedyTokens,
    multiplyAddRounds,
};

}  // namespace xformer::LEVEL
