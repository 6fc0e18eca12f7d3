import { loadUpTo4, multiplyAdd, storeUpTo4 } from "./simd";

/**
 * One step of Adam over n parameters, in one pass (Kingma and Ba 2015, algorithm 1), with decoupled weight decay
 * (Loshchilov and Hutter 2019, algorithm 2).
 *
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * parameter -= decay parameter + stepSize m / (sqrt(v) * inverseRootCorrection2 + epsilon), with g the gradient times
 * gradientScale.
 *
 * @param parameters, gradients, m, v n floats each
 * @param stepSize the learning rate over 1 - beta1^step
 * @param inverseRootCorrection2 1 / sqrt(1 - beta2^step)
 * @param gradientScale what the mean over the tokens and clipping multiply the gradient by
 * @param decay the share of itself that a parameter loses: the learning rate times the weight decay
 */
export function adam(
  parameters: usize, gradients: usize, m: usize, v: usize, n: i32,
  stepSize: f32, beta1: f32, beta2: f32, epsilon: f32, inverseRootCorrection2: f32, gradientScale: f32, decay: f32,
): void {
  const scales = f32x4.splat(gradientScale);
  const keep1 = f32x4.splat(beta1);
  const keep2 = f32x4.splat(beta2);
  const take1 = f32x4.splat(<f32>1 - beta1);
  const take2 = f32x4.splat(<f32>1 - beta2);
  const corrections = f32x4.splat(inverseRootCorrection2);
  const epsilons = f32x4.splat(epsilon);
  const steps = f32x4.splat(stepSize);
  const decays = f32x4.splat(decay);
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const at = <usize>i << 2;
    const g = f32x4.mul(loadUpTo4(gradients + at, left), scales);
    const first = multiplyAdd(keep1, loadUpTo4(m + at, left), f32x4.mul(take1, g));
    const second = multiplyAdd(keep2, loadUpTo4(v + at, left), f32x4.mul(take2, f32x4.mul(g, g)));
    storeUpTo4(m + at, first, left);
    storeUpTo4(v + at, second, left);
    const divisor = multiplyAdd(f32x4.sqrt(second), corrections, epsilons);
    const before = loadUpTo4(parameters + at, left);
    const step = multiplyAdd(decays, before, f32x4.div(f32x4.mul(steps, first), divisor));
    storeUpTo4(parameters + at, f32x4.sub(before, step), left);
  }
}
