import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { int32 } from '../../src/host-tensor.js';
import { mirroredTime } from '../../src/nn/mirrored-time.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [BATCH, TIME, CHANNELS, AMOUNT] = [3, 6, 2, 2];
const x = normalTensor([BATCH, TIME, CHANNELS], 'x');

/** Frames of a row as they stand on both sides of a mirror at its first and its last frame. */
function mirrored(row: number, length: number): number[] {
  const values: number[] = [];
  for (let place = -AMOUNT; place < length + AMOUNT; place++) {
    const there = place < 0 ? -place : place >= length ? 2 * (length - 1) - place : place;
    for (let c = 0; c < CHANNELS; c++) values.push((x.data as Float32Array)[(row * TIME + there) * CHANNELS + c]);
  }
  return values;
}

const run = (lengths?: number[]) =>
  withSession(async (session) => {
    const compiled = session.compile('mirror', ({ x, lengths }: Record<string, Tensor>) => ({
      y: mirroredTime(x, AMOUNT, { training: false, lengths }),
    }));
    const { y } = await compiled(lengths ? { x, lengths: int32(lengths) } : { x });
    if (y.shape.join() !== [BATCH, TIME + 2 * AMOUNT, CHANNELS].join()) throw new Error(`shape [${y.shape}]`);
    const width = (TIME + 2 * AMOUNT) * CHANNELS;
    return Array.from({ length: BATCH }, (_, row) => [
      ...(y.data as Float32Array).subarray(row * width, (row + 1) * width),
    ]);
  });

test('rows are mirrored at their ends', async (t) => {
  const rows = await run();
  for (const [i, row] of rows.entries()) t.deepEqual(row, mirrored(i, TIME));
});

test('rows that are padded are mirrored at the last frame of their own', async (t) => {
  const lengths = [4, TIME, 3];
  const rows = await run(lengths);
  rows.forEach((row, i) => {
    const expected = mirrored(i, lengths[i]);
    t.deepEqual(row.slice(0, expected.length), expected);
  });
});

test('a row of one frame repeats it', async (t) => {
  const [row] = await run([1, 4, 4]);
  const [first, second] = x.data as Float32Array;
  t.deepEqual(row.slice(0, 10), [first, second, first, second, first, second, first, second, first, second]);
});

test('gradients by finite differences', async (t) => {
  await checkGradients(t, { x }, ({ x }) => mirroredTime(x, AMOUNT, { training: true }));
  const lengths = int32([4, TIME, 3]);
  await checkGradients(t, { x, lengths }, ({ x, lengths }) => mirroredTime(x, AMOUNT, { training: false, lengths }));
});
