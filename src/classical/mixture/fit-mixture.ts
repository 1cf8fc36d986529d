import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import { createRng } from '../../random.js';
import { logDensities, logSum } from './densities.js';
import type { Mixture } from './mixture.js';
import { splitHeaviest } from './split.js';

/** How a mixture is fitted. */
export interface MixtureOptions {
  gaussians: number;
  /** Rounds of expectation maximisation with all Gaussians. */
  iterations: number;
  /** Rounds between two splits. */
  splitIterations: number;
  /** Variances are at least this share of those of all frames. */
  varianceFloor: number;
  seed: string;
  progress?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** Rows of a product; their posteriors are the largest array of a round. */
const BLOCK_ROWS = 4096;
/** A Gaussian of fewer frames keeps mean and variances: it has too few for new ones. */
const LEAST_COUNT = 2;
/** Frames for each Gaussian, at least. */
const FRAMES_EACH = 10;
/** Below this all values of a dimension count as equal. */
const LEAST_VARIANCE = 1e-8;

/**
 * Fits a mixture to frames [rows, dimensions] by expectation maximisation, from one Gaussian by splits of the heaviest ones until there
 * are as many as asked for. No round lowers the likelihood: floored variances are the best ones above the floor, and a Gaussian of
 * hardly any frames stays as it is.
 * @returns the log-likelihood of a frame in nats before each of the last `iterations` rounds and after them, too
 * @throws UserError for fewer than ten frames a Gaussian, frames that are all equal, or values that are not finite
 */
export async function fitMixture(
  session: Session,
  frames: Float32Array,
  dimensions: number,
  options: MixtureOptions,
): Promise<{ mixture: Mixture; logLikelihoods: number[] }> {
  const { gaussians, iterations, splitIterations, varianceFloor, seed, progress, signal } = options;
  const rows = frames.length / dimensions;
  if (rows < FRAMES_EACH * gaussians)
    throw new UserError(
      `${gaussians} Gaussians are to be learned from ${rows} frames of speech, and each needs ${FRAMES_EACH} at least. ` +
        `Give at most ${Math.max(1, Math.floor(rows / FRAMES_EACH))} Gaussians, or more recordings.`,
    );
  const floors = new Float64Array(dimensions);
  const expect = createExpectation(session);
  let mixture = oneGaussian(frames, dimensions, varianceFloor, floors);
  const splits = Math.ceil(Math.log2(gaussians));
  const total = splits * splitIterations + iterations + 1;
  const rng = createRng(seed);
  let done = 0;
  const step = async (maximising: boolean): Promise<number> => {
    const sums = await expect(frames, mixture, signal);
    if (maximising) mixture = maximise(sums, mixture, rows, floors);
    progress?.(++done, total);
    return sums.logLikelihood / rows;
  };
  while (mixture.gaussians < gaussians) {
    mixture = splitHeaviest(mixture, Math.min(gaussians, 2 * mixture.gaussians), rng);
    for (let i = 0; i < splitIterations; i++) await step(true);
  }
  const logLikelihoods: number[] = [];
  for (let i = 0; i <= iterations; i++) logLikelihoods.push(await step(i < iterations));
  return { mixture, logLikelihoods };
}

/** All frames as one Gaussian; fills in the least variance of each dimension. */
function oneGaussian(frames: Float32Array, dimensions: number, share: number, floors: Float64Array): Mixture {
  const rows = frames.length / dimensions;
  const [means, variances] = [new Float64Array(dimensions), new Float64Array(dimensions)];
  frames.forEach((value, i) => {
    means[i % dimensions] += value / rows;
  });
  if (!means.every(Number.isFinite))
    throw new UserError('The features of the speech hold numbers that are not finite. Check the recordings.');
  frames.forEach((value, i) => {
    variances[i % dimensions] += (value - means[i % dimensions]) ** 2 / rows;
  });
  if (variances.every((value) => value < LEAST_VARIANCE))
    throw new UserError(`All ${rows} frames of speech are equal, so nothing can be learned from them.`);
  // A dimension without any variance gets that of the others' floor: its density is the same for all frames.
  const largest = Math.max(...variances);
  variances.forEach((value, d) => {
    floors[d] = share * (value < LEAST_VARIANCE ? largest : value);
    variances[d] = Math.max(value, floors[d]);
  });
  return { gaussians: 1, dimensions, weights: Float64Array.of(1), means, variances };
}

/** Sums over all frames. */
interface Expected {
  /** [gaussians] */
  counts: Float64Array;
  /** [gaussians, dimensions] */
  first: Float64Array;
  second: Float64Array;
  logLikelihood: number;
}

/** Compiles the expectation step. */
function createExpectation(session: Session) {
  const compiled = session.compile('mixture', ({ x, weights, means, variances }: Record<string, Tensor>) => {
    const logs = logDensities(x, { weights, means, variances });
    const sums = logSum(logs);
    const posteriors = tf.exp(tf.sub(logs, sums)) as Tensor;
    return {
      counts: tf.sum(posteriors, 0),
      first: tf.matMul(posteriors, x, true, false) as Tensor,
      second: tf.matMul(posteriors, tf.square(x) as Tensor, true, false) as Tensor,
      logLikelihood: tf.sum(sums) as Tensor,
    };
  });
  return async (frames: Float32Array, mixture: Mixture, signal?: AbortSignal): Promise<Expected> => {
    const { gaussians, dimensions } = mixture;
    const matrix = (values: Float64Array) => float32(Float32Array.from(values), [gaussians, dimensions]);
    const fixed = {
      weights: float32(Float32Array.from(mixture.weights), [gaussians]),
      means: matrix(mixture.means),
      variances: matrix(mixture.variances),
    };
    const [counts, first, second] = [1, dimensions, dimensions].map((size) => new Float64Array(gaussians * size));
    const sums: Expected = { counts, first, second, logLikelihood: 0 };
    const size = BLOCK_ROWS * dimensions;
    for (let at = 0; at < frames.length; at += size) {
      const block = frames.subarray(at, at + size);
      const outputs = await compiled({ x: float32(block, [block.length / dimensions, dimensions]), ...fixed });
      for (const name of ['counts', 'first', 'second'] as const)
        (outputs[name].data as Float32Array).forEach((value, i) => {
          sums[name][i] += value;
        });
      sums.logLikelihood += outputs.logLikelihood.data[0] as number;
      signal?.throwIfAborted();
    }
    return sums;
  };
}

/** The mixture that is likeliest under the sums, with no variance below its floor. */
function maximise({ counts, first, second }: Expected, last: Mixture, rows: number, floors: Float64Array): Mixture {
  const { gaussians, dimensions } = last;
  const [means, variances] = [Float64Array.from(last.means), Float64Array.from(last.variances)];
  for (let c = 0; c < gaussians; c++) {
    if (counts[c] < LEAST_COUNT) continue;
    for (let d = 0; d < dimensions; d++) {
      const i = c * dimensions + d;
      means[i] = first[i] / counts[c];
      variances[i] = Math.max(second[i] / counts[c] - means[i] ** 2, floors[d]);
    }
  }
  return { gaussians, dimensions, weights: counts.map((count) => Math.max(count / rows, 1e-12)), means, variances };
}
