import { tensorflow } from '../backend.js';
import { boolAttr, castTo, floatAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import { raw, toFloat32 } from '../raw.js';
import type { Tensor } from '../tf.js';
import { onHost } from '../trace.js';

const ATTRIBUTES = [boolAttr('use_peephole', false)];
/** Cell states are not clipped. */
const FORWARD = [floatAttr('cell_clip', 0), ...ATTRIBUTES];

/** The weights of one layer. Columns are the gates, one beside the other: input, forget, cell, output. */
export interface LstmWeights {
  /** [inputs, 4 units] */
  input: Tensor;
  /** [units, 4 units] */
  recurrent: Tensor;
  /** [4 units] */
  bias: Tensor;
}

/**
 * A layer of long short-term memory over `x` [time, rows, inputs], from a state of zeros: its outputs [time, rows, units]. One operation
 * of TensorFlow for all steps, in float32 whatever the compute type; differentiable in everything.
 *
 * S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 1997, doi:10.1162/neco.1997.9.8.1735; with the forget gate
 * of F. Gers, J. Schmidhuber, F. Cummins, "Learning to Forget: Continual Prediction with LSTM", 2000, doi:10.1162/089976600300015015.
 */
export function lstm(x: Tensor, { input, recurrent, bias }: LstmWeights): Tensor {
  const [units] = recurrent.shape;
  const op = tensorflow.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [sequence, weights, offset] = args as Tensor[];
    const inputs = inputsOf(sequence, weights, offset, units);
    const results = raw('BlockLSTMV2', inputs, FORWARD);
    save([sequence, weights, offset, ...results]);
    return {
      value: results[6],
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [sequence, weights, offset, ...states] = saved;
        const ofCells = tensorflow.zeros(dy.shape);
        const before = inputsOf(sequence, weights, offset, units);
        const gradients = raw('BlockLSTMGradV2', [...before, ...states, ofCells, dy], ATTRIBUTES);
        return [gradients[0], gradients[3], gradients[7]];
      },
    };
  });
  return op(toFloat32(x), tensorflow.concat([input, recurrent], 0), bias);
}

/** The operation's inputs: number of steps, sequence, first states, weights, peepholes (which are not used) and bias. */
function inputsOf(x: Tensor, weights: Tensor, bias: Tensor, units: number): Tensor[] {
  const [steps, rows] = x.shape;
  // There the kernel of a GPU reads it.
  const [count] = onHost(() => raw('Cast', [tensorflow.scalar(steps, 'int32')], castTo(DT.INT64)));
  const state = tensorflow.zeros([rows, units]);
  const peephole = tensorflow.zeros([units]);
  return [count, x, state, state, weights, peephole, peephole, peephole, bias];
}
