import { tensorflow } from '../backend.js';
import { typeAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import type { Node } from '../graph/graph.js';
import { raw, rawOperation } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * Discrete Fourier transform of the real rows of `x` [..., samples], zero-padded at the end to `fftLength` (at least samples).
 * Returns [..., fftLength / 2 + 1, 2]: real and imaginary part of each bin, unnormalised. It has no gradient.
 */
export function rfft(x: Tensor, fftLength: number): Tensor {
  return raw('Bitcast', [complexRfft(x, fftLength)], [typeAttr('type', DT.FLOAT)])[0];
}

/** As `rfft`, still complex. */
const complexRfft = (x: Tensor, fftLength: number): Node =>
  rawOperation('RFFT', [padAxis(x, x.rank - 1, fftLength), length(fftLength)], [typeAttr('Tcomplex', DT.COMPLEX64)])
    .outputs[0];

/**
 * The real signals [..., fftLength] of spectra [..., bins, 2], the inverse of `rfft`; bins missing up to fftLength / 2 + 1
 * are zeros. It has no gradient.
 */
export function irfft(spectrum: Tensor, fftLength: number): Tensor {
  const whole = padAxis(spectrum, spectrum.rank - 2, fftLength / 2 + 1);
  const { outputs } = rawOperation('Bitcast', [whole], [typeAttr('type', DT.COMPLEX64)]);
  return raw('IRFFT', [outputs[0], length(fftLength)], [typeAttr('Treal', DT.FLOAT)])[0];
}

/**
 * Linear convolution of each row of `x` [rows, samples] with a row of `filters` [rows, taps], cut to the length of `x`: output t is
 * the sum over k of filters[k] x[t - k]. It has no gradient.
 */
export function convolveRows(x: Tensor, filters: Tensor): Tensor {
  const [rows, samples] = x.shape as [number, number];
  const [, taps] = filters.shape as [number, number];
  const fftLength = fastFftLength(samples + taps - 1);
  const { outputs } = rawOperation('Mul', [complexRfft(x, fftLength), complexRfft(filters, fftLength)]);
  const [whole] = raw('IRFFT', [outputs[0], length(fftLength)], [typeAttr('Treal', DT.FLOAT)]);
  return tensorflow.slice(whole, [0, 0], [rows, samples]);
}

/** The smallest length of at least `samples` that is a multiple of `multiple` (even) and otherwise of 2, 3, 5 and 7 only. */
export function fastFftLength(samples: number, multiple = 2): number {
  let blocks = Math.max(1, Math.ceil(samples / multiple));
  while (!isSmooth(blocks)) blocks++;
  return blocks * multiple;
}

function isSmooth(n: number): boolean {
  let rest = n;
  for (const factor of [2, 3, 5, 7]) while (rest % factor === 0) rest /= factor;
  return rest === 1;
}

const length = (fftLength: number): Tensor => tensorflow.tensor1d([fftLength], 'int32');

/** Appends zeros along an axis up to `size`. */
function padAxis(x: Tensor, axis: number, size: number): Tensor {
  const missing = size - x.shape[axis];
  if (missing < 0)
    throw new Error(`shape [${x.shape}] does not fit the transform: axis ${axis} is longer than ${size}`);
  if (missing === 0) return x;
  const pads = x.shape.map((_, i): [number, number] => [0, i === axis ? missing : 0]);
  return tensorflow.pad(x, pads);
}
