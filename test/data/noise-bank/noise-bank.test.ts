import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildNoiseBank, inBlocks } from '../../../src/data/noise-bank/build.js';
import { openNoiseBank } from '../../../src/data/noise-bank/noise-bank.js';
import type { BankTask } from '../../../src/data/noise-bank/task.js';
import { UserError } from '../../../src/errors.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { stubShards } from '../../helpers/corpora/shard-set.js';
import { normals } from '../../helpers/random-values.js';
import { powerOf } from '../../helpers/rows.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const rooms: BankTask[] = [0, 1].map((i) => ({
  make: 'simulated room',
  seed: `room ${i}`,
  taps: 3000,
  rt60Seconds: [0.2, 0.3],
}));
const generated: BankTask = { make: 'noise', seed: 'n', samples: 4000 };

test('a bank holds what it was made of, and is the same bytes again', async (t) => {
  const folder = temporaryFolder(t);
  const song = normals(1000, 'song', 0.1);
  writeWav16(join(folder, 'song.wav'), song, 16000);
  writeFileSync(join(folder, 'broken.wav'), 'no audio');
  writeFileSync(join(folder, 'empty.wav'), '');
  const read = (name: string): BankTask => ({ make: 'recording', path: join(folder, name) });
  const shards = await stubShards(t, [500, 90, 800]);
  const lines: string[] = [];
  const build = (dir: string, workers: number) =>
    buildNoiseBank({
      dir: join(folder, dir),
      rooms,
      taps: 3000,
      workers,
      log: (line) => lines.push(line),
      noises: { noise: [generated], speech: [], music: [read('broken.wav'), read('song.wav'), read('empty.wav')] },
      voices: { shards, utterances: [2, 1] },
    });
  const summary = await build('a', 2);
  t.deepEqual(summary, { noise: 1, speech: 2, music: 1, rooms: 2, skipped: 2, seconds: (25 + 5 + 1 + 6) / 100 });
  t.true(lines.some((line) => line.includes('broken.wav')) && lines.some((line) => line.includes('empty.wav')));

  const bank = openNoiseBank(join(folder, 'a'));
  t.deepEqual(bank.noises.kinds, {
    noise: { first: Int32Array.of(0), blocks: Int32Array.of(25) },
    speech: { first: Int32Array.of(25, 30), blocks: Int32Array.of(5, 1) },
    music: { first: Int32Array.of(31), blocks: Int32Array.of(6) },
  });
  const bytes = readFileSync(bank.noises.path);
  const pcm = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  t.is(pcm.length, 37 * 160);
  const music = pcm.subarray(31 * 160);
  t.true(music.every((value, i) => Math.abs(value - 32768 * song[i]) <= 1));
  t.is(pcm[30 * 160 + 90], pcm[30 * 160], 'an utterance shorter than a block is repeated');
  const raw = readFileSync(bank.rooms.path);
  const taps = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  t.is(taps.length, 6000);
  for (const room of [taps.subarray(0, 3000), taps.subarray(3000)]) t.true(Math.abs(powerOf(room) * 3000 - 1) < 1e-5);

  await build('b', 1);
  for (const file of ['noises.pcm', 'rooms.f32', 'bank.json'])
    t.deepEqual(readFileSync(join(folder, 'b', file)), readFileSync(join(folder, 'a', file)), file);
});

test('a bank that is not whole is refused, naming the file', async (t) => {
  const dir = join(temporaryFolder(t), 'bank');
  const refused = (pattern: RegExp) => {
    const error = t.throws(() => openNoiseBank(dir), { instanceOf: UserError });
    t.regex(error.message, pattern);
  };
  refused(/bank.json is missing/);
  const noises = { noise: [generated], speech: [], music: [] };
  await buildNoiseBank({ dir, rooms: rooms.slice(0, 1), taps: 3000, noises });
  t.notThrows(() => openNoiseBank(dir));
  truncateSync(join(dir, 'noises.pcm'), 7999);
  refused(/noises.pcm has 7999 bytes instead of 8000/);
  writeFileSync(join(dir, 'bank.json'), '{"format": 2}');
  refused(/bank.json is damaged or was written by another version/);
});

test('nothing usable is refused', async (t) => {
  const dir = temporaryFolder(t);
  const missing: BankTask = { make: 'recording', path: join(dir, 'none.wav') };
  const noises = { noise: [missing], speech: [], music: [] };
  const error = await t.throwsAsync(buildNoiseBank({ dir, rooms, taps: 3000, noises }), { instanceOf: UserError });
  t.regex(error.message, /no recording could be used/);
});

test('recordings come in whole blocks', (t) => {
  t.is(inBlocks(new Int16Array(500)).length, 480);
  t.is(inBlocks(new Int16Array(160)).length, 160);
  t.deepEqual([...inBlocks(Int16Array.of(1, 2, 3)).subarray(0, 5)], [1, 2, 3, 1, 2]);
});
