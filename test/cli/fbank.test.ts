import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fbankOptions } from '../../src/audio/features/fbank-options.js';
import { readNpy } from '../../src/io/npy.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { close } from '../helpers/close.js';
import { naiveFbank } from '../helpers/oracles/naive-fbank.js';
import { normals } from '../helpers/random-values.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const SAMPLES = Int16Array.from(normals(2000, 'cli fbank', 3000));

/** A folder with a.wav (2000 samples) and short.wav (399). */
function recordings(t: ExecutionContext): string {
  const dir = temporaryFolder(t);
  writeWav16(join(dir, 'a.wav'), SAMPLES, 16000);
  writeWav16(join(dir, 'short.wav'), SAMPLES.subarray(0, 399), 16000);
  return dir;
}

test('writes float32 [frames, 80], Hamming, without dither and mean subtraction', async (t) => {
  const dir = recordings(t);
  const { code, stdout, stderr } = await runCli(['fbank', 'a.wav', '--out', 'a.npy', '--json'], { cwd: dir });
  t.is(code, 0, stderr);
  t.deepEqual(JSON.parse(stdout), { frames: 11, bins: 80, seconds: 0.125 });
  const { dtype, shape, data } = readNpy(join(dir, 'a.npy'));
  t.deepEqual([dtype, shape], ['float32', [11, 80]]);
  close(t, data as Float32Array, naiveFbank(SAMPLES, fbankOptions.parse({})).flat(), 1e-3);
});

test('window, bins and mean subtraction are options', async (t) => {
  const dir = recordings(t);
  const options = ['--window', 'povey', '--bins', '23', '--cmn'];
  const { code, stderr } = await runMain(['fbank', 'a.wav', '--out', 'a.npy', ...options], { cwd: dir });
  t.is(code, 0, stderr);
  const rows = naiveFbank(SAMPLES, fbankOptions.parse({ window: 'povey', bins: 23 }));
  const means = rows[0].map((_, bin) => rows.reduce((sum, row) => sum + row[bin], 0) / rows.length);
  const expected = rows.flatMap((row) => row.map((value, bin) => value - means[bin]));
  close(t, readNpy(join(dir, 'a.npy')).data as Float32Array, expected, 1e-3);
});

test('dither changes a little, and is the same at every run', async (t) => {
  const dir = recordings(t);
  for (const [name, dither] of [
    ['plain', '0'],
    ['first', '1'],
    ['second', '1'],
  ]) {
    const { code, stderr } = await runMain(['fbank', 'a.wav', '--out', `${name}.npy`, '--dither', dither], {
      cwd: dir,
    });
    t.is(code, 0, stderr);
  }
  const [plain, first, second] = ['plain', 'first', 'second'].map(
    (name) => readNpy(join(dir, `${name}.npy`)).data as Float32Array,
  );
  t.deepEqual(first, second);
  t.notDeepEqual(first, plain);
  const errors = plain.map((value, i) => Math.abs(value - first[i]));
  t.true(errors.reduce((sum, error) => sum + error) / errors.length < 0.01);
});

test('what the user can mend ends with code 2, says what to do and writes nothing', async (t) => {
  const dir = recordings(t);
  for (const [args, message] of [
    [['short.wav'], /short\.wav: 399 samples are too few/],
    [['missing.wav'], /missing\.wav does not exist/],
    [
      ['a.wav', '--dither', 'much'],
      /--dither <amount>' argument 'much' is invalid\. It must be a number of at least 0/,
    ],
    [['a.wav', '--bins', '500'], /500 mel bins are too many/],
    [['a.wav', '--window', 'hann'], /hamming, povey/],
  ] as const) {
    const { code, stderr } = await runMain(['fbank', ...args, '--out', 'x.npy'], { cwd: dir });
    t.is(code, 2);
    t.regex(stderr, message);
  }
  t.deepEqual(readdirSync(dir).sort(), ['a.wav', 'short.wav']);
});
