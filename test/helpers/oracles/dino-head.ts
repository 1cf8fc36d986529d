import type { HostTensor } from '../../../src/host-tensor.js';
import { type Rows, rowsOf, transposed } from './losses.js';
import { naiveErf, naiveMatMul } from './naive-array.js';
import { naiveBatchNorm } from './naive-batch-norm.js';

/** A network's weights by name. */
export type Weights = Record<string, HostTensor>;

export const unitRow = (row: readonly number[]): number[] => row.map((value) => value / Math.hypot(...row));

export const gelu = (x: number): number => (x / 2) * (1 + naiveErf(x * Math.SQRT1_2));

/** The rows times the weight of a layer, plus its bias where it has one. */
export function linear(weights: Weights, layer: string, rows: Rows): number[][] {
  const { shape, data } = weights[`${layer}/weight`];
  const bias = weights[`${layer}/bias`]?.data as Float32Array | undefined;
  const flat = naiveMatMul(rows.length, rows[0].length, shape[1], rows.flat(), data as Float32Array);
  return rowsOf(
    flat.map((sum, i) => sum + (bias ? bias[i % shape[1]] : 0)),
    shape[1],
  );
}

/** Batch normalisation by the rows' own statistics; scale 1 and offset 0 where the layer has none. */
export function normed(weights: Weights, layer: string, rows: Rows): number[][] {
  const size = rows[0].length;
  const value = (name: string, otherwise: number) =>
    (weights[`${layer}/norm/${name}`]?.data as Float32Array | undefined) ?? new Float32Array(size).fill(otherwise);
  const flat = rows.flat();
  return rowsOf(naiveBatchNorm(size, flat, value('scale', 1), value('offset', 0), flat, 1e-5).y, size);
}

/** Layers of a perceptron by plain loops: linear and batch normalisation and `activate`, and one more linear layer at the end. */
export function perceptron(
  weights: Weights,
  prefix: string,
  layers: number,
  x: Rows,
  activate: (value: number) => number,
): number[][] {
  let rows = x.map((row) => [...row]);
  for (let layer = 1; layer < layers; layer++) {
    const sums = linear(weights, `${prefix}/layer${layer}`, rows);
    rows = normed(weights, `${prefix}/layer${layer}`, sums).map((row) => row.map(activate));
  }
  return linear(weights, `${prefix}/layer${layers}`, rows);
}

/** Cosines of each row to the columns of a matrix of weights. */
export function cosines(weights: Weights, name: string, rows: Rows): number[][] {
  const columns = transposed(rowsOf(weights[name].data as Float32Array, weights[name].shape[1])).map(unitRow);
  return rows
    .map(unitRow)
    .map((row) => columns.map((column) => row.reduce((sum, entry, i) => sum + entry * column[i], 0)));
}

/**
 * DINO's head by plain loops: twice (linear, batch normalisation by the batch's own statistics, GELU), linear, unit
 * length, and the cosines to the columns of the last layer. RDINO taps the third linear layer and has a fourth behind it. `x`
 * [rows][size]; weights by their names below `prefix`.
 */
export function dinoHead(weights: Weights, prefix: string, x: Rows): { tap: number[][]; outputs: number[][] } {
  const tap = perceptron(weights, prefix, 3, x, gelu);
  const narrow = weights[`${prefix}/bottleneck/weight`] ? linear(weights, `${prefix}/bottleneck`, tap) : tap;
  return { tap, outputs: cosines(weights, `${prefix}/last-layer`, narrow) };
}
