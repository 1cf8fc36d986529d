import { readFileSync } from 'node:fs';
import test from 'ava';
import { drawRoom, imageResponse, roomResponse } from '../../../src/audio/augment/room.js';
import { alignResponse } from '../../../src/audio/augment/room-align.js';
import type { Room } from '../../../src/audio/augment/room-images.js';
import { createRng } from '../../../src/random.js';
import { powerOf } from '../../helpers/rows.js';

const { room } = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/augment/augment.json', import.meta.url), 'utf8'),
) as { room: Omit<Room, 'rt60Seconds'> & { reflection: number; response: number[] } };

/** Binomial low-pass. */
function smooth(x: ArrayLike<number>): number[] {
  const once = (row: readonly number[]) =>
    row.map((value, i) => ((row[i - 1] ?? 0) + 2 * value + (row[i + 1] ?? 0)) / 4);
  return once(once(Array.from(x)));
}

test("the response is the image method's", (t) => {
  const { reflection, response, ...geometry } = room;
  const ours = imageResponse({ ...geometry, rt60Seconds: 1 }, reflection, response.length);
  // Arrivals stand on a grid of an eighth of a sample, and the resampler's band ends below the Nyquist frequency: compared below it.
  const [low, expected] = [ours, response].map(smooth);
  const share = powerOf(low.map((value, i) => value - expected[i])) / powerOf(expected);
  t.true(share < 0.005, `${share}`);
  const peak = (x: ArrayLike<number>) =>
    Array.from(x, Math.abs).reduce((best, value, i, all) => (value > all[best] ? i : best), 0);
  t.is(peak(ours), peak(response));
});

/** T20: Schroeder's integral over the samples themselves, from -5 to -25 dB. */
function measuredSeconds(response: Float32Array): number {
  const left = Float64Array.from(response, (value) => value * value);
  for (let i = left.length - 2; i >= 0; i--) left[i] += left[i + 1];
  const at = (db: number) => left.findIndex((energy) => 10 * Math.log10(energy / left[0]) < db) / 16000;
  return 3 * (at(-25) - at(-5));
}

test('rooms reverberate as long as they are asked to', (t) => {
  const rng = createRng('rooms');
  for (const rt60 of [0.2, 0.3, 0.45, 0.6]) {
    const drawn = drawRoom(rng.fork(rt60), [rt60, rt60]);
    const measured = measuredSeconds(roomResponse(drawn, 12000));
    t.true(Math.abs(measured / rt60 - 1) < 0.2, `${measured} s instead of ${rt60}`);
  }
});

test('drawn rooms hold their source and microphone, apart from each other and the walls', (t) => {
  const rng = createRng('many');
  for (let i = 0; i < 200; i++) {
    const { sizeM, sourceM, microphoneM, rt60Seconds } = drawRoom(rng, [0.2, 0.8]);
    for (const place of [sourceM, microphoneM]) t.true(place.every((x, axis) => x >= 0.3 && x <= sizeM[axis] - 0.3));
    t.true(Math.hypot(...sourceM.map((x, axis) => x - microphoneM[axis])) >= 0.3);
    t.true(rt60Seconds >= 0.2 && rt60Seconds < 0.8);
  }
});

test('a response is aligned at its direct path and has unit energy', (t) => {
  const response = new Float32Array(400);
  // A quiet sound before, the direct path with its rise, and a stronger reflection.
  for (const [at, value] of [
    [20, 0.1],
    [99, 0.5],
    [100, 0.8],
    [101, 0.3],
    [160, -1],
  ])
    response[at] = value;
  const aligned = alignResponse(response, 100);
  t.is(aligned.length, 100);
  t.true(Math.abs(powerOf(aligned) * 100 - 1) < 1e-6);
  t.true(Math.abs(aligned[60] / aligned[0] + 1 / 0.8) < 1e-6);
  t.true(aligned[1] > 0 && aligned[2] === 0);
  const short = alignResponse(Float32Array.of(0, -0.5), 4);
  t.deepEqual([...short], [-1, 0, 0, 0]);
  t.throws(() => alignResponse(new Float32Array(10), 4), { message: /silent/ });
});

test('a simulated room begins with its direct path', (t) => {
  const drawn = drawRoom(createRng(4), [0.3, 0.3]);
  const aligned = alignResponse(roomResponse(drawn, 8512), 8000);
  const largest = aligned.reduce((best, value, i) => (Math.abs(value) > Math.abs(aligned[best]) ? i : best), 0);
  t.true(largest < 16 * 20);
  t.true(Math.abs(aligned[0]) >= 0.5 * Math.abs(aligned[largest]));
});
