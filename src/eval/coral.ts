import { UserError } from '../errors.js';
import { addOuter, congruence, mirrorLower, multiply } from './backend/matrix.js';
import { symmetricEigen } from './backend/symmetric-eigen.js';

/** What is added to the diagonals of both covariances, as a part of their mean variance: directions without any stay finite. */
const RIDGE = 1e-3;

interface Moments {
  mean: Float64Array;
  /** [size, size] */
  covariance: Float64Array;
}

/**
 * CORAL: vectors of one domain with the mean and covariance of another, (x - m_s) C_s^-1/2 C_t^1/2 + m_t, without labels.
 *
 * B. Sun, J. Feng, K. Saenko, "Return of Frustratingly Easy Domain Adaptation", AAAI 2016, arXiv:1511.05547.
 * @param source [rows, size] @param target [rows, size] of the domain that they are to look like
 * @returns [source rows, size]
 * @throws UserError for a domain of fewer than two vectors, and values that are not finite
 */
export function alignWithDomain(source: Float32Array, target: Float32Array, size: number): Float32Array {
  const [s, t] = [moments(source, size, 'training'), moments(target, size, 'target')];
  const map = multiply(power(s.covariance, size, -0.5), power(t.covariance, size, 0.5), size);
  const aligned = new Float32Array(source.length);
  const centred = new Float64Array(size);
  for (let from = 0; from < source.length; from += size) {
    for (let i = 0; i < size; i++) centred[i] = source[from + i] - s.mean[i];
    const row = multiply(centred, map, size);
    for (let i = 0; i < size; i++) aligned[from + i] = row[i] + t.mean[i];
  }
  return aligned;
}

/** Mean and covariance, divided by the rows less one. */
function moments(vectors: Float32Array, size: number, domain: string): Moments {
  const rows = vectors.length / size;
  if (rows < 2)
    throw new UserError(
      `The ${domain} domain has ${rows} embedding${rows === 1 ? '' : 's'}, and a covariance is that of two or more. Add recordings to it.`,
    );
  const broken = vectors.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0)
    throw new UserError(`Vector ${Math.floor(broken / size)} of the ${domain} domain (counted from 0) is not finite.`);
  const mean = new Float64Array(size);
  for (let i = 0; i < vectors.length; i++) mean[i % size] += vectors[i] / rows;
  const covariance = new Float64Array(size * size);
  for (let row = 0; row < rows; row++) {
    const centred = mean.map((value, i) => vectors[row * size + i] - value);
    addOuter(covariance, centred, 1 / (rows - 1));
  }
  return { mean, covariance: mirrorLower(covariance, size) };
}

/** A power of a covariance with its ridge; the identity where there is no variance at all. */
function power(covariance: Float64Array, size: number, exponent: number): Float64Array {
  const { values, vectors } = symmetricEigen(covariance, size);
  const ridge = Math.max((RIDGE * values.reduce((sum, value) => sum + value, 0)) / size, 1e-12);
  const diagonal = new Float64Array(size * size);
  values.forEach((value, i) => {
    diagonal[i * size + i] = (Math.max(value, 0) + ridge) ** exponent;
  });
  // Eigenvectors are rows: their transpose times the diagonal times themselves.
  const columns = Float64Array.from(vectors, (_, k) => vectors[(k % size) * size + Math.floor(k / size)]);
  return congruence(columns, diagonal, size);
}
