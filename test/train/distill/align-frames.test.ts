import test from 'ava';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { UserError } from '../../../src/errors.js';
import { createScope } from '../../../src/nn/scope.js';
import { layerOutputs } from '../../../src/nn/taps.js';
import { alignFrames } from '../../../src/train/distill/align-frames.js';
import { framePeriodMs } from '../../../src/train/frame-period.js';
import { close } from '../../helpers/close.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { plain } from '../../helpers/training/open-loss.js';

const BINS = 6;

test('frames of padded and of unpadded convolutions with the same weights are the same, once aligned', async (t) => {
  const options = { width: 8, embeddingSize: 4 };
  const [padded, unpadded] = await Promise.all(
    ['same', 'valid'].map((padding) => backboneOf('xvector', { ...options, padding }, BINS)),
  );
  await withSession(async (session) => {
    const networks = [padded, unpadded].map((build, i) => build(createScope(session, `network${i}`, 1)));
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => {
      const maps = networks.map((network, i) => {
        const map = layerOutputs(network, x, { training: false }).get('frames')!;
        return { name: `network ${i}`, map, periodMs: framePeriodMs(map.shape[1]!, 40, 10) };
      });
      const [first, second] = alignFrames(maps);
      return { first, second };
    });
    const { first, second } = await run({ x: normalTensor([2, 40, BINS], 'x') });
    t.deepEqual(first.shape, [2, 26, 23]);
    close(t, plain(first), plain(second), 1e-5, 'frames');
  });
});

test('of a faster network as many frames are averaged as fall on one of the slower, in the middle', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => {
      const slow = { name: 'slow', map: tf.zeros([1, 3, 2]) as Tensor, periodMs: 20 };
      const [fast, other] = alignFrames([{ name: 'fast', map: x, periodMs: 10 }, slow]);
      return { fast, other };
    });
    const x = normalTensor([1, 9, 2], 'x');
    const { fast, other } = await run({ x });
    // Nine frames hold four pairs; of these the first three.
    const frame = (i: number, k: number) => (plain(x)[2 * i + k] + plain(x)[2 * (i + 1) + k]) / 2;
    close(
      t,
      plain(fast),
      [0, 2, 4].flatMap((i) => [frame(i, 0), frame(i, 1)]),
      1e-6,
      'pairs',
    );
    t.deepEqual(other.shape, [1, 3, 2]);
  });
});

test('the rate of a layer follows from its frames, whatever is lost at the ends', (t) => {
  for (const [stride, features, lost] of [
    [1, 200, 0],
    [1, 200, 14],
    [1, 40, 14],
    [2, 199, 0],
    [3, 200, 0],
    [8, 198, 0],
    [8, 16, 0],
  ])
    t.is(framePeriodMs(Math.ceil(features / stride) - lost, features, 10), 10 * stride, `${stride} of ${features}`);
});

test('rates of which none is a whole part of the other are refused', async (t) => {
  await withSession((session) => {
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => {
      const [y] = alignFrames([
        { name: "the student's 'frames'", map: x, periodMs: 10 },
        { name: "teacher 'a's 'frames'", map: x, periodMs: 15 },
      ]);
      return { y };
    });
    t.throws(() => run.trace({ x: normalTensor([1, 6, 2], 'x') }), {
      instanceOf: UserError,
      message:
        /Frames of the student's 'frames' follow each other every 10 ms, those of teacher 'a's 'frames' every 15 ms: .*Compare pooled/,
    });
  });
});
