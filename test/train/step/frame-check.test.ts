import test from 'ava';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { UserError } from '../../../src/errors.js';
import type { Scope } from '../../../src/nn/scope.js';
import { withFrameCheck } from '../../../src/train/step/trainer.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { noiseBatch, smallBackbone, smallPretrainer } from '../../helpers/training/small-training.js';

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

test('a pretrainer checks its crops', async (t) => {
  await withSession(async (session) => {
    const backbone = (scope: Scope) => ({ ...smallBackbone(scope), minFrames: 1000 });
    const trainer = smallPretrainer(session, {}, { backbone });
    const values = { rate: 0.01, momentum: 0.9, teacherTemperature: 0.05, lastLayer: 1 };
    await t.throwsAsync(trainer.step(noiseBatch('noise'), 0, values), {
      instanceOf: UserError,
      message: /at least 1000/,
    });
  });
});
