import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { heNormal } from '../initializers.js';
import type { Scope } from '../scope.js';

/** The part of an adapter's name that no other variable has. */
const ADAPTER = 'adapter';

/** True for the variables of adapters. */
export const isAdapter = (name: string): boolean => name.split('/').includes(ADAPTER);

/**
 * A scope whose convolutions and dense layers have a residual adapter each: a 1x1 map beside the layer, whose output is added to the layer's,
 * through `rank` channels. As it is linear, it is added to the middle of the layer's kernel instead, which is the same sum in one operation.
 * Its second factor starts at zero, so the network starts as it was, to the bit.
 *
 * S. Rebuffi, H. Bilen, A. Vedaldi, "Efficient Parametrization of Multi-Domain Deep Neural Networks", CVPR 2018, arXiv:1803.10082.
 */
export function withAdapters(scope: Scope, rank: number): Scope {
  return {
    path: scope.path,
    child: (name) => withAdapters(scope.child(name), rank),
    param(name, shape, initial) {
      const weight = scope.param(name, shape, initial);
      if (name !== 'weight' || (shape.length !== 4 && shape.length !== 2)) return weight;
      const [inputs, outputs] = shape.slice(-2);
      const at = scope.child(ADAPTER);
      const down = at.param('down', [inputs, Math.min(rank, inputs, outputs)], heNormal);
      const up = at.param('up', [Math.min(rank, inputs, outputs), outputs], 0);
      return adapted(weight, () => tf.matMul(down.read(), up.read()));
    },
    buffer: (name, shape, initial, dtype) => scope.buffer(name, shape, initial, dtype),
    params: () => scope.params(),
    buffers: () => scope.buffers(),
  };
}

/** A weight [inputs, outputs] or [height, width, inputs, outputs] that is read with `change` [inputs, outputs] at its middle. */
function adapted(weight: Variable, change: () => Tensor): Variable {
  return {
    name: weight.name,
    shape: weight.shape,
    dtype: weight.dtype,
    get handle() {
      return weight.handle;
    },
    read: () => tf.add(weight.read(), inMiddle(change(), weight.shape)),
    assign: (value) => weight.assign(value),
  };
}

function inMiddle(change: Tensor, shape: readonly number[]): Tensor {
  if (shape.length === 2) return change;
  const [height, width] = shape;
  const around = (size: number): [number, number] => {
    const before = Math.floor((size - 1) / 2);
    return [before, size - 1 - before];
  };
  const map = tf.reshape(change, [1, 1, change.shape[0]!, change.shape[1]!]);
  return height === 1 && width === 1 ? map : tf.pad(map, [around(height), around(width), [0, 0], [0, 0]]);
}
