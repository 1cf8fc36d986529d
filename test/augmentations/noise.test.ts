import test from 'ava';
import { addNoise, babble, noiseOptions } from '../../src/augmentations/noise.js';
import { tinyBank } from '../helpers/corpora/tiny-bank.js';
import { normals } from '../helpers/random-values.js';
import { changed, decibels, difference, powerOf } from '../helpers/rows.js';

const SAMPLES = 2000;
const pcm = (blocks: number, seed: string) => Int16Array.from(normals(blocks * 160, seed, 700));
const speech = (seed: string) => normals(SAMPLES, seed, 1500).map((value, i) => value * (1 + Math.sin(i / 300)));
const only = (kind: 'noise' | 'speech' | 'music', options: object) =>
  noiseOptions.parse({
    ...Object.fromEntries(['noise', 'speech', 'music'].map((other) => [other, { weight: 0 }])),
    [kind]: options,
  });

test('noise stands in exactly the ratio asked, whatever its length', async (t) => {
  const rows = [speech('a'), speech('b'), speech('c'), speech('d')];
  for (const blocks of [1, 5, 40]) {
    const bank = tinyBank(t, { noise: [pcm(blocks, 'x'), pcm(blocks, 'y')] });
    for (const snrDb of [0, 7, 20]) {
      const noisy = await changed(rows, (wave) => addNoise(wave, bank, only('noise', { snrDb: [snrDb, snrDb] }), 'n'));
      rows.forEach((row, i) => {
        const measured = decibels(powerOf(row) / powerOf(difference(noisy[i], row)));
        t.true(Math.abs(measured - snrDb) < 0.01, `${measured} dB instead of ${snrDb}`);
      });
    }
  }
});

test('ratios fill their range', async (t) => {
  const bank = tinyBank(t, { music: [pcm(40, 'x')] });
  const rows = Array.from({ length: 200 }, (_, i) => normals(320, `r${i}`, 1000));
  const noisy = await changed(rows, (wave) => addNoise(wave, bank, only('music', {}), 'n'));
  const ratios = rows
    .map((row, i) => decibels(powerOf(row) / powerOf(difference(noisy[i], row))))
    .sort((a, b) => a - b);
  t.true(
    ratios[0] >= 4.99 && ratios[0] < 5.5 && ratios[199] <= 15.01 && ratios[199] > 14.5,
    `${ratios[0]}, ${ratios[199]}`,
  );
  t.true(Math.abs(ratios[100] - 10) < 1.2, `median ${ratios[100]}`);
});

test('an excerpt is a piece of one recording from a whole block on, and repeats where that is short', async (t) => {
  // Sample k of recording r is 1000 r + k + 1.
  const counted = (recording: number, blocks: number) =>
    Int16Array.from({ length: blocks * 160 }, (_, k) => 1000 * recording + k + 1);
  const bank = tinyBank(t, { speech: [pcm(3, 'other')], noise: [counted(0, 2), counted(10, 20)] });
  const rows = Array.from({ length: 64 }, () => new Float32Array(900).fill(1000));
  const noisy = await changed(rows, (wave) => addNoise(wave, bank, only('noise', {}), 'n'));
  const starts = new Set<number>();
  noisy.forEach((row) => {
    const added = row.map((value) => value - 1000);
    // The excerpt is known but for its scale: neighbours in a block differ by one unit.
    const unit = (added[159] - added[0]) / 159;
    const first = Math.round(added[0] / unit);
    const [recording, blocks] = first > 5000 ? [10, 20] : [0, 2];
    const start = first - 1000 * recording - 1;
    t.is(start % 160, 0);
    starts.add(first);
    const expected = added.map((_, k) => (1000 * recording + ((start + k) % (blocks * 160)) + 1) * unit);
    t.true(added.every((value, k) => Math.abs(value - expected[k]) < 2e-3 * Math.abs(expected[k])));
  });
  const short = [...starts].filter((first) => first < 5000).length;
  t.true(short === 2 && starts.size > 10, `${[...starts]}`);
});

test('silence on either side adds nothing', async (t) => {
  const silent = new Float32Array(SAMPLES);
  const bank = tinyBank(t, { noise: [pcm(40, 'x')] });
  const [kept] = await changed([silent], (wave) => addNoise(wave, bank, only('noise', {}), 'n'));
  t.true(
    kept.every((value) => Math.abs(value) < 1e-3),
    'a silent row stays (all but) silent',
  );
  const quiet = tinyBank(t, { noise: [new Int16Array(1600)] });
  const rows = [speech('a'), silent];
  t.deepEqual(await changed(rows, (wave) => addNoise(wave, quiet, only('noise', {}), 'n')), rows);
});

test('a babble adds 3 to 8 recordings, each in its own ratio', async (t) => {
  // Recordings that do not overlap in time: each row's blocks tell which were added, and how loud.
  const rows = Array.from({ length: 60 }, (_, i) => normals(1600, `r${i}`, 1000));
  const click = (block: number) => Int16Array.from({ length: 1600 }, (_, k) => (k >> 5 === block ? 3000 : 0));
  const recordings = Array.from({ length: 50 }, (_, block) => click(block));
  const bank = tinyBank(t, { speech: recordings });
  const options = noiseOptions.parse({ ...babble, noise: { weight: 0 }, music: { weight: 0 } });
  const noisy = await changed(rows, (wave) => addNoise(wave, bank, options, 'n'));
  const counts = new Set<number>();
  rows.forEach((row, i) => {
    const added = difference(noisy[i], row);
    const loud = Array.from({ length: 50 }, (_, block) => powerOf(added.subarray(32 * block, 32 * block + 32)) / 50);
    const heard = loud.filter((power) => power > 1);
    counts.add(heard.length);
    t.true(heard.length >= 1 && heard.length <= 8);
    const ratios = heard.map((power) => decibels(powerOf(row) / power));
    // Two of the same recording add up to at most 6 dB more, three to 9.5.
    t.true(
      ratios.every((ratio) => ratio <= 20.01 && ratio >= 13 - 9.6),
      `${ratios}`,
    );
  });
  t.true(Math.max(...counts) >= 7 && Math.min(...counts) <= 3, `${[...counts]}`);
});

test('kinds are drawn by weight, and those that are missing are passed over', async (t) => {
  const constant = (value: number) => [new Int16Array(320).fill(value)];
  const bank = tinyBank(t, {
    noise: constant(1),
    music: [Int16Array.from({ length: 320 }, (_, i) => (i % 2 ? 1 : -1))],
  });
  const rows = Array.from({ length: 40 }, () => new Float32Array(320).fill(100));
  const noisy = await changed(rows, (wave) => addNoise(wave, bank, noiseOptions.parse({ noise: { weight: 3 } }), 'n'));
  const flat = noisy.filter((row) => row[0] === row[1]).length;
  t.is(flat, 30);
  const none = changed(rows, (wave) => addNoise(wave, bank, only('speech', {}), 'n'));
  await t.throwsAsync(none, { message: /none of the kinds/ });
});
