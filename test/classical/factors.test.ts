import test, { type ExecutionContext } from 'ava';
import {
  type FactorOptions,
  type FactorState,
  fitFactors,
  type StatisticsRows,
} from '../../src/classical/factors/fit-factors.js';
import { fitEigenchannels, fitEigenvoices } from '../../src/classical/factors/fit-speakers.js';
import { factorPosterior } from '../../src/classical/factors/posterior.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { createRng, type Rng } from '../../src/random.js';
import { close } from '../helpers/close.js';
import {
  type NaiveFactors,
  type NaiveStatistics,
  naiveFactorRound,
  naivePosterior,
} from '../helpers/oracles/naive-mixture.js';
import { withSession } from '../helpers/session.js';

const [GAUSSIANS, DIMENSIONS, RANK] = [4, 5, 2];
const SIZE = GAUSSIANS * DIMENSIONS;

/** A subspace, and utterances whose frames vary in it: statistics in units of the deviations. */
function planted(rows: number, seed: string, shifts: (rng: Rng, row: number) => number[]): NaiveStatistics[] {
  const rng = createRng(seed);
  return Array.from({ length: rows }, (_, row) => {
    const shift = shifts(rng, row);
    const counts = Array.from({ length: GAUSSIANS }, () => rng.uniform(5, 60));
    const sums = counts.map((n, c) =>
      Array.from({ length: DIMENSIONS }, (_, d) => n * shift[c * DIMENSIONS + d] + Math.sqrt(n) * rng.normal()),
    );
    return { counts, sums };
  });
}

/** [SIZE][columns] */
const basis = (columns: number, seed: string): number[][] => {
  const rng = createRng(seed);
  return Array.from({ length: SIZE }, () => Array.from({ length: columns }, () => 0.5 * rng.normal()));
};
const times = (matrix: number[][], vector: number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i], 0));
const normalVector = (rng: Rng, size: number): number[] => Array.from({ length: size }, () => rng.normal());

function rowsOf(
  statistics: NaiveStatistics[],
): StatisticsRows & { read(from: number, count: number): ReturnType<StatisticsRows['read']> } {
  const block = (some: NaiveStatistics[]) => ({
    counts: Float32Array.from(some.flatMap(({ counts }) => counts)),
    sums: Float32Array.from(some.flatMap(({ sums }) => sums.flat())),
  });
  return {
    rows: statistics.length,
    gaussians: GAUSSIANS,
    dimensions: DIMENSIONS,
    read: (from, count) => block(statistics.slice(from, from + count)),
  };
}

const OPTIONS: FactorOptions = { name: 'factors', rank: RANK, iterations: 6, minimumDivergence: true, seed: 'start' };
const learn = (rows: StatisticsRows, options: Partial<FactorOptions> = {}) =>
  withSession((session) => fitFactors(session, rows, { ...OPTIONS, ...options }));

const asFactors = (values: Float32Array, rank: number): NaiveFactors =>
  Array.from({ length: GAUSSIANS }, (_, c) =>
    Array.from({ length: DIMENSIONS }, (_, d) =>
      Array.from({ length: rank }, (_, k) => values[(c * DIMENSIONS + d) * rank + k]),
    ),
  );

function neverFalls(t: ExecutionContext, { logLikelihoods }: FactorState): void {
  logLikelihoods.slice(1).forEach((value, i) => {
    t.true(value >= logLikelihoods[i] - 1e-5 * Math.abs(value), `round ${i}: ${logLikelihoods[i]} to ${value}`);
  });
  t.true(logLikelihoods.at(-1)! > logLikelihoods[0]);
}

/** The share of each planted column that lies in the span of the columns that were found. */
function explained(found: Float32Array, rank: number, columns: number[][]): number[] {
  const span: number[][] = [];
  for (let k = 0; k < rank; k++) {
    let column = Array.from({ length: SIZE }, (_, i) => found[i * rank + k]);
    for (const other of span) {
      const share = column.reduce((sum, value, i) => sum + value * other[i], 0);
      column = column.map((value, i) => value - share * other[i]);
    }
    const length = Math.hypot(...column);
    span.push(column.map((value) => value / length));
  }
  return columns[0].map((_, k) => {
    const column = columns.map((row) => row[k]);
    const inside = span.map((other) => column.reduce((sum, value, i) => sum + value * other[i], 0));
    return Math.hypot(...inside) / Math.hypot(...column);
  });
}

test('a planted subspace and a shifted mean are found, and no round lowers the likelihood', async (t) => {
  const subspace = basis(RANK, 'subspace');
  // Within the subspace, where the prior's mean can follow.
  const shift = times(subspace, [1, -0.8]);
  const rows = planted(400, 'rows', (rng) =>
    times(subspace, normalVector(rng, RANK)).map((value, i) => value + shift[i]),
  );
  const state = await learn(rowsOf(rows), { iterations: 12 });
  neverFalls(t, state);
  for (const share of explained(state.factors, RANK, subspace)) t.true(share > 0.99, `${share} of a column`);
  const error = Math.hypot(...shift.map((value, i) => value - state.offset[i])) / Math.hypot(...shift);
  t.true(error < 0.1, `the mean is off by ${error} of its shift`);
  // Minimum divergence: the factors of the utterances are standard normal on the whole.
  const posteriors = rows.map(({ counts, sums }) => {
    const centred = sums.map((own, c) => own.map((value, d) => value - counts[c] * state.offset[c * DIMENSIONS + d]));
    return naivePosterior({ counts, sums: centred }, asFactors(state.factors, RANK));
  });
  const mean = [0, 1].map((i) => posteriors.reduce((sum, one) => sum + one.mean[i], 0) / rows.length);
  const moment = [0, 1].map((i) => posteriors.reduce((sum, one) => sum + one.moment[i][i], 0) / rows.length);
  close(t, mean, [0, 0], 0.05);
  close(t, moment, [1, 1], 0.05);
});

test('without minimum divergence each round is that of plain arrays, and so are likelihood and i-vectors', async (t) => {
  const subspace = basis(RANK, 'other subspace');
  const rows = planted(30, 'few', (rng) => times(subspace, normalVector(rng, RANK)));
  const states: FactorState[] = [];
  const keep = ({ factors, offset, logLikelihoods }: FactorState) =>
    void states.push({ factors, offset, logLikelihoods: Array.from(logLikelihoods) });
  const last = await learn(rowsOf(rows), { iterations: 3, minimumDivergence: false, keep });
  neverFalls(t, last);
  let factors = asFactors(states[0].factors, RANK);
  for (const [round, after] of [states[1], states[2]].entries()) {
    const { next, logLikelihood } = naiveFactorRound(rows, factors);
    close(t, after.factors, next.flat(2), 2e-4, `round ${round + 2}`);
    close(t, [last.logLikelihoods[round + 1]], [logLikelihood], 1e-5);
    factors = next;
  }
  t.deepEqual(Array.from(last.offset), Array(SIZE).fill(0));
  const { read } = rowsOf(rows);
  const { counts, sums } = read(0, 3);
  const vectors = await withSession(async (session) => {
    const posterior = session.compile('posterior', (inputs: Record<string, Tensor>) => ({
      w: factorPosterior(
        { counts: inputs.counts, sums: inputs.sums },
        { factors: inputs.factors, offset: inputs.offset },
      ),
    }));
    const { w } = await posterior({
      counts: float32(counts, [3, GAUSSIANS]),
      sums: float32(sums, [3, GAUSSIANS, DIMENSIONS]),
      factors: float32(last.factors, [SIZE, RANK]),
      offset: float32(last.offset, [GAUSSIANS, DIMENSIONS]),
    });
    return w.data as Float32Array;
  });
  const expected = rows.slice(0, 3).flatMap((row) => naivePosterior(row, asFactors(last.factors, RANK)).mean);
  close(t, vectors, expected, 1e-4);
});

test('a fit that is gone on with ends as one that was not stopped, whatever the size of its blocks', async (t) => {
  const rows = rowsOf(planted(300, 'resumed', (rng) => times(basis(RANK, 'subspace'), normalVector(rng, RANK))));
  const states: FactorState[] = [];
  const whole = await learn(rows, { iterations: 3, keep: (state) => void states.push(state) });
  const resumed = await learn(rows, { iterations: 3, from: states[1] });
  t.deepEqual(resumed.factors, whole.factors);
  t.deepEqual(resumed.logLikelihoods, whole.logLikelihoods);
});

test('joint factor analysis tells the subspace of speakers from that of channels', async (t) => {
  const [voices, channels] = [basis(2, 'voices'), basis(1, 'channels')];
  const [speakers, each] = [120, 6];
  const rng = createRng('speakers');
  const factorsOf = Array.from({ length: speakers }, () => normalVector(rng, 2));
  const rows = planted(speakers * each, 'jfa', (own, row) => {
    const channel = times(channels, [1.5 * own.normal()]);
    return times(voices, factorsOf[Math.floor(row / each)]).map((value, i) => value + channel[i]);
  });
  const numbers = (speaker: number) => Int32Array.from({ length: each }, (_, i) => speaker * each + i);
  const { read } = rowsOf(rows);
  const all = {
    gaussians: GAUSSIANS,
    dimensions: DIMENSIONS,
    speakers: factorsOf.map((_, speaker) => numbers(speaker)),
    read: (some: ArrayLike<number>) => {
      const parts = Array.from(some, (number) => read(number, 1));
      return {
        counts: Float32Array.from(parts.flatMap(({ counts }) => Array.from(counts))),
        sums: Float32Array.from(parts.flatMap(({ sums }) => Array.from(sums))),
      };
    },
  };
  await withSession(async (session) => {
    const settings = { iterations: 8, minimumDivergence: true, seed: 'jfa' };
    const found = await fitEigenvoices(session, all, 2, settings);
    neverFalls(t, found);
    for (const share of explained(found.factors, 2, voices)) t.true(share > 0.95, `${share} of an eigenvoice`);
    const within = await fitEigenchannels(session, all, { ...found, rank: 2 }, 1, settings);
    neverFalls(t, within);
    const [share] = explained(within.factors, 1, channels);
    t.true(share > 0.98, `${share} of the eigenchannel`);
  });
});
