import test from 'ava';
import { codecOptions, throughCodec } from '../../src/augmentations/codec.js';
import { normals } from '../helpers/random-values.js';
import { changed, decibels, difference, powerOf } from '../helpers/rows.js';

const RATE_HZ = 16000;
const sine = (hz: number, samples = 8000, level = 8000) =>
  Float32Array.from({ length: samples }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / RATE_HZ));
const middle = (row: Float32Array) => row.subarray(1000, row.length - 1000);
const fallOf = (before: Float32Array, after: Float32Array) =>
  decibels(powerOf(middle(after)) / powerOf(middle(before)));

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

test('silence stays quiet, and rows draw for themselves', async (t) => {
  const rows = [new Float32Array(800), ...Array.from({ length: 12 }, () => normals(800, 'same', 2000))];
  const [silent, ...others] = await changed(rows, (wave) => throughCodec(wave, codecOptions.parse({}), 'c'));
  t.true(
    silent.every((value) => Math.abs(value) <= 160),
    'the lowest step of 8 bits',
  );
  t.true(new Set(others.map((row) => row.join())).size >= 6);
});

test('options that name no law are refused', (t) => {
  t.false(codecOptions.safeParse({ laws: {} }).success);
  t.false(codecOptions.safeParse({ laws: { 'mu-law': 0 } }).success);
  t.false(codecOptions.safeParse({ laws: { mp3: 1 } }).success);
});
