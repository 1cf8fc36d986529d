import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { featureDefinition } from '../../../src/audio/features/features.js';
import { frameClasses, misfit, readAlignment } from '../../../src/data/frame-labels/alignment-file.js';
import { openFrameLabels, writeFrameLabels } from '../../../src/data/frame-labels/frame-labels.js';
import { UserError } from '../../../src/errors.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('both kinds of alignment are read, comments apart, and frames get the phone over their middle', (t) => {
  const file = join(temporaryFolder(t), 'ali.ctm');
  writeFileSync(file, ';; made by hand\nu1 1 0.00 0.035 a 0.9\n\nu1 0.035 0.030 b\nu1 A 0.080 0.01 a\n');
  const phones = [...readAlignment(file)];
  t.deepEqual(
    phones.map(({ utterance, start, end, phone, line }) => [utterance, start, Math.round(1000 * end), phone, line]),
    [
      ['u1', 0, 35, 'a', 2],
      ['u1', 0.035, 65, 'b', 4],
      ['u1', 0.08, 90, 'a', 5],
    ],
  );
  const classes = new Map(Object.entries({ a: 0, b: 1 }));
  // Middles: 5, 15, 25, 35 (b begins there), 45, 55, 65 (b has ended), 75, 85, 95 ms.
  t.deepEqual([...frameClasses(phones, classes, { frames: 10, shiftMs: 10 })], [0, 0, 0, 1, 1, 1, -1, -1, 0, -1]);
});

test('lines that are no alignment, phones that overlap, and ends beyond the audio are told with their lines', (t) => {
  const file = join(temporaryFolder(t), 'ali.txt');
  const read = (text: string) => {
    writeFileSync(file, text);
    return [...readAlignment(file)];
  };
  for (const text of ['u1 0 0.1', 'u1 0 zero a', 'u1 -0.1 0.2 a', 'u1 1 0 0.1 a 1 2'])
    t.throws(() => read(`u1 0 0.1 a\n${text}\n`), {
      instanceOf: UserError,
      message: /ali\.txt:2: expected "UTTERANCE/,
    });
  const overlapping = read('u1 0 0.2 a\nu1 0.15 0.2 b\n');
  t.regex(misfit(overlapping, 1, 0)!, /lines 1 and 2: 'a' ends at 0\.2 s and 'b' begins at 0\.15 s/);
  const long = read('u1 0 0.2 a\nu1 0.2 0.9 b\n');
  t.regex(misfit(long, 1, 0.05)!, /line 2: 'b' of 'u1' ends at 1\.1 s, and its audio has 1 s/);
  t.deepEqual([misfit(long, 1, 0.1), misfit([], 1, 0)], [undefined, undefined]);
});

const features = featureDefinition.parse({});

test('crops get the labels of their place in the recording, and those of a repetition where it is short', async (t) => {
  const dir = temporaryFolder(t);
  const labelling = { kind: 'class' as const, names: ['a', 'b', 'c'], shiftMs: 10, offsetMs: 0 };
  const samples = Int32Array.of(16000, 4800);
  const rows = [100, 30].map((frames, i) => Int16Array.from({ length: frames }, (_, k) => (k + i) % 3));
  await writeFrameLabels(dir, labelling, rows);
  const { ofCrops, ofUtterance } = openFrameLabels(dir, labelling, samples);
  t.deepEqual([...ofUtterance(1)], [...rows[1]]);
  const start = 3205;
  const crops = { utterances: [0, 1], starts: [start, 0], samples: 8000, stored: false };
  const labels = ofCrops(crops, features);
  const frames = 48;
  t.is(labels.length, 2 * frames);
  for (let i = 0; i < frames; i++) {
    // Frames of 25 ms every 10 ms: the middle lies 12.5 ms behind the start.
    t.is(labels[i], rows[0][Math.floor((start / 16 + 10 * i + 12.5) / 10)]);
    t.is(labels[frames + i], rows[1][Math.floor(((10 * i + 12.5) % 300) / 10)]);
  }
  const stored = ofCrops({ ...crops, stored: true }, features);
  // Of stored features a crop begins with the frame in which it starts, and 28 frames are repeated.
  t.deepEqual(
    [0, 1, frames + 27, frames + 28].map((i) => stored[i]),
    [rows[0][21], rows[0][22], rows[1][28], rows[1][1]],
  );
});

test('distributions are kept for every frame, and an utterance without labels has none', async (t) => {
  const dir = temporaryFolder(t);
  const labelling = { kind: 'shares' as const, names: ['a', 'b'], shiftMs: 10, offsetMs: 2.5 };
  await writeFrameLabels(dir, labelling, [Float32Array.of(0.25, 0.75, 1, 0), new Float32Array(0)]);
  const { ofCrops } = openFrameLabels(dir, labelling, Int32Array.of(800, 800));
  const crops = { utterances: [0, 1], starts: [0, 0], samples: 720, stored: false };
  t.deepEqual([...ofCrops(crops, features)], [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  t.throws(() => openFrameLabels(dir, labelling, Int32Array.of(1)), {
    instanceOf: UserError,
    message: /labels of 2 utterances, not of 1/,
  });
  writeFileSync(join(dir, 'shares.f16'), 'x');
  t.throws(() => ofCrops(crops, features), {
    instanceOf: UserError,
    message: /has 1 bytes, not 8\. Delete it and run/,
  });
});
