import { intAttr, stringAttr } from '../graph/attributes.js';
import { cast, raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace } from '../trace.js';

/** Geometry of a convolution; pairs are [height, width]. */
export interface ConvGeometry {
  stride?: [number, number];
  dilation?: [number, number];
  /** Zeros added on both sides. Default 0. */
  pad?: [number, number];
}

/**
 * 2-D convolution of `x` [batch, height, width, in] with `filter` [fh, fw, in, out] as one operation, whatever the geometry, without a gradient: what
 * is best in inference, here and in other runtimes. Computes in the session's compute type.
 */
export function plainConv2d(x: Tensor, filter: Tensor, geometry: ConvGeometry): Tensor {
  const { stride = [1, 1], dilation = [1, 1], pad = [0, 0] } = geometry;
  const { compute } = currentTrace();
  const [y] = raw(
    'Conv2D',
    [cast(x, compute), cast(filter, compute)],
    [
      intAttr('strides', [1].concat(stride, 1)),
      intAttr('dilations', [1].concat(dilation, 1)),
      intAttr('explicit_paddings', [0, 0, pad[0], pad[0], pad[1], pad[1], 0, 0]),
      stringAttr('padding', 'EXPLICIT'),
      stringAttr('data_format', 'NHWC'),
    ],
  );
  return y;
}
