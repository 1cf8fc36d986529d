import test from 'ava';
import { likelihoodRatios } from '../../src/classical/likelihood-ratio.js';
import { adaptedShift, baumWelch } from '../../src/classical/mixture/densities.js';
import { fitMixture } from '../../src/classical/mixture/fit-mixture.js';
import type { Mixture } from '../../src/classical/mixture/mixture.js';
import { supervectorOf } from '../../src/classical/supervector.js';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { float32 } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';
import { close } from '../helpers/close.js';
import {
  type NaiveMixture,
  naiveAdapted,
  naiveDensities,
  naiveLikelihood,
  naiveLogSum,
  naiveRound,
  naiveShares,
} from '../helpers/oracles/naive-mixture.js';
import { withSession } from '../helpers/session.js';

const DIMENSIONS = 3;
const PLANTED: NaiveMixture = {
  weights: [0.5, 0.3, 0.2],
  means: [
    [0, 0, 0],
    [4, -3, 1],
    [-4, 2, 5],
  ],
  variances: [
    [1, 0.5, 2],
    [0.3, 1, 1],
    [2, 0.4, 0.2],
  ],
};

/** Frames that a mixture draws. */
function drawn(count: number, seed: string, { weights, means, variances }: NaiveMixture = PLANTED): number[][] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => {
    let [c, left] = [0, rng.next()];
    while (c < weights.length - 1 && left > weights[c]) left -= weights[c++];
    return means[c].map((mean, d) => mean + Math.sqrt(variances[c][d]) * rng.normal());
  });
}

const OPTIONS = { gaussians: 3, iterations: 8, splitIterations: 3, varianceFloor: 0.01, seed: 'splits' };
const learn = (frames: number[][], options: Partial<typeof OPTIONS> = {}) =>
  withSession((session) =>
    fitMixture(session, Float32Array.from(frames.flat()), frames[0].length, { ...OPTIONS, ...options }),
  );

const nested = (values: ArrayLike<number>, size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) => Array.from({ length: size }, (_, j) => values[i * size + j]));
const naive = ({ weights, means, variances, dimensions }: Mixture): NaiveMixture => ({
  weights: Array.from(weights),
  means: nested(means, dimensions),
  variances: nested(variances, dimensions),
});

test('a planted mixture is found, no round lowers the likelihood, and each is that of plain arrays', async (t) => {
  const frames = drawn(3000, 'frames');
  const { mixture, logLikelihoods } = await learn(frames);
  t.is(logLikelihoods.length, OPTIONS.iterations + 1);
  logLikelihoods.slice(1).forEach((value, i) => {
    t.true(value >= logLikelihoods[i] - 1e-6, `round ${i}: ${logLikelihoods[i]} to ${value}`);
  });
  const found = naive(mixture);
  for (const [c, mean] of PLANTED.means.entries()) {
    const nearest = found.means.map((other) => Math.hypot(...other.map((value, d) => value - mean[d])));
    const place = nearest.indexOf(Math.min(...nearest));
    t.true(nearest[place] < 0.2, `Gaussian ${c} at a distance of ${nearest[place]}`);
    t.true(Math.abs(found.weights[place] - PLANTED.weights[c]) < 0.04);
    close(t, found.variances[place], PLANTED.variances[c], 0.15);
  }
  t.true(Math.abs(logLikelihoods.at(-1)! - naiveLikelihood(frames, found)) < 1e-4);
  // The same splits and one round less: one round of plain arrays leads from there to here.
  const { mixture: before } = await learn(frames, { iterations: OPTIONS.iterations - 1 });
  const one = naiveRound(frames, naive(before), Array(DIMENSIONS).fill(0));
  close(t, found.weights, one.weights, 1e-4);
  close(t, found.means.flat(), one.means.flat(), 1e-3);
  close(t, found.variances.flat(), one.variances.flat(), 1e-3);
});

test('a constant dimension, a repeated frame and more Gaussians than there are sounds leave variances at their floors', async (t) => {
  const frames = drawn(300, 'few').map((x, i) => (i < 150 ? [1, 1, 7] : [x[0], x[1], 7]));
  const { mixture, logLikelihoods } = await learn(frames, { gaussians: 8, iterations: 4 });
  t.true(mixture.variances.every((value) => value > 1e-3));
  t.true(mixture.means.every(Number.isFinite));
  logLikelihoods.slice(1).forEach((value, i) => void t.true(value >= logLikelihoods[i] - 1e-6));
});

test('more Gaussians than frames carry, equal frames and numbers that are not finite are refused', async (t) => {
  const frames = drawn(100, 'hundred');
  const few = await t.throwsAsync(learn(frames, { gaussians: 64 }), { instanceOf: UserError });
  t.is(
    few?.message,
    '64 Gaussians are to be learned from 100 frames of speech, and each needs 10 at least. Give at most 10 Gaussians, or more recordings.',
  );
  await t.throwsAsync(learn(frames.map(() => [1, 2, 3])), { message: /All 100 frames of speech are equal/ });
  await t.throwsAsync(learn(frames.map(([a, b]) => [a, b, Number.NaN])), { message: /not finite/ });
});

test('statistics, adapted means, supervectors and likelihood ratios are those of the papers', async (t) => {
  const relevance = 16;
  const [enrolment, tested] = [drawn(40, 'enrolment'), drawn(30, 'test')];
  const inputs = (frames: number[][]) => ({
    frames: float32(Float32Array.from(frames.flat()), [1, frames.length, DIMENSIONS]),
    // The last five frames are no speech.
    speech: float32(
      Float32Array.from(frames, (_, i) => Number(i < frames.length - 5)),
      [1, frames.length, 1],
    ),
    weights: float32(PLANTED.weights),
    means: float32(PLANTED.means.flat(), [3, DIMENSIONS]),
    variances: float32(PLANTED.variances.flat(), [3, DIMENSIONS]),
  });
  const [adapted, ratio] = await withSession(async (session) => {
    const enrol = session.compile('enrol', ({ frames, speech, ...mixture }: Record<string, Tensor>) => {
      const { weights, means, variances } = mixture;
      const statistics = baumWelch({ frames, speech }, { weights, means, variances });
      const { counts, sums } = statistics;
      const supervector = supervectorOf(statistics, weights, relevance);
      return { counts, sums, shift: adaptedShift(statistics, relevance), supervector };
    });
    const score = session.compile('score', ({ frames, speech, shift, ...mixture }: Record<string, Tensor>) => {
      const { weights, means, variances } = mixture;
      return { ratio: likelihoodRatios({ frames, speech }, { weights, means, variances }, shift) };
    });
    const enrolled = await enrol(inputs(enrolment));
    const shift = float32(enrolled.shift.data as Float32Array, [3, DIMENSIONS]);
    return [enrolled, (await score({ ...inputs(tested), shift })).ratio.data[0] as number] as const;
  });
  const heard = enrolment.slice(0, -5);
  const shares = naiveShares(heard, PLANTED);
  const counts = PLANTED.weights.map((_, c) => shares.reduce((sum, row) => sum + row[c], 0));
  close(t, adapted.counts.data as Float32Array, counts, 1e-5);
  const deviation = (c: number, d: number) => Math.sqrt(PLANTED.variances[c][d]);
  const sums = counts.flatMap((_, c) =>
    PLANTED.means[c].map((mean, d) =>
      heard.reduce((sum, x, i) => sum + (shares[i][c] * (x[d] - mean)) / deviation(c, d), 0),
    ),
  );
  close(t, adapted.sums.data as Float32Array, sums, 1e-4);
  const speaker = naiveAdapted(heard, PLANTED, relevance);
  const moved = speaker.means.map((mean, c) => mean.map((value, d) => (value - PLANTED.means[c][d]) / deviation(c, d)));
  close(t, adapted.shift.data as Float32Array, moved.flat(), 1e-5);
  const weighted = moved.flatMap((row, c) => row.map((value) => value * Math.sqrt(PLANTED.weights[c])));
  close(t, adapted.supervector.data as Float32Array, weighted, 1e-5);
  const ratios = tested
    .slice(0, -5)
    .map((x) => naiveLogSum(naiveDensities(x, speaker)) - naiveLogSum(naiveDensities(x, PLANTED)));
  close(t, [ratio], [ratios.reduce((sum, value) => sum + value, 0) / ratios.length], 1e-5);
});
