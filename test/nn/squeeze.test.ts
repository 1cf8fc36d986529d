import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor, int32, sizeOf } from '../../src/host-tensor.js';
import { splitStreams, squeeze } from '../../src/nn/squeeze.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const run = (x: HostTensor, act: (x: Tensor) => Record<string, Tensor>) =>
  withSession((session) => session.compile('act', ({ x }: Record<string, Tensor>) => act(x))({ x }));

test('a squeeze makes four channels of each 2x2 square, and back', async (t) => {
  const [batch, time, frequency, channels] = [2, 4, 6, 3];
  const shape = [batch, time, frequency, channels];
  const counted = float32(
    Float32Array.from({ length: sizeOf(shape) }).map((_, i) => i),
    shape,
  );
  const { y, back } = await run(counted, (x) => {
    const y = squeeze.forward(x);
    return { y, back: squeeze.inverse(y) };
  });
  t.deepEqual(y.shape, [batch, time / 2, frequency / 2, 4 * channels]);
  t.deepEqual(back, counted);
  const at = (b: number, i: number, j: number, c: number) => ((b * time + i) * frequency + j) * channels + c;
  const [b, i, j] = [1, 1, 2];
  const place = ((b * (time / 2) + i) * (frequency / 2) + j) * 4 * channels;
  const square = [0, 1].flatMap((di) => [0, 1].flatMap((dj) => [0, 1, 2].map((c) => at(b, 2 * i + di, 2 * j + dj, c))));
  t.deepEqual([...(y.data as Float32Array).subarray(place, place + 4 * channels)], square);
});

test('valid lengths behind a squeeze are half, rounded up', async (t) => {
  await withSession(async (session) => {
    const lengths = session.compile('lengths', ({ valid }: Record<string, Tensor>) => ({
      behind: squeeze.pass({ training: true, lengths: valid }).lengths!,
    }));
    t.deepEqual([...(await lengths({ valid: int32([1, 2, 5, 8]) })).behind.data], [1, 1, 3, 4]);
  });
  t.deepEqual(squeeze.pass({ training: true }), { training: true });
});

test('an odd map cannot be squeezed', async (t) => {
  const error = await t.throwsAsync(run(normalTensor([1, 3, 4, 2], 'x'), (x) => ({ y: squeeze.forward(x) })));
  t.regex(error!.message, /even time and frequency, got \[1,3,4,2\]/);
});

test('streams are the two halves of the channels; an odd number has none', async (t) => {
  const { a, b } = await run(float32([0, 1, 2, 3, 4, 5, 6, 7], [2, 1, 1, 4]), (x) => {
    const [a, b] = splitStreams(x);
    return { a, b };
  });
  t.deepEqual([...a.data, ...b.data], [0, 1, 4, 5, 2, 3, 6, 7]);
  const odd = run(normalTensor([1, 2, 2, 5], 'x'), (x) => ({ y: splitStreams(x)[0] }));
  const error = await t.throwsAsync(odd, { instanceOf: UserError });
  t.regex(error!.message, /there are 5\. Give an even width/);
});
