import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { int32 } from '../../src/host-tensor.js';
import { maskTime } from '../../src/nn/pass.js';
import { segmentMeans } from '../../src/nn/pooling.js';
import { close } from '../helpers/close.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [FRAMES, CHANNELS, LENGTH] = [11, 3, 4];
const x = normalTensor([2, FRAMES, CHANNELS], 'x');

/** Means of a row's segments by loops; zeros where a segment has no frame. */
function naive(row: number, frames: number): number[] {
  const value = (frame: number, channel: number) =>
    (x.data as Float32Array)[(row * FRAMES + frame) * CHANNELS + channel];
  return [0, 1, 2].flatMap((segment) => {
    const inside = [...Array(frames).keys()].filter((frame) => Math.floor(frame / LENGTH) === segment);
    return [...Array(CHANNELS).keys()].map(
      (channel) => inside.reduce((sum, frame) => sum + value(frame, channel), 0) / Math.max(inside.length, 1),
    );
  });
}

for (const lengths of [undefined, [9, 4]]) {
  test(`means of segments${lengths ? ' of padded rows' : ''} agree with loops`, async (t) => {
    await withSession(async (session) => {
      const run = session.compile('run', ({ x, lengths }: Record<string, Tensor>) => ({
        y: segmentMeans(maskTime(x, { training: false, lengths }), LENGTH, { training: false, lengths }),
      }));
      const { y } = await run(lengths ? { x, lengths: int32(lengths) } : { x });
      t.deepEqual(y.shape, [2, 3, CHANNELS]);
      const expected = [0, 1].flatMap((row) => naive(row, lengths?.[row] ?? FRAMES));
      close(t, y.data as Float32Array, expected, 1e-5);
    });
  });
}

test('gradients of means of segments', async (t) => {
  await checkGradients(t, { x }, ({ x }) => segmentMeans(x, LENGTH, { training: true }));
});
