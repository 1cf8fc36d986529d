import { tensorflow } from '../../backend.js';
import { boolAttr } from '../../graph/attributes.js';
import { raw } from '../../raw.js';
import type { Tensor } from '../../tf.js';

const TRANSPOSED = [boolAttr('transpose_a', true), boolAttr('transpose_b', false)];

/** A convolution along rows. */
export interface RowGeometry {
  taps: number;
  dilation: number;
  /** Zeros that it adds before every row and behind it, at most dilation (taps - 1). */
  pad: number;
}

/**
 * The gradient of a convolution along rows, of stride 1, in its filter: [1, taps, in, out]. Each tap is one product over all places, of x
 * shifted by the tap, [places, in] transposed, and dy, [places, out]. With as many zeros behind every row as the filter reaches before it, a
 * shift is another start in the same memory, so that nothing is copied for a tap, however far the taps are apart.
 *
 * oneDNN's kernel is slower at this where there are several taps, and sums in an order that loses eight times as much
 * (bench/speed/filter-gradient.ts). Filters of several rows would need padded copies of maps, more memory than the time is worth.
 *
 * @param x what the convolution saw, [batch, rows, width, in]
 * @param dy the gradient of what it gave, [batch, rows, width', out]
 */
export function filterGradient(x: Tensor, dy: Tensor, { taps, dilation, pad }: RowGeometry): Tensor {
  const width = x.shape[2]! + pad;
  const [seen, given] = [x, dy].map((map) => placesOf(map, width));
  const [places, inputs] = seen.shape as [number, number];
  const products = Array.from({ length: taps }, (_, tap) => {
    const shift = tap * dilation - pad;
    const from = (map: Tensor, start: number) =>
      tensorflow.slice(map, [start, 0], [places - Math.abs(shift), map.shape[1]!]);
    return raw('MatMul', [from(seen, Math.max(shift, 0)), from(given, Math.max(-shift, 0))], TRANSPOSED)[0];
  });
  return tensorflow.reshape(tensorflow.stack(products), [1, taps, inputs, given.shape[1]!]);
}

/** A map as [places, channels], with zeros behind every row up to the given width. */
function placesOf(map: Tensor, width: number): Tensor {
  const [batch, rows, columns, channels] = map.shape as [number, number, number, number];
  const padded =
    columns === width
      ? map
      : tensorflow.pad(map, [
          [0, 0],
          [0, 0],
          [0, width - columns],
          [0, 0],
        ]);
  return tensorflow.reshape(padded, [batch * rows * width, channels]);
}
