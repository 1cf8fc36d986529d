import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { withFrameCheck } from '../../src/train/frame-check.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

test('crops that strides would leave nothing of are refused in training, not in extraction', async (t) => {
  await withSession(async (session) => {
    const backbone = withFrameCheck({ embeddingSize: 1, minFrames: 8, embed: (features) => tf.mean(features, 1) });
    const run = (training: boolean, frames: number) =>
      session.compile(`${training}`, ({ x }: Record<string, Tensor>) => ({ y: backbone.embed(x, { training }) }))({
        x: normalTensor([1, frames, 3], 'x'),
      });
    await t.throwsAsync(run(true, 7), { instanceOf: UserError, message: /7 frames.*at least 8/ });
    await t.notThrowsAsync(run(true, 8));
    await t.notThrowsAsync(run(false, 2));
  });
});
