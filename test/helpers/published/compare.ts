import { readFileSync } from 'node:fs';
import type { Session } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import type { PublishedNames } from '../../../src/import/names/published-names.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { withSession } from '../session.js';
import { drawnFeatures, type Range } from './draws.js';
import { loadPublished } from './load.js';

/** A published implementation's embeddings of drawn features, by drawn weights: test/fixtures/networks/make.py. */
export interface Oracle {
  source: string;
  commit: string;
  class: string;
  options: Record<string, unknown>;
  torch: string;
  bins: number;
  size: number;
  /** Trained numbers, where the network is no published implementation's. */
  parameters?: number;
  variance: Range;
  /** Worst difference / rms of the published implementation in float32 from itself in float64. */
  float32: number;
  /** In float64, a list for each row. */
  embedding: number[][];
}

/** Reads a fixture by its name. */
export const readOracle = (name: string): Oracle =>
  JSON.parse(readFileSync(new URL(`../../../../test/fixtures/networks/${name}.json`, import.meta.url), 'utf8'));

/** The worst over rows, of whole embeddings. */
export interface Difference {
  cosine: number;
  /** Largest difference of one number, in terms of the row's root mean square. */
  worst: number;
}

/** Builds a network at a scope, as what it makes of features [rows, frames, bins]. */
export type BuildNetwork = (scope: Scope) => (features: Tensor) => Tensor;

/** Runs voxloop's network with an oracle's weights on its features. */
export function compareWith(oracle: Oracle, build: BuildNetwork, names: PublishedNames): Promise<Difference> {
  const run = async (session: Session) => {
    const scope = createScope(session, 'network', 0);
    const forward = build(scope);
    await loadPublished(session, scope, names, oracle.variance);
    const embed = session.compile('embed', ({ features }: Record<string, Tensor>) => ({ y: forward(features) }));
    const { y } = await embed({ features: drawnFeatures(oracle.bins) });
    return y.data as Float32Array;
  };
  return withSession(async (session) => differenceOf(await run(session), oracle.embedding), { threads: 1 });
}

function differenceOf(values: Float32Array, expected: number[][]): Difference {
  const size = expected[0].length;
  if (values.length !== expected.length * size)
    throw new Error(`${values.length} numbers are not ${expected.length} rows of ${size}`);
  const rows = expected.map((b, row) => {
    const a = values.subarray(row * size, (row + 1) * size);
    const products = (x: ArrayLike<number>, y: number[]) => y.reduce((sum, value, i) => sum + value * x[i], 0);
    const squares = products(b, b);
    const cosine = products(a, b) / Math.sqrt(products(a, [...a]) * squares);
    return { cosine, worst: Math.max(...b.map((value, i) => Math.abs(value - a[i]))) / Math.sqrt(squares / size) };
  });
  return { cosine: Math.min(...rows.map(({ cosine }) => cosine)), worst: Math.max(...rows.map(({ worst }) => worst)) };
}
