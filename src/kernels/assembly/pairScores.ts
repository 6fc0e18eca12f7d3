import { exp4 } from "./exp";
import { loadUpTo4, multiplyAdd, storeUpTo4, sumOfPartials } from "./simd";

/** tanh(x) = 1 - 2 / (1 + e^2x), or max(0, x); absolute error of tanh below 3e-7. */
// @ts-ignore: decorator
@inline
function activated(x: v128, relu: i32): v128 {
  if (relu) return f32x4.pmax(f32x4.splat(0), x);
  const power = exp4(f32x4.add(x, x));
  return f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(f32x4.splat(1), power)));
}

/**
 * Scores by a small network over each query and key (Bahdanau et al. 2015, appendix A.1.2): score[i, j] is the sum over d of
 * v[d] f(q[i, d] + k[j, d]) with f the hyperbolic tangent, or ReLU where `relu` is set, in sixteen partial sums
 * ({@link sumOfPartials}).
 *
 * @param scores [queries, keys], added to
 * @param q, k `ldq`, `ldk` floats from row to row
 * @param v [width]
 */
export function pairScoresForward(
  scores: usize, q: usize, ldq: i32, k: usize, ldk: i32, v: usize, queries: i32, keys: i32, width: i32, relu: i32,
): void {
  for (let i = 0; i < queries; i++) {
    const query = q + (<usize>(i * ldq) << 2);
    for (let j = 0; j < keys; j++) {
      const key = k + (<usize>(j * ldk) << 2);
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (let d = 0; d < width; d += 4) {
        const at = <usize>d << 2;
        const left = width - d;
        const inner = activated(f32x4.add(loadUpTo4(query + at, left), loadUpTo4(key + at, left)), relu);
        const next = multiplyAdd(inner, loadUpTo4(v + at, left), s0);
        s0 = s1, s1 = s2, s2 = s3, s3 = next;
      }
      store<f32>(scores, load<f32>(scores) + sumOfPartials(s0, s1, s2, s3));
      scores += 4;
    }
  }
}

/**
 * The gradients of {@link pairScoresForward}, added to: with t = f(q[i] + k[j]), dv += dScore t, and dScore v f' to dq[i] and
 * dk[j], where f' is 1 - t^2, or 1 where ReLU is above 0.
 *
 * @param dq, dk laid out as q and k
 */
export function pairScoresBackward(
  dq: usize, dk: usize, dv: usize, dScores: usize, q: usize, ldq: i32, k: usize, ldk: i32, v: usize,
  queries: i32, keys: i32, width: i32, relu: i32,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (let i = 0; i < queries; i++) {
    const row = <usize>(i * ldq) << 2;
    for (let j = 0; j < keys; j++) {
      const column = <usize>(j * ldk) << 2;
      const dScore = v128.load_splat<f32>(dScores);
      for (let d = 0; d < width; d += 4) {
        const at = <usize>d << 2;
        const left = width - d;
        const inner = activated(f32x4.add(loadUpTo4(q + row + at, left), loadUpTo4(k + column + at, left)), relu);
        const weight = f32x4.mul(dScore, loadUpTo4(v + at, left));
        const slope = relu ? v128.and(one, f32x4.gt(inner, zero)) : f32x4.sub(one, f32x4.mul(inner, inner));
        storeUpTo4(dv + at, multiplyAdd(dScore, inner, loadUpTo4(dv + at, left)), left);
        storeUpTo4(dq + row + at, multiplyAdd(weight, slope, loadUpTo4(dq + row + at, left)), left);
        storeUpTo4(dk + column + at, multiplyAdd(weight, slope, loadUpTo4(dk + column + at, left)), left);
      }
      dScores += 4;
    }
  }
}
