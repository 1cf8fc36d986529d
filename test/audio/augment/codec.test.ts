import { readFileSync } from 'node:fs';
import test from 'ava';
import { codecOptions, overTelephone, telephoneOptions, throughCodec } from '../../../src/audio/augment/codec.js';
import { quantise } from '../../../src/audio/augment/quantise.js';
import { normals } from '../../helpers/random-values.js';
import { changed, decibels, difference, powerOf } from '../../helpers/rows.js';

const { g711 } = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/augment/augment.json', import.meta.url), 'utf8'),
) as { g711: Record<'samples' | 'mu' | 'a', number[]> };

const RATE_HZ = 16000;
const sine = (hz: number, samples = 8000, level = 8000) =>
  Float32Array.from({ length: samples }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / RATE_HZ));
const middle = (row: Float32Array) => row.subarray(1000, row.length - 1000);
const fallOf = (before: Float32Array, after: Float32Array) =>
  decibels(powerOf(middle(after)) / powerOf(middle(before)));

for (const [law, expected] of [
  ['mu-law', g711.mu],
  ['a-law', g711.a],
] as const) {
  test(`${law} is G.711's`, async (t) => {
    const [read] = await changed([Float32Array.from(g711.samples)], (x) => quantise(x, law));
    const wrong = g711.samples.filter((_, i) => read[i] !== expected[i]);
    t.deepEqual(wrong, [], `${wrong.map((x) => `${x}: ${read[g711.samples.indexOf(x)]}`)}`);
  });
}

test('samples beyond int16 are limited, in every law', async (t) => {
  for (const law of ['mu-law', 'a-law', 'linear'] as const) {
    const [read] = await changed([Float32Array.of(1e6, -1e6, 0, 0.4)], (x) => quantise(x, law));
    t.true(
      read.every((value) => Math.abs(value) <= 32767),
      `${law}: ${read}`,
    );
    t.true(read[0] > 31000 && read[1] < -31000 && Math.abs(read[2]) <= 128, `${law}: ${read}`);
  }
});

test('linear 8 bits err evenly over a step of 256', async (t) => {
  const row = normals(4000, 'x', 5000);
  const [read] = await changed([row], (x) => quantise(x, 'linear'));
  const error = difference(read, row);
  t.true(error.every((value) => Math.abs(value) <= 128));
  t.true(Math.abs(powerOf(error) / (256 ** 2 / 12) - 1) < 0.1);
});

test('a low rate keeps what is below half of it, in place, and takes the rest', async (t) => {
  const rows = [500, 3000, 3600, 4100, 6000].map((hz) => sine(hz));
  for (const rateHz of [8000, 11025]) {
    const options = codecOptions.parse({ ratesHz: [rateHz], laws: { none: 1 } });
    const heard = await changed(rows, (wave) => throughCodec(wave, options, 'c'));
    rows.forEach((row, i) => {
      const hz = [500, 3000, 3600, 4100, 6000][i];
      if (hz < 0.46 * rateHz) t.true(powerOf(middle(difference(heard[i], row))) < 1e-5 * powerOf(row), `${hz} Hz`);
      else if (hz > 0.5 * rateHz) t.true(fallOf(row, heard[i]) < -40, `${hz} Hz: ${fallOf(row, heard[i])} dB`);
    });
  }
});

test('mu-law at 8000 Hz leaves the noise that 8 bits leave', async (t) => {
  const row = sine(800);
  const options = codecOptions.parse({ ratesHz: [8000], laws: { 'mu-law': 1 } });
  const [heard] = await changed([row], (wave) => throughCodec(wave, options, 'c'));
  const ratio = -fallOf(row, difference(heard, row));
  // ITU-T G.712 asks for 33 dB and more; the half band above 4000 Hz stays empty.
  t.true(ratio > 33 && ratio < 45, `${ratio} dB`);
});

test('a telephone passes 300 to 3400 Hz', async (t) => {
  const hertz = [60, 1000, 2000, 5000, 7000];
  const rows = hertz.map((hz) => sine(hz));
  const heard = await changed(rows, (wave) => overTelephone(wave, telephoneOptions.parse({}), 'p'));
  const falls = rows.map((row, i) => fallOf(row, heard[i]));
  t.true(falls[0] < -20 && falls[3] < -25 && falls[4] < -25, `${falls}`);
  t.true(Math.abs(falls[1]) < 1 && Math.abs(falls[2]) < 2, `${falls}`);
});

test('silence stays quiet, and rows draw for themselves', async (t) => {
  const rows = [new Float32Array(800), ...Array.from({ length: 12 }, () => normals(800, 'same', 2000))];
  const [silent, ...others] = await changed(rows, (wave) => throughCodec(wave, codecOptions.parse({}), 'c'));
  t.true(
    silent.every((value) => Math.abs(value) <= 160),
    'the lowest step of 8 bits',
  );
  t.true(new Set(others.map((row) => row.join())).size >= 6);
});

test('options that name no way are refused', (t) => {
  t.false(codecOptions.safeParse({ laws: {} }).success);
  t.false(codecOptions.safeParse({ laws: { 'mu-law': 0 } }).success);
  t.false(codecOptions.safeParse({ laws: { mp3: 1 } }).success);
  t.false(telephoneOptions.safeParse({ lowHz: [400, 200] }).success);
});
