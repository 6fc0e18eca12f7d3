// What each kernel reads and writes, said once more as sizes: the checked build of the addon holds every call to it
// before the kernel runs. Each function has the parameters of its kernel behind the memory that the call is made in.

#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace xformer {

/** The memory that a call is made in, and the first thing found to be wrong with the call. */
class Bounds {
 public:
  Bounds(const uint8_t* base, size_t bytes, const KernelSet& kernels) : kernels(kernels), base_(base), bytes_(bytes) {}

  const KernelSet& kernels;
  /** The parameter that is wrong, or null. */
  const char* wrong = nullptr;

  /** `count` floats or 32-bit integers have to lie in the memory. */
  void words(const char* name, const void* start, int64_t count) {
    if (wrong || count == 0) return;
    const auto address = reinterpret_cast<uintptr_t>(start) - reinterpret_cast<uintptr_t>(base_);
    const bool inside = start && count > 0 && address <= bytes_ && static_cast<uint64_t>(count) <= (bytes_ - address) / 4;
    if (!inside || address % 4 != 0) wrong = name;
  }

  /** A matrix, `stride` words from row to row. */
  void matrix(const char* name, const void* start, int64_t rows, int64_t columns, int64_t stride) {
    size(name, rows);
    size(name, columns);
    if (rows > 1 && stride < columns) wrong = wrong ? wrong : name;
    if (rows > 0 && columns > 0) words(name, start, (rows - 1) * stride + columns);
  }

  /** A size must not be negative. */
  void size(const char* name, int64_t n) {
    if (!wrong && n < 0) wrong = name;
  }

  /** Numbers of rows that begin at 0 or later and end before `rows`. */
  void indices(const char* name, const int32_t* start, int64_t count) {
    words(name, start, count);
    for (int64_t i = 0; !wrong && i < count; i++) {
      if (start[i] < 0) wrong = name;
    }
  }

 private:
  const uint8_t* base_;
  size_t bytes_;
};

namespace bounds {

inline void gemm(Bounds& in, float* c, int32_t ldc, const float* a, int32_t lda, int32_t aTransposed, const float* packed,
                 int32_t packedK, int32_t m, int32_t n, int32_t k, int32_t, const float* bias, int32_t, float* workspace) {
  in.matrix("c", c, m, n, ldc);
  in.matrix("a", a, aTransposed ? k : m, aTransposed ? m : k, lda);
  in.size("packedK", packedK - k);
  if (!in.wrong) in.words("packed", packed, in.kernels.packedSize(n, packedK));
  if (bias) in.words("bias", bias, n);
  in.words("workspace", workspace, in.kernels.gemmWorkspace());
}

inline void packB(Bounds& in, float* packed, const float* b, int32_t ldb, int32_t transposed, int32_t n, int32_t k) {
  in.matrix("b", b, transposed ? n : k, transposed ? k : n, ldb);
  if (!in.wrong) in.words("packed", packed, in.kernels.packedSize(n, k));
}

/** The rows that attention reads and writes, and the most of one sentence. */
struct AttentionRows {
  int64_t queries = 0, keys = 0, mostQueries = 0, mostKeys = 0, weights = 0;
};

inline AttentionRows attentionRows(Bounds& in, const int32_t* queryOffsets, const int32_t* keyStarts,
                                   const int32_t* keyEnds, int64_t sentences, int64_t heads, int64_t dHead,
                                   int32_t causal) {
  AttentionRows rows;
  in.size("sentences", sentences);
  in.size("heads", heads);
  in.size("dHead", dHead - 1);
  in.indices("queryOffsets", queryOffsets, sentences + 1);
  in.indices("keyStarts", keyStarts, sentences);
  in.indices("keyEnds", keyEnds, sentences);
  for (int64_t b = 0; !in.wrong && b < sentences; b++) {
    const int64_t queries = static_cast<int64_t>(queryOffsets[b + 1]) - queryOffsets[b];
    const int64_t keys = static_cast<int64_t>(keyEnds[b]) - keyStarts[b];
    in.size("queryOffsets", queries);
    in.size("keyEnds", keys);
    if (causal) in.size("causal", keys - queries);
    if (queryOffsets[b + 1] > rows.queries) rows.queries = queryOffsets[b + 1];
    if (keyEnds[b] > rows.keys) rows.keys = keyEnds[b];
    if (queries > rows.mostQueries) rows.mostQueries = queries;
    if (keys > rows.mostKeys) rows.mostKeys = keys;
    rows.weights += heads * queries * keys;
  }
  return rows;
}

inline void dropoutRows(Bounds& in, const int32_t* rowKeys, int64_t rows, int32_t threshold) {
  if (threshold < 0 || threshold >= 65536) in.size("threshold", -1);
  if (threshold) in.words("rowKeys", rowKeys, 2 * rows);
}

inline void attentionForward(Bounds& in, float* out, float* logSumExp, const float* q, int32_t ldq, const float* k,
                             const float* v, int32_t ldkv, const int32_t* queryOffsets, const int32_t* keyStarts,
                             const int32_t* keyEnds, int32_t sentences, int32_t heads, int32_t dHead, int32_t causal,
                             const int32_t* rowKeys, int32_t, int32_t threshold, float* weights, float* workspace) {
  const auto rows = attentionRows(in, queryOffsets, keyStarts, keyEnds, sentences, heads, dHead, causal);
  const int64_t dModel = static_cast<int64_t>(heads) * dHead;
  in.matrix("out", out, rows.queries, dModel, dModel);
  in.matrix("logSumExp", logSumExp, rows.queries, heads, heads);
  in.matrix("q", q, rows.queries, dModel, ldq);
  in.matrix("k", k, rows.keys, dModel, ldkv);
  in.matrix("v", v, rows.keys, dModel, ldkv);
  dropoutRows(in, rowKeys, rows.queries, threshold);
  if (weights) in.words("weights", weights, rows.weights);
  if (!in.wrong) in.words("workspace", workspace, in.kernels.attentionWorkspace(rows.mostQueries, rows.mostKeys, dHead));
}

inline void attentionBackward(Bounds& in, float* dq, float* dk, float* dv, const float* dOut, const float* out,
                              const float* logSumExp, const float* q, int32_t ldq, const float* k, const float* v,
                              int32_t ldkv, const int32_t* queryOffsets, const int32_t* keyOffsets, int32_t sentences,
                              int32_t heads, int32_t dHead, int32_t causal, const int32_t* rowKeys, int32_t site,
                              int32_t threshold, float* workspace) {
  const auto rows = attentionRows(in, queryOffsets, keyOffsets, keyOffsets + 1, sentences, heads, dHead, causal);
  const int64_t dModel = static_cast<int64_t>(heads) * dHead;
  in.matrix("dq", dq, rows.queries, dModel, ldq);
  in.matrix("dk", dk, rows.keys, dModel, ldkv);
  in.matrix("dv", dv, rows.keys, dModel, ldkv);
  in.matrix("dOut", dOut, rows.queries, dModel, dModel);
  attentionForward(in, const_cast<float*>(out), const_cast<float*>(logSumExp), q, ldq, k, v, ldkv, queryOffsets, keyOffsets,
                   keyOffsets + 1, sentences, heads, dHead, causal, rowKeys, site, threshold, nullptr, workspace);
}

inline void attentionWorkspace(Bounds&, int32_t, int32_t, int32_t) {}

inline void residualForward(Bounds& in, float* sum, const float* x, float* sublayer, int32_t rows, int32_t columns,
                            const int32_t* rowKeys, int32_t, int32_t threshold) {
  in.matrix("sum", sum, rows, columns, columns);
  in.matrix("x", x, rows, columns, columns);
  in.matrix("sublayer", sublayer, rows, columns, columns);
  dropoutRows(in, rowKeys, rows, threshold);
}

inline void layerNormForward(Bounds& in, float* y, float* statistics, const float* x, const float* gamma,
                             const float* beta, int32_t rows, int32_t columns, float) {
  in.matrix("y", y, rows, columns, columns);
  in.matrix("statistics", statistics, rows, 2, 2);
  in.matrix("x", x, rows, columns, columns);
  in.words("gamma", gamma, columns);
  in.words("beta", beta, columns);
}

inline void layerNormBackward(Bounds& in, float* dx, float* dGamma, float* dBeta, const float* dy, const float* x,
                              const float* statistics, const float* gamma, int32_t rows, int32_t columns, int32_t) {
  in.matrix("dx", dx, rows, columns, columns);
  in.words("dGamma", dGamma, columns);
  in.words("dBeta", dBeta, columns);
  in.matrix("dy", dy, rows, columns, columns);
  in.matrix("x", x, rows, columns, columns);
  in.matrix("statistics", statistics, rows, 2, 2);
  in.words("gamma", gamma, columns);
}

inline void residualNormForward(Bounds& in, float* y, float* sum, float* statistics, const float* x, float* sublayer,
                                const float* gamma, const float* beta, int32_t rows, int32_t columns, float epsilon,
                                const int32_t* rowKeys, int32_t site, int32_t threshold) {
  residualForward(in, sum, x, sublayer, rows, columns, rowKeys, site, threshold);
  layerNormForward(in, y, statistics, sum, gamma, beta, rows, columns, epsilon);
}

inline void residualNormBackward(Bounds& in, float* dx, float* dSublayer, float* dGamma, float* dBeta, const float* dy,
                                 const float* sum, const float* statistics, const float* gamma, int32_t rows,
                                 int32_t columns, int32_t accumulate, const int32_t* rowKeys, int32_t,
                                 int32_t threshold) {
  layerNormBackward(in, dx, dGamma, dBeta, dy, sum, statistics, gamma, rows, columns, accumulate);
  in.matrix("dSublayer", dSublayer, rows, columns, columns);
  dropoutRows(in, rowKeys, rows, threshold);
}

inline void rmsNormForward(Bounds& in, float* y, float* inverses, const float* x, const float* gamma, int32_t rows,
                           int32_t stride, int32_t groups, int32_t columns, float) {
  const int64_t used = static_cast<int64_t>(groups) * columns;
  in.size("groups", groups);
  in.matrix("y", y, rows, used, stride);
  in.matrix("inverses", inverses, rows, groups, groups);
  in.matrix("x", x, rows, used, stride);
  if (gamma) in.words("gamma", gamma, columns);
}

inline void rmsNormBackward(Bounds& in, float* dx, float* dGamma, const float* dy, const float* x, const float* inverses,
                            const float* gamma, int32_t rows, int32_t stride, int32_t groups, int32_t columns, int32_t) {
  rmsNormForward(in, dx, const_cast<float*>(inverses), x, gamma, rows, stride, groups, columns, 0);
  in.matrix("dy", dy, rows, static_cast<int64_t>(groups) * columns, stride);
  if (gamma) in.words("dGamma", dGamma, columns);
}

inline void rotate(Bounds& in, float* x, int32_t stride, const float* table, const int32_t* positions, int32_t rows,
                   int32_t heads, int32_t dHead, int32_t) {
  in.size("heads", heads);
  in.matrix("x", x, rows, static_cast<int64_t>(heads) * dHead, stride);
  in.indices("positions", positions, rows);
  for (int32_t t = 0; !in.wrong && t < rows; t++) in.matrix("table", table, positions[t] + int64_t{1}, dHead, dHead);
}

inline void weightsForward(Bounds& in, float* x, int32_t rows, int32_t columns, int32_t first, float) {
  in.size("first", first - 1);
  in.matrix("x", x, rows, columns, columns);
}

inline void weightsBackward(Bounds& in, float* dx, const float* dy, const float* weights, int32_t rows, int32_t columns,
                            float) {
  in.matrix("dx", dx, rows, columns, columns);
  in.matrix("dy", dy, rows, columns, columns);
  in.matrix("weights", weights, rows, columns, columns);
}

inline void pairScoresForward(Bounds& in, float* scores, const float* q, int32_t ldq, const float* k, int32_t ldk,
                              const float* v, int32_t queries, int32_t keys, int32_t width, int32_t) {
  in.matrix("scores", scores, queries, keys, keys);
  in.matrix("q", q, queries, width, ldq);
  in.matrix("k", k, keys, width, ldk);
  in.words("v", v, width);
}

inline void pairScoresBackward(Bounds& in, float* dq, float* dk, float* dv, const float* dScores, const float* q,
                               int32_t ldq, const float* k, int32_t ldk, const float* v, int32_t queries, int32_t keys,
                               int32_t width, int32_t relu) {
  in.matrix("dq", dq, queries, width, ldq);
  in.matrix("dk", dk, keys, width, ldk);
  in.words("dv", dv, width);
  pairScoresForward(in, const_cast<float*>(dScores), q, ldq, k, ldk, v, queries, keys, width, relu);
}

inline void swigluForward(Bounds& in, float* y, const float* x, int32_t rows, int32_t columns) {
  in.matrix("y", y, rows, columns, columns);
  in.matrix("x", x, rows, 2 * static_cast<int64_t>(columns), 2 * static_cast<int64_t>(columns));
}

inline void swigluBackward(Bounds& in, float* dx, const float* dy, const float* x, int32_t rows, int32_t columns) {
  in.matrix("dx", dx, rows, 2 * static_cast<int64_t>(columns), 2 * static_cast<int64_t>(columns));
  swigluForward(in, const_cast<float*>(dy), x, rows, columns);
}

inline void embeddingForward(Bounds& in, float* y, const float* table, const float* positionTable, const int32_t* ids,
                             const int32_t* positions, int32_t tokens, int32_t dModel, float) {
  in.matrix("y", y, tokens, dModel, dModel);
  in.indices("ids", ids, tokens);
  in.indices("positions", positions, tokens);
  for (int32_t t = 0; !in.wrong && t < tokens; t++) {
    in.matrix("table", table, ids[t] + int64_t{1}, dModel, dModel);
    in.matrix("positionTable", positionTable, positions[t] + int64_t{1}, dModel, dModel);
  }
}

inline void embeddingBackward(Bounds& in, float* dTable, const float* dy, const int32_t* ids, int32_t tokens,
                              int32_t dModel, float) {
  in.matrix("dy", dy, tokens, dModel, dModel);
  in.indices("ids", ids, tokens);
  for (int32_t t = 0; !in.wrong && t < tokens; t++) in.matrix("dTable", dTable, ids[t] + int64_t{1}, dModel, dModel);
}

inline void crossEntropy(Bounds& in, float* logits, const int32_t* labels, float* results, int32_t rows,
                         int32_t vocabulary, float, float) {
  in.matrix("logits", logits, rows, vocabulary, vocabulary);
  in.matrix("results", results, rows, 3, 3);
  in.indices("labels", labels, rows);
  for (int32_t row = 0; !in.wrong && row < rows; row++) in.size("labels", vocabulary - 1 - labels[row]);
}

inline void softmax(Bounds& in, float* x, int32_t rows, int32_t columns) { in.matrix("x", x, rows, columns, columns); }

inline void argmax(Bounds& in, const float* x, int32_t n) { in.matrix("x", x, 1, n, n); }

inline void dropout(Bounds& in, float* x, int32_t rows, int32_t columns, const int32_t* rowKeys, int32_t,
                    int32_t threshold) {
  in.matrix("x", x, rows, columns, columns);
  dropoutRows(in, rowKeys, rows, threshold);
}

inline void clear(Bounds& in, float* x, int32_t n) { in.matrix("x", x, 1, n, n); }

inline void copy(Bounds& in, float* y, const float* x, int32_t n) {
  in.matrix("y", y, 1, n, n);
  in.matrix("x", x, 1, n, n);
}

inline void add(Bounds& in, float* y, const float* x, int32_t n) { copy(in, y, x, n); }

inline void lerp(Bounds& in, float* y, const float* x, float, int32_t n) { copy(in, y, x, n); }

inline void geluForward(Bounds& in, float* y, const float* x, int32_t n) { copy(in, y, x, n); }

inline void geluBackward(Bounds& in, float* dx, const float* dy, const float* x, int32_t n) {
  in.matrix("dx", dx, 1, n, n);
  in.matrix("dy", dy, 1, n, n);
  in.matrix("x", x, 1, n, n);
}

inline void reluBackward(Bounds& in, float* dx, const float* dy, const float* y, int32_t n) {
  in.matrix("dx", dx, 1, n, n);
  in.matrix("dy", dy, 1, n, n);
  in.matrix("y", y, 1, n, n);
}

inline void columnSums(Bounds& in, float* sums, const float* x, int32_t rows, int32_t columns) {
  in.words("sums", sums, columns);
  in.matrix("x", x, rows, columns, columns);
}

inline void sumSquares(Bounds& in, const float* x, int32_t n) { in.matrix("x", x, 1, n, n); }

inline void adam(Bounds& in, float* parameters, const float* gradients, float* m, float* v, int32_t n, float, float, float,
                 float, float, float, float) {
  in.matrix("parameters", parameters, 1, n, n);
  in.matrix("gradients", gradients, 1, n, n);
  in.matrix("m", m, 1, n, n);
  in.matrix("v", v, 1, n, n);
}

inline void packedSize(Bounds&, int32_t, int32_t) {}

inline void gemmWorkspace(Bounds&) {}

inline void greedyTokens(Bounds& in, int32_t* ids, float* logProbabilities, const float* logits, int32_t rows,
                         int32_t columns) {
  in.words("ids", ids, rows);
  in.words("logProbabilities", logProbabilities, rows);
  in.matrix("logits", logits, rows, columns, columns);
}

inline void multiplyAddRounds(Bounds&, int32_t) {}

}  // namespace bounds

/** A kernel: its field in the table, and what it reads and writes. */
template <auto FIELD, auto EXTENT>
struct Kernel {};

/** Calls visit(name, kernel) for every kernel there is. */
template <class Visitor>
void eachKernel(Visitor visit) {
  visit("gemm", Kernel<&KernelSet::gemm, bounds::gemm>());
  visit("packB", Kernel<&KernelSet::packB, bounds::packB>());
  visit("attentionForward", Kernel<&KernelSet::attentionForward, bounds::attentionForward>());
  visit("attentionBackward", Kernel<&KernelSet::attentionBackward, bounds::attentionBackward>());
  visit("attentionWorkspace", Kernel<&KernelSet::attentionWorkspace, bounds::attentionWorkspace>());
  visit("residualForward", Kernel<&KernelSet::residualForward, bounds::residualForward>());
  visit("layerNormForward", Kernel<&KernelSet::layerNormForward, bounds::layerNormForward>());
  visit("layerNormBackward", Kernel<&KernelSet::layerNormBackward, bounds::layerNormBackward>());
  visit("residualNormForward", Kernel<&KernelSet::residualNormForward, bounds::residualNormForward>());
  visit("residualNormBackward", Kernel<&KernelSet::residualNormBackward, bounds::residualNormBackward>());
  visit("rmsNormForward", Kernel<&KernelSet::rmsNormForward, bounds::rmsNormForward>());
  visit("rmsNormBackward", Kernel<&KernelSet::rmsNormBackward, bounds::rmsNormBackward>());
  visit("rotate", Kernel<&KernelSet::rotate, bounds::rotate>());
  visit("weightsForward", Kernel<&KernelSet::weightsForward, bounds::weightsForward>());
  visit("weightsBackward", Kernel<&KernelSet::weightsBackward, bounds::weightsBackward>());
  visit("pairScoresForward", Kernel<&KernelSet::pairScoresForward, bounds::pairScoresForward>());
  visit("pairScoresBackward", Kernel<&KernelSet::pairScoresBackward, bounds::pairScoresBackward>());
  visit("swigluForward", Kernel<&KernelSet::swigluForward, bounds::swigluForward>());
  visit("swigluBackward", Kernel<&KernelSet::swigluBackward, bounds::swigluBackward>());
  visit("embeddingForward", Kernel<&KernelSet::embeddingForward, bounds::embeddingForward>());
  visit("embeddingBackward", Kernel<&KernelSet::embeddingBackward, bounds::embeddingBackward>());
  visit("crossEntropy", Kernel<&KernelSet::crossEntropy, bounds::crossEntropy>());
  visit("softmax", Kernel<&KernelSet::softmax, bounds::softmax>());
  visit("argmax", Kernel<&KernelSet::argmax, bounds::argmax>());
  visit("dropout", Kernel<&KernelSet::dropout, bounds::dropout>());
  visit("geluForward", Kernel<&KernelSet::geluForward, bounds::geluForward>());
  visit("geluBackward", Kernel<&KernelSet::geluBackward, bounds::geluBackward>());
  visit("reluBackward", Kernel<&KernelSet::reluBackward, bounds::reluBackward>());
  visit("clear", Kernel<&KernelSet::clear, bounds::clear>());
  visit("copy", Kernel<&KernelSet::copy, bounds::copy>());
  visit("add", Kernel<&KernelSet::add, bounds::add>());
  visit("lerp", Kernel<&KernelSet::lerp, bounds::lerp>());
  visit("columnSums", Kernel<&KernelSet::columnSums, bounds::columnSums>());
  visit("sumSquares", Kernel<&KernelSet::sumSquares, bounds::sumSquares>());
  visit("adam", Kernel<&KernelSet::adam, bounds::adam>());
  visit("packedSize", Kernel<&KernelSet::packedSize, bounds::packedSize>());
  visit("gemmWorkspace", Kernel<&KernelSet::gemmWorkspace, bounds::gemmWorkspace>());
  visit("greedyTokens", Kernel<&KernelSet::greedyTokens, bounds::greedyTokens>());
  visit("multiplyAddRounds", Kernel<&KernelSet::multiplyAddRounds, bounds::multiplyAddRounds>());
}

}  // namespace xformer
