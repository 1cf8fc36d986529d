import test from 'ava';
import { hearRaised } from '../../src/embed/hear-raised.js';

const SECOND = 16000;

/** Rows of lengths, of one value each. */
function batchOf(rows: [length: number, value: number][]) {
  const samples = Math.max(...rows.map(([length]) => length));
  const pcm = new Int16Array(rows.length * samples);
  for (const [row, [length, value]] of rows.entries()) pcm.fill(value, row * samples, row * samples + length);
  const lengths = Int32Array.from(rows, ([length]) => length);
  return { pcm, lengths, rows: rows.length, samples, indices: Int32Array.from(rows.keys()) };
}

test('quiet recordings are raised to -30 dB, loud ones and silence stay as they are', (t) => {
  const { wave, samples } = hearRaised(
    batchOf([
      [SECOND, 100],
      [SECOND, 5000],
      [SECOND, 0],
    ]),
  );
  t.true(Math.abs(20 * Math.log10(wave[0] / 32768) + 30) < 1e-5);
  t.is(wave[samples], 5000);
  t.is(wave[2 * samples], 0);
});

test('a recording shorter than a window is followed by silence to its end', (t) => {
  const { lengths, wave } = hearRaised(batchOf([[SECOND / 2, 5000]]));
  t.deepEqual([...lengths], [1.6 * SECOND]);
  t.deepEqual([wave[SECOND / 2 - 1], wave[SECOND / 2], wave.at(-1)], [5000, 0, 0]);
});

/** Windows as Resemblyzer's compute_partial_slices counts them: 160 frames of 160 samples every 77, the last with three quarters of its samples. */
function reached(samples: number): number {
  const frames = Math.ceil((samples + 1) / 160);
  const starts: number[] = [];
  for (let start = 0; start < Math.max(1, frames - 160 + 77 + 1); start += 77) starts.push(start);
  const last = starts.at(-1)!;
  if (starts.length > 1 && (samples - 160 * last) / (160 * 160) < 0.75) starts.pop();
  return Math.max(samples, 160 * (starts.at(-1)! + 160));
}

test('windows reach over all of a recording, and over what is missing of the last one', (t) => {
  for (let length = 400; length < 6 * SECOND; length += 97) {
    t.is(hearRaised(batchOf([[length, 1]])).lengths[0], reached(length), `${length} samples`);
  }
});

test('a row is the same whatever it is batched with', (t) => {
  const alone = hearRaised(batchOf([[20000, 100]]));
  const together = hearRaised(
    batchOf([
      [20000, 100],
      [90000, 7],
    ]),
  );
  t.is(together.lengths[0], alone.lengths[0]);
  t.true(together.samples >= together.lengths[1]);
  t.deepEqual(together.wave.subarray(0, alone.samples), alone.wave);
});
