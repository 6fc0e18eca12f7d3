// The kernels as a table of functions, one for each level of processors that the addon holds. The fields have the names
// and the parameters of the interface in `../kernels.ts`; where that has byte offsets, these have addresses.

#pragma once

#include <cstdint>

namespace xformer {

struct KernelSet {
  const char* level;
  /** The floats of a vector. */
  int32_t width;

  void (*gemm)(float* c, int32_t ldc, const float* a, int32_t lda, int32_t aTransposed, const float* packed,
               int32_t packedK, int32_t m, int32_t n, int32_t k, int32_t accumulate, const float* bias, int32_t relu,
               float* workspace);
  void (*packB)(float* packed, const float* b, int32_t ldb, int32_t transposed, int32_t n, int32_t k);

  void (*attentionForward)(float* out, float* logSumExp, const float* q, int32_t ldq, const float* k, const float* v,
                           int32_t ldkv, const int32_t* queryOffsets, const int32_t* keyStarts, const int32_t* keyEnds,
                           int32_t sentences, int32_t heads, int32_t dHead, int32_t causal, const int32_t* rowKeys,
                           int32_t site, int32_t threshold, float* weights, float* workspace);
  void (*attentionBackward)(float* dq, float* dk, float* dv, const float* dOut, const float* out, const float* logSumExp,
                            const float* q, int32_t ldq, const float* k, const float* v, int32_t ldkv,
                            const int32_t* queryOffsets, const int32_t* keyOffsets, int32_t sentences, int32_t heads,
                            int32_t dHead, int32_t causal, const int32_t* rowKeys, int32_t site, int32_t threshold,
                            float* workspace);
  int32_t (*attentionWorkspace)(int32_t queries, int32_t keys, int32_t dHead);

  void (*residualForward)(float* sum, const float* x, float* sublayer, int32_t rows, int32_t columns,
                          const int32_t* rowKeys, int32_t site, int32_t threshold);
  void (*layerNormForward)(float* y, float* statistics, const float* x, const float* gamma, const float* beta,
                           int32_t rows, int32_t columns, float epsilon);
  void (*layerNormBackward)(float* dx, float* dGamma, float* dBeta, const float* dy, const float* x,
                            const float* statistics, const float* gamma, int32_t rows, int32_t columns,
                            int32_t accumulate);
  void (*residualNormForward)(float* y, float* sum, float* statistics, const float* x, float* sublayer,
                              const float* gamma, const float* beta, int32_t rows, int32_t columns, float epsilon,
                              const int32_t* rowKeys, int32_t site, int32_t threshold);
  void (*residualNormBackward)(float* dx, float* dSublayer, float* dGamma, float* dBeta, const float* dy, const float* sum,
                               const float* statistics, const float* gamma, int32_t rows, int32_t columns,
                               int32_t accumulate, const int32_t* rowKeys, int32_t site, int32_t threshold);

  void (*rmsNormForward)(float* y, float* inverses, const float* x, const float* gamma, int32_t rows, int32_t stride,
                         int32_t groups, int32_t columns, float epsilon);
  void (*rmsNormBackward)(float* dx, float* dGamma, const float* dy, const float* x, const float* inverses,
                          const float* gamma, int32_t rows, int32_t stride, int32_t groups, int32_t columns,
                          int32_t accumulate);
  void (*rotate)(float* x, int32_t stride, const float* table, const int32_t* positions, int32_t rows, int32_t heads,
                 int32_t dHead, int32_t back);
  void (*weightsForward)(float* x, int32_t rows, int32_t columns, int32_t first, float scale);
  void (*weightsBackward)(float* dx, const float* dy, const float* weights, int32_t rows, int32_t columns, float scale);
  void (*pairScoresForward)(float* scores, const float* q, int32_t ldq, const float* k, int32_t ldk, const float* v,
                            int32_t queries, int32_t keys, int32_t width, int32_t relu);
  void (*pairScoresBackward)(float* dq, float* dk, float* dv, const float* dScores, const float* q, int32_t ldq,
                             const float* k, int32_t ldk, const float* v, int32_t queries, int32_t keys, int32_t width,
                             int32_t relu);
  void (*swigluForward)(float* y, const float* x, int32_t rows, int32_t columns);
  void (*swigluBackward)(float* dx, const float* dy, const float* x, int32_t rows, int32_t columns);

  void (*embeddingForward)(float* y, const float* table, const float* positionTable, const int32_t* ids,
                           const int32_t* positions, int32_t tokens, int32_t dModel, float scale);
  void (*embeddingBackward)(float* dTable, const float* dy, const int32_t* ids, int32_t tokens, int32_t dModel,
                            float scale);

  void (*crossEntropy)(float* logits, const int32_t* labels, float* results, int32_t rows, int32_t vocabulary,
                       float smoothing, float scale);
  void (*softmax)(float* x, int32_t rows, int32_t columns);
  int32_t (*argmax)(const float* x, int32_t n);

  void (*dropout)(float* x, int32_t rows, int32_t columns, const int32_t* rowKeys, int32_t site, int32_t threshold);
  void (*geluForward)(float* y, const float* x, int32_t n);
  void (*geluBackward)(float* dx, const float* dy, const float* x, int32_t n);
  void (*reluBackward)(float* dx, const float* dy, const float* y, int32_t n);
  void (*clear)(float* x, int32_t n);
  void (*copy)(float* y, const float* x, int32_t n);
  void (*add)(float* y, const float* x, int32_t n);
  void (*lerp)(float* y, const float* x, float t, int32_t n);
  void (*columnSums)(float* sums, const float* x, int32_t rows, int32_t columns);
  double (*sumSquares)(const float* x, int32_t n);
  void (*adam)(float* parameters, const float* gradients, float* m, float* v, int32_t n, float stepSize, float beta1,
               float beta2, float epsilon, float inverseRootCorrection2, float gradientScale, float decay);

  int32_t (*packedSize)(int32_t n, int32_t k);
  int32_t (*gemmWorkspace)();
  void (*greedyTokens)(int32_t* ids, float* logProbabilities, const float* logits, int32_t rows, int32_t columns);

  /** Multiplies and adds in registers for so many rounds; the floating-point operations of each are the result. */
  int32_t (*multiplyAddRounds)(int32_t rounds);
};

#if defined(__x86_64__) || defined(_M_X64)
namespace avx512 {
extern const KernelSet kernels;
}
namespace avx2 {
extern const KernelSet kernels;
}
#else
namespace neon {
extern const KernelSet kernels;
}
#endif

}  // namespace xformer
