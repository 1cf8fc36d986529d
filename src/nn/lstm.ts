import { lstm } from '../engine/ops/lstm.js';
import type { Tensor } from '../engine/tf.js';
import { glorotUniform } from './initializers.js';
import type { Initializer, Scope } from './scope.js';

/** A layer of long short-term memory, [time, rows, inputs] -> [time, rows, units]; every sequence begins with a state of zeros. */
export function lstmLayer(scope: Scope, { inputs, units }: { inputs: number; units: number }): (x: Tensor) => Tensor {
  const input = scope.child('input').param('weight', [inputs, 4 * units], glorotUniform);
  const recurrent = scope.child('recurrent').param('weight', [units, 4 * units], glorotUniform);
  const bias = scope.param('bias', [4 * units], rememberingBias);
  return (x) => lstm(x, { input: input.read(), recurrent: recurrent.read(), bias: bias.read() });
}

/** Ones for the forget gate, so that a state lasts at first; zeros for the others. */
const rememberingBias: Initializer = ([size]) =>
  Float32Array.from({ length: size }, (_, i) => (Math.floor((4 * i) / size) === 1 ? 1 : 0));
