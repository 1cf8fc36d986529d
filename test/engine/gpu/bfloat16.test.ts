import test from 'ava';
import { DT } from '../../../src/engine/graph/data-types.js';
import { conv2d } from '../../../src/engine/ops/conv2d.js';
import { toFloat32 } from '../../../src/engine/raw.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { withGpuTracing } from '../../helpers/gpu/run-places.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const x = normalTensor([2, 7, 9, 3], 'x');
const filter = normalTensor([3, 3, 3, 4], 'filter');
const GEOMETRIES = [
  { stride: [2, 2], pad: [1, 1] },
  { stride: [1, 2], pad: [1, 1] },
  { stride: [1, 1], pad: [2, 0] },
] as const;

/** A padded convolution of noise and its gradients. */
const convolved = ({ stride, pad }: (typeof GEOMETRIES)[number]) => {
  const conv = (x: Tensor, filter: Tensor) => conv2d(x, filter, { stride: [...stride], pad: [...pad] });
  return ({ x, filter }: Record<string, Tensor>) => {
    const [ofInput, ofFilter] = tf.grads((x: Tensor, filter: Tensor) => tf.sum(tf.square(conv(x, filter))))([
      x,
      filter,
    ]);
    return { y: toFloat32(conv(x, filter)), ofInput: toFloat32(ofInput), ofFilter: toFloat32(ofFilter) };
  };
};

for (const geometry of GEOMETRIES)
  test(`a convolution with ${JSON.stringify(geometry)} computes in bfloat16 on a GPU, and is that of float32 up to its rounding`, async (t) => {
    const narrow = await withGpuTracing(
      async (session) => {
        const values = await session.compile('f', convolved(geometry))({ x, filter });
        const types = session.graph.operations
          .filter(({ type }) => type.startsWith('Conv2D'))
          .map(({ outputs }) => outputs[0].dataType);
        t.true(types.length >= 4);
        t.deepEqual([...new Set(types)], [DT.BFLOAT16]);
        return values;
      },
      { compute: 'bfloat16' },
    );
    const wide = await withSession((session) => session.compile('f', convolved(geometry))({ x, filter }));
    for (const name of ['y', 'ofInput', 'ofFilter'] as const) {
      const difference = distance(narrow[name], wide[name]);
      t.true(difference > 0 && difference < 0.01, `${name}: ${difference}`);
    }
  });

/** As a share of the second one's norm; bfloat16 has 8 bits of mantissa. */
function distance(a: HostTensor, b: HostTensor): number {
  const [one, other] = [a.data as Float32Array, b.data as Float32Array];
  return Math.hypot(...one.map((value, i) => value - other[i])) / Math.hypot(...other);
}
