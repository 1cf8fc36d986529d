import { readFileSync } from 'node:fs';
import test from 'ava';
import { changeSpeed, drawSpeeds, speedCropSamples, speedLabels } from '../../../src/audio/augment/speed.js';
import { tf } from '../../../src/engine/tf.js';
import { close } from '../../helpers/close.js';
import { changed } from '../../helpers/rows.js';

const { speed } = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/augment/augment.json', import.meta.url), 'utf8'),
) as { speed: Record<'x' | 'slower' | 'faster', number[]> };

test('each row is played at its speed, as scipy.signal.resample_poly does', async (t) => {
  const x = Float32Array.from(speed.x);
  const index = [0, 1, 2, 1];
  const rows = index.map(() => x);
  const played = await changed(rows, (wave) => changeSpeed(wave, tf.tensor1d(index, 'int32'), 600));
  const expected = [speed.x, speed.slower, speed.faster];
  index.forEach((which, i) => {
    close(t, played[i], expected[which].slice(0, 600), 3e-4, `speed ${which}`);
  });
});

test('a tone comes out higher at a higher speed, and long rows are exact at block edges', async (t) => {
  const samples = 4000;
  const tone = Float32Array.from({ length: speedCropSamples(samples) }, (_, i) => 1000 * Math.sin(0.2 * i));
  const played = await changed([tone, tone], (wave) => changeSpeed(wave, tf.tensor1d([1, 2], 'int32'), samples));
  [0.9, 1.1].forEach((ratio, i) => {
    const inside = played[i].subarray(100, samples - 100);
    const expected = inside.map((_, k) => 1000 * Math.sin(0.2 * ratio * (k + 100)));
    close(
      t,
      inside.map((value) => value / 1000),
      expected.map((value) => value / 1000),
      2e-3,
    );
  });
});

test('crops are long enough for every speed', async (t) => {
  t.is(speedCropSamples(48000), 52800);
  t.is(speedCropSamples(1000, [1, 1.05]), 1050);
  t.is(speedCropSamples(1000, [0.9]), 900);
  t.is(speedCropSamples(1001), 1102);
  const short = changed([new Float32Array(1099)], (wave) => changeSpeed(wave, tf.tensor1d([0], 'int32'), 1000));
  await t.throwsAsync(short, { message: /1099 samples are too short/ });
});

test('a speaker at another speed is another class', (t) => {
  t.deepEqual([...speedLabels(Int32Array.of(0, 4, 2), 5, Int32Array.of(0, 1, 2))], [0, 9, 12]);
});

test('speeds are a pure function of seed and step, each as likely', (t) => {
  t.deepEqual(drawSpeeds(3, 7, 16), drawSpeeds(3, 7, 16));
  t.notDeepEqual(drawSpeeds(3, 8, 16), drawSpeeds(3, 7, 16));
  t.notDeepEqual(drawSpeeds(4, 7, 16), drawSpeeds(3, 7, 16));
  const counts = [0, 0, 0];
  for (const index of drawSpeeds(1, 0, 9000)) counts[index]++;
  for (const count of counts) t.true(Math.abs(count - 3000) < 180, `${counts}`);
});
