import { cholesky, choleskySolve, triangularSolve } from '../../engine/ops/linear-algebra.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { float32 } from '../../host-tensor.js';
import { createRng } from '../../random.js';
import { gramsOf, precisionOf } from './posterior.js';

/** Statistics of some utterances, or speakers. */
export interface StatisticsBlock {
  /** [rows, gaussians] */
  counts: Float32Array;
  /** About the means, in units of the deviations. // [rows, gaussians * dimensions] */
  sums: Float32Array;
  /** Of each row, the factors that `known` knows. // [rows, rank of `known`] */
  known?: Float32Array;
}

/** Statistics that are walked and not held. */
export interface StatisticsRows {
  rows: number;
  gaussians: number;
  dimensions: number;
  read(from: number, count: number): StatisticsBlock;
}

/** A subspace of supervectors, in units of the mixture's deviations. */
export interface Factors {
  /** [gaussians * dimensions, rank] */
  factors: Float32Array;
  /** [gaussians * dimensions] */
  offset: Float32Array;
}

/** Where the expectation maximisation of factors stands. */
export interface FactorState extends Factors {
  /** Before each round so far, and after the last: of all rows, in nats, up to what does not depend on the factors. */
  logLikelihoods: number[];
}

export interface FactorOptions {
  /** Prefix of the variables' names; once in a session. */
  name: string;
  rank: number;
  iterations: number;
  /** After each round also fit the prior of the factors, and take it into factors and offset. */
  minimumDivergence: boolean;
  seed: string;
  /** Factors that were found before, whose values stand beside each row: they are taken out of the statistics. */
  known?: { factors: Float32Array; rank: number };
  /** The offset to begin with. Default: none. */
  offset?: Float32Array;
  /** The state to go on from. */
  from?: FactorState;
  /** Told of the state after every round. */
  keep?(state: FactorState): void;
  progress?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** Numbers of the statistics, or of the posterior covariances, of a block. */
const BLOCK_VALUES = 2 ** 21;
const MOST_ROWS = 128;
/** Of the mean diagonal: keeps what no row has heard invertible. */
const RIDGE = 1e-6;

/**
 * Fits the low-rank factors T of supervectors m + T w, w standard normal, by expectation maximisation with fixed alignments, and
 * minimum divergence steps. What is held: T, the sums of a round (gaussians * rank * rank) and a block of rows.
 *
 * P. Kenny, G. Boulianne, P. Dumouchel, "Eigenvoice modeling with sparse training data", IEEE Transactions on Speech and Audio
 * Processing 2005; P. Kenny, P. Ouellet, N. Dehak, V. Gupta, P. Dumouchel, "A study of interspeaker variability in speaker
 * verification", IEEE Transactions on Audio, Speech, and Language Processing 2008.
 */
export async function fitFactors(session: Session, rows: StatisticsRows, options: FactorOptions): Promise<FactorState> {
  const { iterations, progress, signal, from, keep } = options;
  const engine = createEngine(session, rows, options);
  await engine.begin(from ?? startOf(rows, options));
  const logLikelihoods = Array.from(from?.logLikelihoods.slice(0, -1) ?? []);
  const size = blockRows(rows, options.rank);
  const total = rows.rows * (iterations + 1);
  for (let round = logLikelihoods.length; ; round++) {
    let logLikelihood = 0;
    for (let at = 0; at < rows.rows; at += size) {
      const count = Math.min(size, rows.rows - at);
      logLikelihood += await engine.expect(rows.read(at, count), count);
      progress?.(round * rows.rows + at + count, total);
      signal?.throwIfAborted();
    }
    logLikelihoods.push(logLikelihood);
    if (round >= iterations) return { ...(await engine.state()), logLikelihoods };
    await engine.maximise(rows.rows);
    keep?.({ ...(await engine.state()), logLikelihoods: logLikelihoods.concat(Number.NaN) });
  }
}

/** Rows that go through the graph at once. */
const blockRows = ({ gaussians, dimensions }: StatisticsRows, rank: number): number =>
  Math.max(1, Math.min(MOST_ROWS, Math.floor(BLOCK_VALUES / Math.max(gaussians * dimensions, rank * rank))));

function startOf({ gaussians, dimensions }: StatisticsRows, { rank, seed, offset }: FactorOptions): Factors {
  const rng = createRng(seed);
  const factors = new Float32Array(gaussians * dimensions * rank).map(() => rng.normal() / Math.sqrt(rank));
  return { factors, offset: offset ?? new Float32Array(gaussians * dimensions) };
}

/** The variables of a fit. */
interface State {
  factors: Variable;
  offset: Variable;
  grams: Variable;
  known?: Variable;
  /** Sums of a round: n E[w w^T] of each Gaussian, sums w^T, w, w w^T. */
  precisions: Variable;
  products: Variable;
  means: Variable;
  moments: Variable;
}

function createEngine(session: Session, { gaussians, dimensions }: StatisticsRows, options: FactorOptions) {
  const { name, rank, known } = options;
  const size = gaussians * dimensions;
  const variable = (part: string, shape: number[]) => session.variable(`${name}/${part}`, shape, 0);
  const state: State = {
    factors: variable('factors', [size, rank]),
    offset: variable('offset', [gaussians, dimensions]),
    grams: variable('grams', [gaussians, rank * rank]),
    known: known && variable('known', [size, known.rank]),
    precisions: variable('precisions', [gaussians, rank * rank]),
    products: variable('products', [size, rank]),
    means: variable('means', [1, rank]),
    moments: variable('moments', [rank, rank]),
  };
  const shapeOf = { gaussians, dimensions, rank };
  const prepare = session.compile(`${name}/prepare`, () => {
    state.grams.assign(gramsOf(state.factors.read(), gaussians));
    return {};
  });
  const expect = session.compile(`${name}/expect`, (inputs: Record<string, Tensor>) =>
    expectation(state, inputs, shapeOf),
  );
  const maximise = session.compile(`${name}/maximise`, ({ rows }: Record<string, Tensor>) => {
    maximisation(state, rows, shapeOf, options.minimumDivergence);
    return {};
  });
  return {
    async begin({ factors, offset }: Factors) {
      const values = {
        [state.factors.name]: float32(factors, [size, rank]),
        [state.offset.name]: float32(offset, [gaussians, dimensions]),
      };
      if (state.known) values[state.known.name] = float32(known!.factors, [size, known!.rank]);
      await session.load(values);
      await prepare({});
    },
    async expect({ counts, sums, known: values }: StatisticsBlock, count: number): Promise<number> {
      const inputs = {
        counts: float32(counts, [count, gaussians]),
        sums: float32(sums, [count, gaussians, dimensions]),
        ...(known && { known: float32(values!, [count, known.rank]) }),
      };
      return (await expect(inputs)).logLikelihood.data[0] as number;
    },
    maximise: (rows: number) => maximise({ rows }),
    async state(): Promise<Factors> {
      const saved = await session.save([state.factors.name, state.offset.name]);
      const valuesOf = ({ name: key }: Variable) => saved[key].data as Float32Array;
      return { factors: valuesOf(state.factors), offset: valuesOf(state.offset) };
    },
  };
}

interface Shape {
  gaussians: number;
  dimensions: number;
  rank: number;
}

/** Adds a block to the sums of the round; gives its log-likelihood. */
function expectation(
  state: State,
  { counts, sums, known }: Record<string, Tensor>,
  { gaussians, dimensions, rank }: Shape,
) {
  const [rows] = counts.shape;
  const size = gaussians * dimensions;
  const weights = tf.expandDims(counts, 2);
  const own = state.offset.read();
  const taken = known && tf.reshape(tf.matMul(known, state.known!.read(), false, true), [rows, gaussians, dimensions]);
  const shift = taken ? tf.add(taken, own) : own;
  const centred = tf.sub(sums, tf.mul(weights, shift));
  const flat = tf.reshape(centred, [rows, size]) as Tensor;
  const factor = cholesky(precisionOf(counts, state.grams.read(), rank));
  const inverse = triangularSolve(factor, tf.tile(tf.expandDims(tf.eye(rank), 0), [rows, 1, 1]));
  const covariances = tf.matMul(inverse, inverse, true, false);
  const projected = tf.reshape(tf.matMul(flat, state.factors.read()), [rows, rank, 1]) as Tensor;
  const means = tf.matMul(covariances, projected) as Tensor;
  const moments = tf.add(covariances, tf.matMul(means, means, false, true));
  const w = tf.reshape(means, [rows, rank]) as Tensor;
  const add = (variable: Variable, value: Tensor) => variable.assign(tf.add(variable.read(), value));
  add(state.precisions, tf.matMul(counts, tf.reshape(moments, [rows, rank * rank]) as Tensor, true, false));
  add(state.products, tf.matMul(flat, w, true, false));
  add(state.means, tf.sum(w, 0, true));
  add(state.moments, tf.sum(moments, 0));
  const halfDeterminant = tf.sum(tf.log(tf.sum(tf.mul(factor, tf.eye(rank)), 2)));
  const explained = tf.mul(tf.sum(tf.mul(projected, means)), 0.5);
  const shifted = tf.mul(tf.sum(tf.mul(shift, tf.add(sums, centred))), 0.5);
  return { logLikelihood: tf.add(tf.sub(explained, halfDeterminant), shifted) as Tensor };
}

/** The factors that are likeliest under the sums of the round, which are emptied. */
function maximisation(
  state: State,
  rows: Tensor,
  { gaussians, dimensions, rank }: Shape,
  minimumDivergence: boolean,
): void {
  const precisions = tf.reshape(state.precisions.read(), [gaussians, rank, rank]) as Tensor;
  const ridge = tf.add(tf.mul(tf.sum(tf.mul(precisions, tf.eye(rank)), [1, 2], true), RIDGE / rank), 1e-12);
  const factor = cholesky(tf.add(precisions, tf.mul(ridge, tf.eye(rank))));
  const products = tf.transpose(tf.reshape(state.products.read(), [gaussians, dimensions, rank]), [0, 2, 1]);
  const solved = tf.transpose(choleskySolve(factor, products), [0, 2, 1]);
  const fitted = tf.reshape(solved, [gaussians * dimensions, rank]) as Tensor;
  const factors = minimumDivergence ? standardised(state, fitted, rows) : fitted;
  state.factors.assign(factors);
  state.grams.assign(gramsOf(factors, gaussians));
  for (const sums of [state.precisions, state.products, state.means, state.moments]) sums.assign(tf.zeros(sums.shape));
}

/** Minimum divergence: the factors under which the mean posterior is the standard normal; the mean goes into the offset. */
function standardised(state: State, factors: Tensor, rows: Tensor): Tensor {
  const mean = tf.div(state.means.read(), rows) as Tensor;
  const covariance = tf.sub(tf.div(state.moments.read(), rows), tf.matMul(mean, mean, true, false));
  const moved = tf.matMul(factors, mean, false, true);
  state.offset.assign(tf.add(state.offset.read(), tf.reshape(moved, state.offset.shape)));
  return tf.matMul(factors, cholesky(covariance)) as Tensor;
}
