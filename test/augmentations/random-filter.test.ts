import test from 'ava';
import { randomFilter, randomFilterOptions } from '../../src/augmentations/random-filter.js';
import { changed, decibels, powerOf } from '../helpers/rows.js';

const RATE_HZ = 16000;
const NONE = { weight: 0 };
const OFF = { lowPass: NONE, highPass: NONE, bandStop: NONE, equaliser: NONE };
const optionsOf = (given: object) => randomFilterOptions.parse({ ...OFF, ...given });
const sine = (hz: number) =>
  Float32Array.from({ length: 16000 }, (_, i) => 1000 * Math.sin((2 * Math.PI * hz * i) / RATE_HZ));

/** Gain in dB at each frequency, each on a row of its own. */
async function gainsOf(hertz: number[], given: object): Promise<number[]> {
  const rows = hertz.map(sine);
  const filtered = await changed(rows, (wave) => randomFilter(wave, optionsOf(given), 'f'));
  const inside = (row: Float32Array) => powerOf(row.subarray(4000, 12000));
  return rows.map((row, i) => decibels(inside(filtered[i]) / inside(row)));
}

test('low-pass and high-pass fall as Butterworth filters', async (t) => {
  const hertz = [100, 500, 1000, 2000, 4000, 7000];
  for (const [kind, sign] of [
    ['lowPass', 1],
    ['highPass', -1],
  ] as const) {
    const gains = await gainsOf(hertz, { [kind]: { hz: [1000, 1000], dbPerOctave: [24, 24] } });
    const order = 24 / (20 * Math.log10(2));
    hertz.forEach((hz, i) => {
      const expected = -10 * Math.log10(1 + (hz / 1000) ** (2 * sign * order));
      t.true(Math.abs(gains[i] - Math.max(expected, -70)) < 1.5 || gains[i] < -60, `${kind} at ${hz}: ${gains[i]} dB`);
    });
  }
});

test('band-stop takes out a band as wide as stated', async (t) => {
  const width = 0.1;
  const bandStop = { bands: [1, 1], hz: [2000, 2000], width };
  // A tenth of 8000 Hz; at its edges half the amplitude is left.
  const gains = await gainsOf([1000, 2000 - 400, 2000, 2000 + 400, 3000], { bandStop });
  t.true(Math.abs(gains[0]) < 0.2 && Math.abs(gains[4]) < 0.2, `${gains}`);
  t.true(gains[2] < -40, `${gains}`);
  t.true(Math.abs(gains[1] + 6) < 0.3 && Math.abs(gains[3] + 6) < 0.3, `${gains}`);
});

test('the equaliser stays in its range and rows differ', async (t) => {
  const gains = await gainsOf(new Array(30).fill(1000), { equaliser: { rangeDb: 9 } });
  t.true(gains.every((gain) => Math.abs(gain) < 9.2) && Math.max(...gains) - Math.min(...gains) > 6, `${gains}`);
});

test('kinds are drawn by weight, and weights of zero keep a kind out', async (t) => {
  const far = { dbPerOctave: [48, 48] };
  const gains = await gainsOf(new Array(200).fill(1000), {
    lowPass: { weight: 3, hz: [100, 100], ...far },
    highPass: { weight: 1, hz: [20, 20], ...far },
  });
  const low = gains.filter((gain) => gain < -50).length;
  t.true(Math.abs(low - 150) < 25, `${low}`);
  t.true(gains.every((gain) => gain < -50 || Math.abs(gain) < 0.1));
});
