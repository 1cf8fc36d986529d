import test from 'ava';
import { timeSums, weightedTimeSums } from '../../../../src/engine/ops/time/moments.js';
import { timeSoftmax } from '../../../../src/engine/ops/time/softmax.js';
import { type Tensor, tf } from '../../../../src/engine/tf.js';
import { close } from '../../../helpers/close.js';
import { checkGradients } from '../../../helpers/finite-differences.js';
import { normalTensor } from '../../../helpers/random-values.js';
import { withSession } from '../../../helpers/session.js';

const [BATCH, FRAMES, CHANNELS] = [2, 5, 3];
const x = normalTensor([BATCH, FRAMES, CHANNELS], 'x');
const scores = normalTensor([BATCH, FRAMES, CHANNELS], 'scores');
const oneScore = normalTensor([BATCH, FRAMES, 1], 'one score');

/** Both outputs count, each with another share. */
const both = ({ mean, squares }: { mean: Tensor; squares: Tensor }): Tensor =>
  tf.concat([tf.sin(mean), tf.square(squares)], 1);

test('mean and sum of squares over time are those of loops', async (t) => {
  const { mean, squares } = await withSession((session) =>
    session.compile('sums', ({ x }) => ({ ...timeSums(x) }))({ x }),
  );
  const values = x.data as Float32Array;
  const at = (row: number, frame: number, channel: number) => values[(row * FRAMES + frame) * CHANNELS + channel];
  const expected = { mean: [] as number[], squares: [] as number[] };
  for (let row = 0; row < BATCH; row++) {
    for (let channel = 0; channel < CHANNELS; channel++) {
      let [sum, square] = [0, 0];
      for (let frame = 0; frame < FRAMES; frame++) sum += at(row, frame, channel) / FRAMES;
      for (let frame = 0; frame < FRAMES; frame++) square += (at(row, frame, channel) - sum) ** 2;
      expected.mean.push(sum);
      expected.squares.push(square);
    }
  }
  close(t, mean.data as Float32Array, expected.mean, 1e-6);
  close(t, squares.data as Float32Array, expected.squares, 1e-6);
});

test('their gradient by finite differences, of both and of one of them', async (t) => {
  await checkGradients(t, { x }, ({ x }) => both(timeSums(x)));
  await checkGradients(t, { x }, ({ x }) => tf.square(timeSums(x).squares));
});

for (const [what, given] of [
  ['each channel', scores],
  ['all channels', oneScore],
] as const) {
  test(`gradients of weighted sums, with weights for ${what}, by finite differences`, async (t) => {
    await checkGradients(t, { x, scores: given }, ({ x, scores }) => both(weightedTimeSums(x, timeSoftmax(scores))));
  });
}

test('the softmax over time has its gradient, and the weights of a row sum to 1', async (t) => {
  await checkGradients(t, { scores }, ({ scores }) => tf.square(timeSoftmax(scores)));
  const { sums } = await withSession((session) =>
    session.compile('softmax', ({ scores }) => ({ sums: tf.sum(timeSoftmax(scores), 1) }))({ scores }),
  );
  close(t, sums.data as Float32Array, new Float32Array(BATCH * CHANNELS).fill(1), 1e-6);
});
