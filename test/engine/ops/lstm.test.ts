import test from 'ava';
import { lstm } from '../../../src/engine/ops/lstm.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { close } from '../../helpers/close.js';
import { checkGradients } from '../../helpers/finite-differences.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const [TIME, ROWS, INPUTS, UNITS] = [5, 3, 4, 2];

const values = {
  x: normalTensor([TIME, ROWS, INPUTS], 'x'),
  input: normalTensor([INPUTS, 4 * UNITS], 'input'),
  recurrent: normalTensor([UNITS, 4 * UNITS], 'recurrent'),
  bias: normalTensor([4 * UNITS], 'bias'),
};
const layer = ({ x, input, recurrent, bias }: Record<string, Tensor>) => lstm(x, { input, recurrent, bias });
const numbers = ({ data }: HostTensor) => data as Float32Array;
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

/** The equations of Gers et al. (2000) without peepholes, one number after the other. */
function naive(): number[] {
  const outputs: number[] = [];
  let cells: number[][] = Array.from({ length: ROWS }, () => new Array(UNITS).fill(0));
  let states: number[][] = cells;
  const column = (row: number, step: number, at: number) => {
    let sum = numbers(values.bias)[at];
    for (let i = 0; i < INPUTS; i++)
      sum += numbers(values.x)[(step * ROWS + row) * INPUTS + i] * numbers(values.input)[i * 4 * UNITS + at];
    for (let i = 0; i < UNITS; i++) sum += states[row][i] * numbers(values.recurrent)[i * 4 * UNITS + at];
    return sum;
  };
  for (let step = 0; step < TIME; step++) {
    const next = cells.map((cell, row) =>
      cell.map((before, unit) => {
        const gate = (number: number) => column(row, step, number * UNITS + unit);
        const [input, forget, candidate, output] = [0, 1, 2, 3].map(gate);
        const state = sigmoid(forget) * before + sigmoid(input) * Math.tanh(candidate);
        return { state, output: sigmoid(output) * Math.tanh(state) };
      }),
    );
    cells = next.map((row) => row.map(({ state }) => state));
    states = next.map((row) => row.map(({ output }) => output));
    outputs.push(...states.flat());
  }
  return outputs;
}

for (const compute of ['float32', 'bfloat16'] as const) {
  test(`outputs are those of the equations, in float32 under ${compute} compute`, async (t) => {
    await withSession(
      async (session) => {
        const run = session.compile('lstm', (tensors: Record<string, Tensor>) => ({ y: layer(tensors) }));
        const { y } = await run(values);
        t.deepEqual(y.shape, [TIME, ROWS, UNITS]);
        close(t, numbers(y), naive(), 1e-5);
      },
      { compute },
    );
  });
}

test('gradients by finite differences', (t) =>
  checkGradients(t, values, (tensors) => tf.square(layer(tensors)), { samples: 40 }));
